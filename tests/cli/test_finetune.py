"""`deployer finetune` from outside, on the sandbox: words, documents, exit codes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.datasets.files import even_or_not, write

Run = Callable[..., Any]
AZURE = ("--provider", "azure", "--account", "aoai-dev-eastus2")
MODEL = ("--model", "gpt-4.1-mini-2025-04-14")
POLICY = """version: 1
policies:
  - name: team
    match: {{provider: azure}}
    budget: {{amount: {amount} USD, period: month}}
"""


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(write(tmp_path / "train.jsonl", even_or_not()))


@pytest.fixture
def policy(tmp_path: Path) -> Callable[[str], None]:
    """Put a monthly budget in force."""

    def put(amount: str) -> None:
        folder = tmp_path / "work" / "policies"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "team.yaml").write_text(POLICY.format(amount=amount))

    return put


@pytest.fixture
def residency(tmp_path: Path) -> Callable[[str], None]:
    """Put a policy in force that says how far data may go."""

    def put(level: str) -> None:
        folder = tmp_path / "work" / "policies"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "team.yaml").write_text(
            f"version: 1\npolicies:\n  - name: team\n    match: {{}}\n    residency: {level}\n"
        )

    return put


def started(run: Run, data: str, *more: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("finetune", "start", data, *MODEL, *AZURE, "-o", "json", *more).stdout)
    return document


def test_an_estimate_compares_clouds_and_tiers(run: Run, data: str) -> None:
    result = run("finetune", "estimate", data, "--model", "gpt-4.1-mini", "--epochs", "3")
    assert "20 examples" in result.stdout
    assert [line.split()[:2] for line in result.stdout.splitlines()[2:]] == [
        ["azure", "standard"],
        ["azure", "globalStandard"],
        ["azure", "developerTier"],
        ["openai", "-"],
    ]
    assert "2027-01-14" in result.stderr


def test_an_estimate_says_where_the_data_goes_and_how_long_it_is_kept(run: Run, data: str) -> None:
    place = ("--provider", "azure", "--account", "aoai-prod-swedencentral")
    document = json.loads(run("finetune", "estimate", data, *MODEL, *place, "-o", "json").stdout)
    assert [(row["tier"], row["processed"], row["refused"]) for row in document["tiers"]] == [
        ("standard", "swedencentral", None),
        ("globalStandard", "any region, no residency", None),
        ("developerTier", "any region, no residency", None),
    ]
    told = run("finetune", "estimate", data, *MODEL).stderr
    assert "API data is not trained on by default; abuse-monitoring logs are kept for up to 30 days" in told


def test_a_tier_that_gives_no_residency_is_refused_by_estimate_and_start(
    run: Run, data: str, residency: Callable[[str], None]
) -> None:
    residency("zone")
    wanted = ("--tier", "globalStandard")
    result = run("finetune", "estimate", data, *MODEL, *AZURE, *wanted, "-o", "json", expect=3)
    refused = [row["tier"] for row in json.loads(result.stdout)["tiers"] if row["refused"]]
    assert refused == ["globalStandard", "developerTier"]
    assert "policy team: globalStandard gives no residency, and residency zone is asked for" in result.stderr
    assert "--tier standard keeps it" in result.stderr
    assert (
        "globalStandard gives no residency" in run("finetune", "start", data, *MODEL, *AZURE, *wanted, expect=3).stderr
    )
    assert json.loads(run("finetune", "list", "-o", "json").stdout) == []


def test_a_tier_that_keeps_residency_is_priced_and_started(
    run: Run, data: str, residency: Callable[[str], None]
) -> None:
    residency("region")
    result = run("finetune", "estimate", data, *MODEL, *AZURE)
    assert "globalStandard is refused" in result.stderr
    assert started(run, data)["job"]


def test_openai_keeps_no_residency(run: Run, data: str, residency: Callable[[str], None]) -> None:
    residency("zone")
    result = run("finetune", "start", data, *MODEL, "--provider", "openai", expect=3)
    assert "OpenAI gives no residency, and residency zone is asked for" in result.stderr


def test_an_estimate_for_an_account_has_its_regions_prices(run: Run, data: str) -> None:
    place = ("--provider", "azure", "--account", "aoai-prod-swedencentral")
    document = json.loads(run("finetune", "estimate", data, *MODEL, *place, "-o", "json").stdout)
    assert (document["region"], document["tiers"][0]["price_per_million"]) == ("swedencentral", "6.05")


def test_an_unknown_price_is_said_and_is_not_zero(run: Run, data: str) -> None:
    result = run("finetune", "estimate", data, "--model", "grand-model-9", "--provider", "azure")
    assert "no price known for training of fine-tuned grand-model-9" in result.stderr
    assert [line.split()[2] for line in result.stdout.splitlines()[2:]] == ["unknown"] * 3


def test_a_job_is_started_watched_and_listed_with_its_cost(
    run: Run, data: str, policy: Callable[[str], None], sandbox: Sandbox
) -> None:
    policy("10")
    job = started(run, data, "--epochs", "3", "--suffix", "even")["job"]
    sandbox.client.advance(seconds=7200)
    lines = run("finetune", "watch", job).stdout.splitlines()
    assert any("training loss=" in line for line in lines)
    assert lines[-1].startswith("Next: deployer deployment create NAME --account aoai-dev-eastus2 --model gpt-4.1-mini")
    [row] = json.loads(run("finetune", "list", "-o", "json").stdout)
    assert (row["id"], row["status"]) == (job, "succeeded")
    assert row["cost"]["low"] == row["cost"]["high"] == {"amount": "0.0055", "currency": "USD"}
    document = json.loads(run("finetune", "show", job, "-o", "json").stdout)
    assert [each["step"] for each in document["checkpoints"]] == [20, 40, 60]
    assert document["metrics"]["steps"] == 60


def test_the_account_says_which_cloud_is_meant(run: Run, data: str) -> None:
    order = ("finetune", "estimate", data, "--model", "gpt-4.1-mini", "-o", "json", "--account")
    documents = [json.loads(run(*order, account).stdout) for account in ("aoai-dev-eastus2", "proj_default")]
    clouds = [{tier["provider"] for tier in document["tiers"]} for document in documents]
    assert clouds == [{"azure"}, {"openai"}]
    assert "several clouds are configured" in run(*order, "nowhere", expect=2).stderr


def test_starting_and_watching_at_once_is_one_document(
    run: Run, data: str, policy: Callable[[str], None], sandbox: Sandbox
) -> None:
    policy("10")
    document = started(run, data, "--epochs", "3", "--watch")
    assert (document["status"], document["act"]) == ("succeeded", 1)
    assert document["events"][-1]["message"].startswith("Training tokens billed")


def test_over_budget_is_exit_3_with_the_arithmetic_and_nothing_is_created(
    run: Run, data: str, policy: Callable[[str], None]
) -> None:
    policy("0.001")
    result = run("finetune", "start", data, *MODEL, *AZURE, expect=3)
    assert "policy team: spent $0.00 + reserved $0.00 + this" in result.stderr
    assert "--over-budget" in result.stderr
    assert json.loads(run("finetune", "list", "-o", "json").stdout) == []


def test_over_budget_with_a_reason_is_exit_0(run: Run, data: str, policy: Callable[[str], None]) -> None:
    policy("0.001")
    run("finetune", "start", data, *MODEL, *AZURE, "--over-budget", "agreed")


def test_bad_data_is_exit_4_with_every_line(run: Run, tmp_path: Path, policy: Callable[[str], None]) -> None:
    policy("10")
    bad = write(tmp_path / "bad.jsonl", [{}, {"messages": []}])
    result = run("finetune", "start", str(bad), *MODEL, *AZURE, expect=4)
    assert f"{bad}:1:" in result.stderr
    assert f"{bad}:2:" in result.stderr


@pytest.mark.parametrize(
    "wrong",
    [
        ["--epochs", "many"],
        ["--epochs", "51"],
        ["--batch-size", "0"],
        ["--learning-rate", "-1"],
        ["--tier", "gold"],
        ["--account", "nowhere"],
        ["--provider", "acme"],
    ],
)
def test_a_wrong_argument_is_exit_2_without_a_traceback(
    run: Run, data: str, policy: Callable[[str], None], wrong: list[str]
) -> None:
    policy("10")
    result = run("finetune", "start", data, *MODEL, *AZURE, *wrong, expect=2)
    assert "Traceback" not in result.stderr


def test_a_job_that_is_not_known_is_exit_1(run: Run) -> None:
    assert "ftjob-nowhere" in run("finetune", "show", "ftjob-nowhere", expect=1).stderr


def test_a_cancelled_job_is_told_with_its_cost(run: Run, data: str, policy: Callable[[str], None]) -> None:
    policy("10")
    job = started(run, data)["job"]
    assert run("finetune", "cancel", job, "--reason", "wrong data").stdout == f"{job}: cancelled, cost $0.00\n"
    run("finetune", "cancel", job, expect=3)


def test_an_account_that_cannot_be_read_is_exit_5(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"path": "aoai-dev-eastus2/.*fine_tuning/jobs", "kind": "status", "status": 403})
    result = run("finetune", "list", "-o", "json", expect=5)
    assert json.loads(result.stdout) == []
    assert "Not observed" in result.stderr


def test_no_account_that_can_be_read_is_exit_1_and_no_list(run: Run, sandbox: Sandbox) -> None:
    sandbox.client.fault({"method": "GET", "path": "fine_tuning/jobs", "kind": "status", "status": 403})
    result = run("finetune", "list", "-o", "json", expect=1)
    assert result.stdout == ""
    assert "no fine-tunes could be listed" in result.stderr


def test_a_failed_job_ends_the_watch_with_exit_1(
    run: Run, tmp_path: Path, policy: Callable[[str], None], sandbox: Sandbox, data: str
) -> None:
    policy("10")
    job = started(run, data)["job"]
    run("finetune", "cancel", job)
    assert "cancelled" in run("finetune", "watch", job, expect=1).stderr


def test_where_openai_closes_azure_is_offered_with_its_prices(run: Run, data: str, sandbox: Sandbox) -> None:
    sandbox.client.reset(seed=0, start=sandbox.client.now(), frozen=True, training_available=False)
    result = run("finetune", "estimate", data, *MODEL, "--provider", "openai")
    assert [line.split()[:2] for line in result.stdout.splitlines()[2:]] == [
        ["openai", "-"],
        ["azure", "standard"],
        ["azure", "globalStandard"],
        ["azure", "developerTier"],
    ]
    assert "this job cannot be created: OpenAI takes no fine-tunes from this organisation" in result.stderr
    refused = run("finetune", "start", data, *MODEL, "--provider", "openai", expect=3)
    assert "Next: fine-tune on Azure OpenAI with --provider azure (standard" in refused.stderr


def test_an_estimate_tells_programs_whether_and_until_when(run: Run, data: str) -> None:
    document = json.loads(run("finetune", "estimate", data, *MODEL, "--provider", "openai", "-o", "json").stdout)
    ending = document["endings"]["openai"]
    assert (ending["can_start"], ending["obstacle"], ending["fine_tune_until"]) == (True, None, "2027-01-14")
    assert ending["new_jobs_until"] == "2027-01-06"
    assert [row["tier"] for row in document["azure_instead"]] == ["standard", "globalStandard", "developerTier"]


@pytest.mark.parametrize("place", [AZURE, ("--provider", "openai")])
def test_a_status_that_nobody_knows_is_shown_as_it_is_and_waited_for(
    run: Run, data: str, sandbox: Sandbox, place: tuple[str, ...]
) -> None:
    job = json.loads(run("finetune", "start", data, *MODEL, *place, "-o", "json").stdout)["job"]
    strange = {"id": job, "status": "preempted_by_moonlight", "model": MODEL[1], "created_at": 1788220800, "mood": 1}
    fault = {"kind": "status", "status": 200, "operation": f"{place[1]}.jobs.get", "body": strange}
    sandbox.client.fault({**fault, "times": 1})
    assert "preempted_by_moonlight" in run("finetune", "show", job, *place).stdout
    sandbox.client.fault({**fault, "times": 3})
    watched = json.loads(run("finetune", "watch", job, *place, "-o", "json").stdout)
    assert watched["status"] == "succeeded"
    listed = {"object": "list", "data": [strange], "has_more": False}
    sandbox.client.fault({**fault, "operation": f"{place[1]}.jobs.list", "body": listed})
    assert "preempted_by_moonlight" in run("finetune", "list", *place).stdout
    sandbox.client.clear_faults()
    sandbox.client.fault({**fault, "body": {name: value for name, value in strange.items() if name != "status"}})
    assert "unknown" in run("finetune", "show", job, *place).stdout


def test_an_estimate_by_a_short_name_has_the_dates_of_the_vendors_list(run: Run, data: str) -> None:
    document = json.loads(
        run("finetune", "estimate", data, "--model", "gpt-4.1-mini", "--provider", "openai", "-o", "json").stdout
    )
    assert document["endings"]["openai"]["source"].startswith("OpenAI, list of models, asked 2026-09-01; ")
