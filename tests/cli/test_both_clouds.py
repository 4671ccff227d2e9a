"""From a checked data set to an answering model: the same commands on either cloud, only `--provider` differs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.datasets.files import chat, write

Run = Callable[..., Any]
CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])
BASE = "gpt-4.1-mini-2025-04-14"
SYSTEM = "Is the number even or odd? Answer with one of: even, odd"
POLICY = """version: 1
policies:
  - name: team
    match: {account: "*"}
    budget: {amount: 200 USD, period: month}
"""


@pytest.fixture
def data(tmp_path: Path) -> str:
    policies = tmp_path / "work" / "policies"
    policies.mkdir(parents=True, exist_ok=True)
    (policies / "team.yaml").write_text(POLICY)
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    rows = [chat(f"{word} {word}", ("even", "odd")[n % 2], SYSTEM) for n, word in enumerate(words)] * 3
    return str(write(tmp_path / "train.jsonl", rows))


def begin(sandbox: Sandbox, **settings: Any) -> None:
    """One account on each cloud, so that none has to be named."""
    sandbox.client.reset(start=BEGINNING, empty=True, **settings)
    sandbox.client.create_accounts([{"name": "aoai-one", "region": "eastus2"}])


def document(run: Run, *arguments: str, **given: Any) -> Any:
    return json.loads(run(*arguments, "-o", "json", **given).stdout)


def trained(run: Run, data: str, provider: str) -> str:
    """The fine-tuned model's name."""
    job = document(run, "finetune", "start", data, "--model", BASE, "--epochs", "5", "--provider", provider)["job"]
    return str(document(run, "finetune", "watch", job)["fine_tuned_model"])


@CLOUDS
def test_a_fine_tune_from_its_data_to_an_answer(run: Run, data: str, sandbox: Sandbox, provider: str) -> None:
    begin(sandbox, model_ready_seconds=240)
    assert document(run, "dataset", "check", data, "--model", BASE)["examples"] == 30
    document(run, "finetune", "estimate", data, "--model", BASE, "--provider", provider)
    model = trained(run, data, provider)
    made = document(run, "deployment", "create", "numbers", "--model", model, "--provider", provider)
    answer = document(run, "deployment", "call", made["id"], "seven seven")
    assert (answer["answer"], made["policies"]) == ("odd", ["team"])
    listed = document(run, "deployment", "list", "--no-usage")
    assert [f"{row['provider']}:{row['account']}/{row['name']}" for row in listed] == [made["id"]]
    hosted = provider == "azure"
    assert (made["created"], made["hourly"]["amount"]) == (hosted, "1.70" if hosted else "0.00")


def test_where_nothing_is_deployed_the_same_command_says_what_to_call(run: Run, data: str, sandbox: Sandbox) -> None:
    begin(sandbox)
    model = trained(run, data, "openai")
    said = run("deployment", "create", "numbers", "--model", model, "--provider", "openai").stdout
    assert f"Nothing to create: openai:proj_default/{model} can be called at once" in said
    assert "costs nothing while it is not used" in said
    assert [row["kind"] for row in document(run, "journal", "list")] == ["start-job"]


def test_a_model_that_nobody_trained_is_no_model_on_either_cloud(run: Run, data: str, sandbox: Sandbox) -> None:
    begin(sandbox)
    for provider, model in (("openai", f"ft:{BASE}:org:x:1"), ("azure", f"{BASE}.ft-{'0' * 32}-x")):
        before = sandbox.client.now()
        run("deployment", "create", "x", "--model", model, "--provider", provider, expect=1)
        assert (sandbox.client.now() - before).total_seconds() < 60  # not waited for


@CLOUDS
def test_a_model_that_is_not_ready_yet_is_waited_for_with_a_word(
    run: Run, data: str, sandbox: Sandbox, provider: str
) -> None:
    begin(sandbox, model_ready_seconds=600)
    job = document(run, "finetune", "start", data, "--model", BASE, "--epochs", "5", "--provider", provider)["job"]
    while (shown := document(run, "finetune", "show", job))["status"] != "succeeded":
        sandbox.client.advance(seconds=60)
    made = run("deployment", "create", "numbers", "--model", shown["fine_tuned_model"], "--provider", provider)
    assert "is not ready yet: the cloud may need some minutes" in made.stderr


@CLOUDS
def test_a_watch_lasts_until_the_model_can_be_used(run: Run, data: str, sandbox: Sandbox, provider: str) -> None:
    begin(sandbox, model_ready_seconds=300)
    job = document(run, "finetune", "start", data, "--model", BASE, "--epochs", "5", "--provider", provider)["job"]
    watched = run("finetune", "watch", job)
    assert "is not ready yet" in watched.stderr
    assert "Next: deployer deployment" in watched.stdout


@CLOUDS
def test_a_model_that_never_gets_ready_is_not_waited_for_without_end(
    run: Run, data: str, sandbox: Sandbox, provider: str
) -> None:
    begin(sandbox, model_ready_seconds=1e6)
    job = document(run, "finetune", "start", data, "--model", BASE, "--epochs", "5", "--provider", provider)["job"]
    watched = run("finetune", "watch", job)
    assert "is not ready 15 minutes after its job" in watched.stderr


@CLOUDS
def test_a_checkpoint_is_deployed_and_called_by_its_name(run: Run, data: str, sandbox: Sandbox, provider: str) -> None:
    begin(sandbox)
    trained(run, data, provider)
    [job] = document(run, "finetune", "list")
    first = document(run, "finetune", "show", job["id"])["checkpoints"][0]["model"]
    assert ":ckpt-step-" in first
    if provider == "azure":
        first = document(run, "deployment", "create", "early", "--model", first, "--provider", provider)["id"]
    assert document(run, "deployment", "call", first, "seven seven")["answer"] in ("even", "odd")


def test_a_checkpoint_is_deployed_by_its_job_and_step(run: Run, data: str, sandbox: Sandbox) -> None:
    begin(sandbox)
    tuned = trained(run, data, "azure")
    [job] = document(run, "finetune", "list")
    first = document(run, "finetune", "show", job["id"])["checkpoints"][0]
    step = str(first["step"])

    made = document(
        run, "deployment", "create", "early", "--model", job["id"], "--checkpoint", step, "--provider", "azure"
    )
    again = ("deployment", "create", "late", "--model", tuned, "--checkpoint", "99999", "--provider", "azure")
    refused = run(*again, expect=2).stderr

    assert made["model"] == first["model"]
    assert f"has no checkpoint at step 99999 (there are: {step}, " in refused
    unknown = run(
        "deployment", "create", "x", "--model", "ftjob-none", "--checkpoint", "1", "--provider", "azure", expect=2
    )
    assert "has no job ftjob-none" in unknown.stderr


def test_a_job_is_paused_and_resumed_by_name(run: Run, data: str, sandbox: Sandbox) -> None:
    begin(sandbox)
    job = document(run, "finetune", "start", data, "--model", BASE, "--epochs", "5", "--provider", "azure")["job"]
    while document(run, "finetune", "show", job)["status"] != "running":
        sandbox.client.advance(seconds=60)
    said = run("finetune", "pause", job, "--reason", "look first").stdout
    assert said == f"{job}: pausing; go on with `deployer finetune resume {job}`\n"
    watched = run("finetune", "watch", job, expect=1)
    assert f"Next: deployer finetune resume {job}" in watched.stderr
    assert run("finetune", "resume", job).stdout == f"{job}: resuming; follow it with `deployer finetune watch {job}`\n"
    run("finetune", "resume", job, expect=3)
    assert document(run, "finetune", "watch", job)["status"] == "succeeded"


@CLOUDS
@pytest.mark.parametrize(
    ("status", "exit_words"),
    [
        (401, ("401", "Next: ")),
        (403, ("403", "Next: ")),
        (404, ("404", "it may be undeployed: `deployer deployment list` shows what stands")),
        (423, ("is paused and answers no calls (423)", "pausing is not known to stop its hosting fee")),
        (429, ("429", "try again")),
    ],
)
def test_a_call_that_is_refused_says_why_and_what_to_do(
    run: Run, data: str, sandbox: Sandbox, provider: str, status: int, exit_words: tuple[str, str]
) -> None:
    begin(sandbox)
    model = trained(run, data, provider)
    made = document(run, "deployment", "create", "numbers", "--model", model, "--provider", provider)
    sandbox.client.advance(seconds=3600)
    sandbox.client.fault({"method": "POST", "path": "chat/completions", "kind": "status", "status": status})
    refused = run("deployment", "call", made["id"], "seven seven", expect=1).stderr
    assert [words for words in exit_words if words not in refused] == [], refused
    assert "Traceback" not in refused
