"""Each method of training from its data to an answer, by console commands that differ in `--provider` alone."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING
from tests.datasets.files import chat, write

Run = Callable[..., Any]
CLOUDS = pytest.mark.parametrize("provider", ["azure", "openai"])
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SYSTEM = "Is the number even or odd? Answer with one of: even, odd"
POLICY = """version: 1
policies:
  - name: team
    match: {account: "*"}
    budget: {amount: 1000 USD, period: month}
"""
GRADER = {
    "type": "string_check",
    "name": "right",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}


@dataclass(frozen=True)
class Lesson:
    """What is trained and how: the words that `check`, `estimate` and `start` have in common."""

    method: str
    file: str
    options: tuple[str, ...]


def rows(method: str, first: int, count: int) -> Iterator[dict[str, Any]]:
    for number in range(first, first + count):
        question, answers = f"{WORDS[number % 10]} {WORDS[number % 10]} {number}", ["even", "odd"]
        right, wrong = answers[number % 2], answers[1 - number % 2]
        asked = [{"role": "developer", "content": SYSTEM}, {"role": "user", "content": question}]
        if method == "dpo":
            yield {
                "input": {"messages": asked},
                "preferred_output": [{"role": "assistant", "content": right}],
                "non_preferred_output": [{"role": "assistant", "content": wrong}],
            }
        elif method == "reinforcement":
            yield {"messages": asked, "answer": right}
        else:
            yield chat(question, right, SYSTEM)


@pytest.fixture
def lesson(request: pytest.FixtureRequest, tmp_path: Path, sandbox: Sandbox) -> Lesson:
    sandbox.client.reset(start=BEGINNING, empty=True)
    sandbox.client.create_accounts([{"name": "aoai-one", "region": "eastus2"}])
    policies = tmp_path / "work" / "policies"
    policies.mkdir(parents=True, exist_ok=True)
    (policies / "team.yaml").write_text(POLICY)
    method = str(request.param)
    grader = tmp_path / "grader.json"
    grader.write_text(json.dumps(GRADER))
    training = write(tmp_path / "train.jsonl", list(rows(method, 0, 30)))
    validation = write(tmp_path / "valid.jsonl", list(rows(method, 100, 10)))
    model = "o4-mini-2025-04-16" if method == "reinforcement" else "gpt-4.1-mini-2025-04-14"
    options: tuple[str, ...] = ("--model", model, "--validation", str(validation), "--method", method)
    options += ("--grader", str(grader)) if method == "reinforcement" else ()
    return Lesson(method, str(training), options)


ALL = pytest.mark.parametrize("lesson", ["supervised", "dpo", "reinforcement"], indirect=True)
PAUSABLE = pytest.mark.parametrize("lesson", ["supervised", "reinforcement"], indirect=True)
REINFORCED = pytest.mark.parametrize("lesson", ["reinforcement"], indirect=True)


def document(run: Run, *arguments: str, **given: Any) -> Any:
    return json.loads(run(*arguments, "-o", "json", **given).stdout)


def begun(run: Run, lesson: Lesson, provider: str, *more: str) -> str:
    bounded = ("--max-hours", "3") if lesson.method == "reinforcement" else ()
    arguments = ("finetune", "start", lesson.file, *lesson.options, *bounded, *more, "--provider", provider)
    return str(document(run, *arguments)["job"])


def running(run: Run, sandbox: Sandbox, job: str, provider: str) -> None:
    while document(run, "finetune", "show", job, "--provider", provider)["status"] != "running":
        sandbox.client.advance(seconds=60)


@CLOUDS
@ALL
def test_from_a_checked_data_set_to_a_deployed_answering_model(
    run: Run, sandbox: Sandbox, lesson: Lesson, provider: str
) -> None:
    place = ("--provider", provider)
    checked = document(run, "dataset", "check", lesson.file, *lesson.options)
    assert (checked["ok"], checked["method"], checked["examples"]) == (True, lesson.method, 30)
    estimated = document(run, "finetune", "estimate", lesson.file, *lesson.options, *place)
    assert (estimated["method"], estimated["tiers"][0]["provider"]) == (lesson.method, provider)
    job = begun(run, lesson, provider)
    assert [row["id"] for row in document(run, "finetune", "list", *place)] == [job]
    running(run, sandbox, job, provider)
    ended = document(run, "finetune", "watch", job, *place)
    assert ended["status"] == "succeeded"
    shown = document(run, "finetune", "show", job, *place)
    assert (shown["method"], shown["fine_tuned_model"]) == (lesson.method, ended["fine_tuned_model"])
    assert len(shown["checkpoints"]) == 3
    assert shown["events"] == ended["events"]
    made = document(run, "deployment", "create", "numbers", "--model", shown["fine_tuned_model"], *place)
    assert document(run, "deployment", "call", made["id"], "seven seven 7")["answer"] == "odd"
    [row] = document(run, "deployment", "list")
    assert f"{row['provider']}:{row['account']}/{row['name']}" == made["id"]


@CLOUDS
@PAUSABLE
def test_a_job_is_paused_resumed_and_cancelled_by_the_same_commands(
    run: Run, sandbox: Sandbox, lesson: Lesson, provider: str
) -> None:
    place = ("--provider", provider)
    job = begun(run, lesson, provider)
    running(run, sandbox, job, provider)
    said = run("finetune", "pause", job, *place, "--reason", "look first").stdout
    assert said.endswith(f"; go on with `deployer finetune resume {job}`\n")
    watched = run("finetune", "watch", job, *place, expect=1)
    assert f"Next: deployer finetune resume {job}" in watched.stderr
    assert run("finetune", "resume", job, *place).stdout.endswith(f"follow it with `deployer finetune watch {job}`\n")
    run("finetune", "resume", job, *place, expect=3)
    sandbox.client.advance(seconds=120)
    said = run("finetune", "cancel", job, *place, "--reason", "wrong data").stdout
    assert said.startswith(f"{job}: cancelled, cost at most $")
    run("finetune", "cancel", job, *place, expect=3)
    [row] = document(run, "finetune", "list", *place)
    assert row["status"] == "cancelled"
    assert row["cost"]["low"]["amount"] == "0.00" != row["cost"]["high"]["amount"]
    kinds = [act["kind"] for act in document(run, "journal", "list")]
    assert kinds == ["cancel-job", "resume-job", "pause-job", "start-job"]


@CLOUDS
@ALL
def test_a_job_is_shown_to_people_with_its_method_checkpoints_and_last_events(
    run: Run, sandbox: Sandbox, lesson: Lesson, provider: str
) -> None:
    job = begun(run, lesson, provider)
    sandbox.client.advance(seconds=3 * 3600)
    lines = run("finetune", "show", job).stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines[: lines.index("")])
    assert (facts["method"], facts["status"]) == (lesson.method, "succeeded")
    head = next(line for line in lines if line.startswith("STEP"))
    assert ("REWARD" in head) == (lesson.method == "reinforcement")
    assert "2026-09-01" in lines[-1]


@CLOUDS
@REINFORCED
def test_reinforcement_is_priced_by_the_hour(run: Run, lesson: Lesson, provider: str) -> None:
    place = ("--provider", provider)
    result = run("finetune", "estimate", lesson.file, *lesson.options, *place, "--max-hours", "2")
    assert "billed by the hour of training" in result.stdout.splitlines()[0]
    assert "$/H OF TRAINING" in result.stdout
    assert "it is paused after 2 hours of training, at most an hour late" in result.stderr
    first = result.stdout.splitlines()[2]
    assert {"azure": "at most $330.00", "openai": "at most $300.00"}[provider] in first
    started = run("finetune", "start", lesson.file, *lesson.options, *place, "--max-hours", "2").stdout
    assert {"azure": "$110.00 an hour of training, at most $330.00"}.get(provider, "at most $300.00") in started
    over = run("finetune", "start", lesson.file, *lesson.options, *place, "--max-hours", "9", expect=3)
    assert "is over 1,000.00 USD a month" in over.stderr


@REINFORCED
def test_openai_bounds_no_reinforcement_job_and_azure_does(run: Run, lesson: Lesson) -> None:
    shown = run("finetune", "estimate", lesson.file, *lesson.options)
    assert "at most $5,000.00" in shown.stdout
    assert "no price known for a reinforcement job of o4-mini at $100.00 an hour for hours that nothing" in shown.stderr
    refused = run("finetune", "start", lesson.file, *lesson.options, "--provider", "openai", expect=3)
    assert "--max-hours N pauses it after N hours of training" in refused.stderr


@pytest.mark.parametrize(
    ("lesson", "wrong", "code", "words"),
    [
        ("supervised", ["--method", "dpo"], 4, "30 chat rows, which supervised training takes"),
        ("supervised", ["--max-hours", "2"], 2, "--max-hours is for reinforcement"),
        ("dpo", ["--method", "magic"], 2, "'magic' is not one of"),
        ("dpo", ["--beta", "3"], 2, "--beta"),
        ("dpo", ["--model", "o4-mini"], 3, "o4-mini is not trained by dpo but by reinforcement"),
        ("reinforcement", ["--grader", "nowhere.json"], 2, "cannot read the grader nowhere.json"),
        ("reinforcement", ["--model", "gpt-4.1"], 3, "gpt-4.1 is not trained by reinforcement"),
        ("reinforcement", ["--max-hours", "0"], 2, "--max-hours"),
        ("reinforcement", ["--reasoning-effort", "extreme"], 2, "--reasoning-effort"),
    ],
    indirect=["lesson"],
)
@CLOUDS
def test_what_does_not_go_together_is_said_before_anything_is_sent(
    run: Run, sandbox: Sandbox, lesson: Lesson, provider: str, wrong: list[str], code: int, words: str
) -> None:
    place = ("--provider", provider)
    result = run("finetune", "start", lesson.file, *lesson.options, *wrong, *place, expect=code)
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    created = [name for name in sandbox.client.requests()["by_operation"] if name.endswith("files.create")]
    assert created == []


@REINFORCED
def test_what_azure_pauses_by_itself_is_said_with_its_reason(run: Run, sandbox: Sandbox, lesson: Lesson) -> None:
    sandbox.client.reset(start=BEGINNING, empty=True, reinforcement_hours=60)
    sandbox.client.create_accounts([{"name": "aoai-one", "region": "eastus2"}])
    place = ("--provider", "azure", "--over-budget", "agreed")
    job = document(run, "finetune", "start", lesson.file, *lesson.options, *place)["job"]
    sandbox.client.advance(seconds=3 * 86_400)
    watched = run("finetune", "watch", job, expect=1)
    assert f"{job} paused" in watched.stderr
    assert "Azure pauses a reinforcement job by itself at $5,000.00" in watched.stderr
    assert "nothing stops it again" in run("finetune", "resume", job).stderr
