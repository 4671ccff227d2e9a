"""Reinforcement in the sandbox, asked for by the unmodified openai SDK: refused, billed and paused as vendors do."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openai
import pytest
from openai import OpenAI

from deployer.sandbox.process import Sandbox
from tests.sandbox.openai_wire import open_client

CLOUDS = pytest.mark.parametrize("cloud", ["azure", "openai"])
MODEL = "o4-mini-2025-04-16"
GRADER = {
    "type": "string_check",
    "name": "right",
    "input": "{{sample.output_text}}",
    "reference": "{{item.answer}}",
    "operation": "eq",
}
MULTI = {"type": "multi", "name": "both", "graders": {"right": GRADER}, "calculate_output": "1.0 * right"}


@pytest.fixture
def client(sandbox: Sandbox, cloud: str) -> Iterator[OpenAI]:
    with open_client(cloud, sandbox) as opened:
        yield opened


def upload(client: OpenAI, sandbox: Sandbox, **beside: Any) -> str:
    rows = [
        {"messages": [{"role": "user", "content": f"is {n} odd?"}], "answer": ("no", "yes")[n % 2], **beside}
        for n in range(20)
    ]
    content = "\n".join(json.dumps(row) for row in rows).encode()
    file = client.files.create(file=("prompts.jsonl", content), purpose="fine-tune")
    sandbox.client.advance(seconds=30)
    return file.id


def order(client: OpenAI, sandbox: Sandbox, grader: Any = GRADER, **more: Any) -> dict[str, Any]:
    file = upload(client, sandbox)
    method = {"type": "reinforcement", "reinforcement": {"grader": grader, "hyperparameters": {"n_epochs": 2}}}
    return {"model": MODEL, "training_file": file, "validation_file": file, "method": method} | more


def refused(client: OpenAI, given: dict[str, Any]) -> str:
    with pytest.raises(openai.BadRequestError) as error:
        client.fine_tuning.jobs.create(**given)
    return str(error.value)


@CLOUDS
@pytest.mark.parametrize("grader", [GRADER, MULTI])
def test_a_job_learns_from_its_grader_and_shows_its_rewards(client: OpenAI, sandbox: Sandbox, grader: Any) -> None:
    job = client.fine_tuning.jobs.create(**order(client, sandbox, grader))
    sandbox.client.advance(seconds=3 * 3600)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert (job.status, job.method.type if job.method else "") == ("succeeded", "reinforcement")
    assert job.to_dict(warnings=False)["method"]["reinforcement"]["grader"] == grader  # type: ignore[index]
    step = next(event for event in client.fine_tuning.jobs.list_events(job.id) if event.type == "metrics")
    assert {"step", "train_mean_reward"} <= set(step.to_dict()["data"])  # type: ignore[call-overload]
    result = client.files.content(job.result_files[0]).read().decode()
    assert result.startswith("step,train_mean_reward,valid_mean_reward,full_valid_mean_reward\n1,")


@CLOUDS
def test_it_is_billed_by_the_hour_of_training_to_the_hundredth(client: OpenAI, sandbox: Sandbox) -> None:
    client.fine_tuning.jobs.create(**order(client, sandbox))
    sandbox.client.advance(seconds=3 * 3600)
    [line] = sandbox.client.invoice()["lines"]
    assert (line["meter"], line["quantity"], line["unit"]) == ("training-hours", "1.5", "1 Hour")


@CLOUDS
def test_a_job_that_was_cancelled_is_billed_for_what_it_trained(client: OpenAI, sandbox: Sandbox) -> None:
    job = client.fine_tuning.jobs.create(**order(client, sandbox))
    while client.fine_tuning.jobs.retrieve(job.id).status != "running":
        sandbox.client.advance(seconds=60)
    sandbox.client.advance(seconds=1800)
    client.fine_tuning.jobs.cancel(job.id)
    [line] = sandbox.client.invoice()["lines"]
    assert Decimal("0.5") <= Decimal(line["quantity"]) <= Decimal("0.52")


@CLOUDS
@pytest.mark.parametrize(
    ("grader", "field"),
    [
        (None, "grader"),
        ({"type": "magic"}, "grader.type"),
        ({**GRADER, "operation": "equals"}, "grader.operation"),
        ({name: value for name, value in GRADER.items() if name != "reference"}, "grader.reference"),
        ({**MULTI, "graders": [GRADER]}, "grader.graders"),
        ({**MULTI, "graders": {"right": {"type": "python", "name": "x"}}}, "grader.graders.right.source"),
    ],
)
def test_a_grader_that_is_none_is_refused_with_its_place(
    client: OpenAI, sandbox: Sandbox, grader: Any, field: str
) -> None:
    assert field in refused(client, order(client, sandbox, grader))


@CLOUDS
@pytest.mark.parametrize(
    ("model", "method"), [("gpt-4.1-mini-2025-04-14", "reinforcement"), (MODEL, "supervised"), (MODEL, "dpo")]
)
def test_a_model_is_trained_by_its_own_methods_only(client: OpenAI, sandbox: Sandbox, model: str, method: str) -> None:
    details = {"grader": GRADER} if method == "reinforcement" else {}
    said = refused(client, order(client, sandbox, model=model, method={"type": method, method: details}))
    assert model in said


@pytest.mark.parametrize("cloud", ["azure"])
def test_azure_wants_validation_data(client: OpenAI, sandbox: Sandbox) -> None:
    given = order(client, sandbox)
    del given["validation_file"]
    assert "validation file is required" in refused(client, given)


@CLOUDS
def test_a_prompt_without_what_the_grader_reads_fails_the_job(client: OpenAI, sandbox: Sandbox) -> None:
    other = {**GRADER, "reference": "{{item.solution}}"}
    job = client.fine_tuning.jobs.create(**order(client, sandbox, other))
    sandbox.client.advance(seconds=3600)
    job = client.fine_tuning.jobs.retrieve(job.id)
    assert job.status == "failed"
    assert '"solution"' in str(job.error.message if job.error else "")
    assert sandbox.client.invoice()["lines"] == []


@pytest.mark.parametrize("cloud", ["azure"])
def test_azure_pauses_a_job_at_5000_dollars_once(client: OpenAI, sandbox: Sandbox, cloud: str) -> None:
    sandbox.client.reset(reinforcement_hours=60)
    with open_client(cloud, sandbox) as fresh:
        job = fresh.fine_tuning.jobs.create(**order(fresh, sandbox))
        sandbox.client.advance(seconds=44 * 3600)
        assert fresh.fine_tuning.jobs.retrieve(job.id).status == "running"
        sandbox.client.advance(seconds=3 * 86_400)
        assert str(fresh.fine_tuning.jobs.retrieve(job.id).status) == "paused"
        fresh.fine_tuning.jobs.resume(job.id)
        sandbox.client.advance(seconds=24 * 3600)
        assert fresh.fine_tuning.jobs.retrieve(job.id).status == "succeeded"
    assert sandbox.client.invoice()["total"] == "6600.00"


@pytest.mark.parametrize("cloud", ["openai"])
def test_openai_pauses_nothing_by_itself(client: OpenAI, sandbox: Sandbox, cloud: str) -> None:
    sandbox.client.reset(reinforcement_hours=60)
    with open_client(cloud, sandbox) as fresh:
        job = fresh.fine_tuning.jobs.create(**order(fresh, sandbox))
        sandbox.client.advance(seconds=61 * 3600)
        assert fresh.fine_tuning.jobs.retrieve(job.id).status == "succeeded"


@CLOUDS
def test_what_only_reinforcement_has_is_kept_and_bounded(client: OpenAI, sandbox: Sandbox) -> None:
    own = {"reasoning_effort": "high", "compute_multiplier": 1.5, "eval_interval": 5, "eval_samples": 2}
    method: dict[str, Any] = {"type": "reinforcement", "reinforcement": {"grader": GRADER, "hyperparameters": own}}
    job = client.fine_tuning.jobs.create(**order(client, sandbox, method=method))
    shown: Any = job.to_dict()
    assert own.items() <= shown["method"]["reinforcement"]["hyperparameters"].items()
    method["reinforcement"]["hyperparameters"] = {"compute_multiplier": 11}
    assert "compute_multiplier" in refused(client, order(client, sandbox, method=method))


@pytest.mark.parametrize("cloud", ["openai"])
def test_its_hours_are_a_line_of_the_costs(client: OpenAI, sandbox: Sandbox) -> None:
    client.fine_tuning.jobs.create(**order(client, sandbox))
    sandbox.client.advance(seconds=3 * 3600)
    now = int(sandbox.client.now().timestamp())
    admin = client.with_options(admin_api_key=sandbox.env["OPENAI_ADMIN_KEY"])
    page: Any = admin.admin.organization.usage.costs(start_time=now - now % 86_400, group_by=["line_item"])
    [row] = page.to_dict()["data"][0]["results"]
    figures = (row["line_item"], row["amount"]["value"], row["quantity"])
    assert figures == ("o4-mini, fine-tuning training hours", 150.0, 1.5)


@CLOUDS
def test_a_grader_is_validated_without_a_job(client: OpenAI, sandbox: Sandbox) -> None:
    given: Any = GRADER
    wrong: Any = {**GRADER, "operation": "equals"}
    assert client.fine_tuning.alpha.graders.validate(grader=given).to_dict()["grader"] == GRADER
    with pytest.raises(openai.BadRequestError, match=r"grader\.operation"):
        client.fine_tuning.alpha.graders.validate(grader=wrong)
