"""Answers of files, jobs, models, projects, usage and costs in other shapes, on both clouds, through the real client.

Fields are added, left out at random or written in lower case, as services do without a word. What the client then
says is the truth, or an error or a gap that says what is missing: never zero for unknown, idle for unread, or done.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from deployer.clock import Clock
from deployer.domain.cap import AccountCaps, Cap, CapKind
from deployer.domain.deployment import Account, Deployment
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.domain.period import Period
from deployer.domain.usage import UsageReading
from deployer.errors import DeployerError
from deployer.ports.cloud import Provider
from deployer.sandbox.process import Sandbox
from tests.conftest import BEGINNING, SandboxTestClock
from tests.datasets.files import even_or_not, write
from tests.providers.opening import BASE, open_provider

NEW = ("aaa_new", "zzzFuture", "status_v2", "Status", "nextLink2", "total", "deletedAt", "is_idle")
"""Names of fields that may come one day."""
_MEANT: dict[str, Any] = {
    "new": None,
    "nested": {"deep": [1, {"more": "x"}]},
    "zero": 0,
    "empty": "",
    "yes": True,
    "list": [],
}
ROUNDS = 12


@dataclass
class Stage:
    """One cloud on which a model was trained and called, a job runs, and everything was billed."""

    cloud: str
    sandbox: Sandbox
    clock: Clock
    provider: Provider
    account: Account
    done: Job
    running: Job
    tuned: Deployment
    data: Path

    @property
    def window(self) -> Period:
        now = self.clock.now().replace(minute=0, second=0, microsecond=0)
        return Period(now - timedelta(days=2), now)

    def fresh(self) -> Provider:
        """A client that remembers nothing."""
        return open_provider(self.cloud, self.sandbox, self.clock, retries=1)


@pytest.fixture(scope="module", params=["azure", "openai"])
def stage(
    request: pytest.FixtureRequest, running_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    cloud, sandbox = str(request.param), running_sandbox
    sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, empty=True, lro_polls=0)
    sandbox.client.create_accounts([{"name": "aoai-one", "region": "eastus2"}])
    clock = SandboxTestClock(sandbox.client)
    provider = open_provider(cloud, sandbox, clock, retries=1)
    account = provider.inventory.observe().accounts[0]
    data = write(tmp_path_factory.mktemp("data") / "train.jsonl", even_or_not())
    spec = JobSpec(account.name, BASE, provider.training.upload(account, data), hyperparameters=Hyperparameters(3))
    done = provider.training.start(account, spec)
    clock.sleep(2 * 3600)
    done = provider.training.job(account, done.id)
    name = done.fine_tuned_model
    if cloud == "azure":
        order = {"account": account.name, "name": "bot", "model": name, "sku": "Standard", "capacity": 1}
        sandbox.client.create_deployments([order])
        name = "bot"
    provider.deployments.call(account, name, "is 3 even?")
    clock.sleep(26 * 3600)
    file = provider.training.upload(account, data)
    running = provider.training.start(account, JobSpec(account.name, BASE, file, hyperparameters=Hyperparameters(3)))
    clock.sleep(1200)
    tuned = provider.inventory.read(account, name)
    assert tuned is not None
    running = provider.training.job(account, running.id)
    assert (done.status, running.status) == ("succeeded", "running")
    yield Stage(cloud, sandbox, clock, provider, account, done, running, tuned, data)
    sandbox.client.clear_faults()


@pytest.fixture(autouse=True)
def whole(running_sandbox: Sandbox) -> Iterator[None]:
    yield
    running_sandbox.client.clear_faults()


def shapes(seen: set[str], seed: str) -> Iterator[dict[str, Any]]:
    """Shapes of an answer with these keys: each key gone once, then random ones gone and random ones added."""
    yield {"lower": True}
    yield {"add": dict.fromkeys(NEW, _MEANT["nested"])}
    droppable = sorted(seen)
    for name in droppable:
        yield {"drop": [name]}
    random = Random(seed)  # noqa: S311 - shapes, not secrets
    for _ in range(ROUNDS):
        dropped = random.sample(droppable, min(len(droppable), random.randint(1, 4)))
        added = {name: random.choice(list(_MEANT.values())) for name in random.sample(NEW, 3)}
        yield {"drop": dropped, "add": added, "lower": random.random() < 0.5}


def keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return set().union(*map(keys, value)) if value else set()
    return set(value).union(*map(keys, value.values())) if isinstance(value, Mapping) else set()


def answered(stage: Stage, operation: str, ask: Callable[[Provider], object]) -> set[str]:
    """The keys of the answers of one operation, as they truly come."""
    stage.sandbox.client.record()
    ask(stage.fresh())
    found = [json.loads(one["answer"]) for one in stage.sandbox.client.recorded() if one["operation"] == operation]
    stage.sandbox.client.record(on=False)
    assert found, f"{operation} was not asked for"
    return set().union(*map(keys, found))


def play(stage: Stage, operation: str, ask: Callable[[Provider], Any]) -> Iterator[tuple[dict[str, Any], Any]]:
    """What the client makes of each shape: its value, or the error for people that it raised."""
    for shape in shapes(answered(stage, operation, ask), f"{stage.cloud} {operation}"):
        stage.sandbox.client.clear_faults()
        stage.sandbox.client.fault({"kind": "reshaped", "operation": operation, **shape})
        try:
            yield shape, ask(stage.fresh())
        except DeployerError as error:
            yield shape, error
    stage.sandbox.client.clear_faults()


def is_true_or_unknown(job: Job, true: Job) -> bool:
    """No figure but the true one, or none at all; no end that has not come."""
    return (
        job.status in (true.status, "unknown")
        and job.trained_tokens in (true.trained_tokens, None)
        and job.created_at in (true.created_at, None)
        and job.finished_at in (true.finished_at, None)
        and job.fine_tuned_model in (true.fine_tuned_model, "")
        and job.hyperparameters.epochs in (true.hyperparameters.epochs, None)
        and (not job.ended or true.ended)
    )


@pytest.mark.parametrize("name", ["done", "running"])
def test_a_job_is_as_it_is_or_unknown(stage: Stage, name: str) -> None:
    true: Job = getattr(stage, name)
    for shape, found in play(stage, f"{stage.cloud}.jobs.get", lambda it: it.training.job(stage.account, true.id)):
        assert isinstance(found, DeployerError) or is_true_or_unknown(found, true), shape
        assert not isinstance(found, DeployerError) or "id" in shape.get("drop", []), (shape, found)


def test_no_job_is_lost_from_a_list_without_a_word(stage: Stage) -> None:
    true = {job.id: job for job in stage.provider.training.jobs(stage.account)}
    for shape, found in play(stage, f"{stage.cloud}.jobs.list", lambda it: it.training.jobs(stage.account)):
        if isinstance(found, DeployerError):
            assert {"id", "data"} & set(shape["drop"]), (shape, found)
        else:
            assert [job.id for job in found] == list(true), shape
            assert all(is_true_or_unknown(job, true[job.id]) for job in found), shape


def test_events_keep_their_order_and_have_no_made_up_instant(stage: Stage) -> None:
    ask: Callable[[Provider], Any] = lambda it: it.training.events(stage.account, stage.done.id)  # noqa: E731
    true = ask(stage.provider)
    for shape, found in play(stage, f"{stage.cloud}.jobs.events", ask):
        if isinstance(found, DeployerError):
            assert "data" in shape["drop"], (shape, found)
            continue
        assert len(found) == len(true), shape
        assert {event.at for event in found} <= {event.at for event in true} | {None}, shape
        if not {"message", "created_at"} & set(shape.get("drop", [])):
            assert [event.message for event in found] == [event.message for event in true], shape


def test_checkpoints_have_their_step_or_none(stage: Stage) -> None:
    ask: Callable[[Provider], Any] = lambda it: it.training.checkpoints(stage.account, stage.done.id)  # noqa: E731
    true = ask(stage.provider)
    measured = {measure for one in true for measure in one.metrics.items()}
    for shape, found in play(stage, f"{stage.cloud}.jobs.checkpoints", ask):
        if isinstance(found, DeployerError):
            assert "data" in shape["drop"], (shape, found)
            continue
        assert len(found) == len(true), shape
        assert {one.step for one in found} <= {one.step for one in true} | {None}, shape
        known = {(name, value) for one in found for name, value in one.metrics.items() if name not in NEW}
        assert known <= measured, shape


@pytest.mark.parametrize("operation", ["files.create", "files.get"])
def test_a_file_is_uploaded_once_and_waited_for(stage: Stage, operation: str) -> None:
    ask: Callable[[Provider], Any] = lambda it: it.training.upload(stage.account, stage.data)  # noqa: E731
    for shape, found in play(stage, f"{stage.cloud}.{operation}", ask):
        if isinstance(found, DeployerError):
            assert "id" in shape["drop"], (shape, found)
        else:
            assert found.startswith("file-"), shape


def test_fine_tuned_models_are_listed_or_missing_with_a_word(stage: Stage) -> None:
    operation = {"azure": "deployments.list", "openai": "openai.models.list"}[stage.cloud]
    for shape, found in play(stage, operation, lambda it: it.inventory.observe()):
        listed = [one for one in found.deployments if one.name == stage.tuned.name]
        assert listed or found.gaps or not found.complete, shape
        assert all(one.created_at in (stage.tuned.created_at, None) for one in listed), shape


def test_accounts_are_listed_or_missing_with_a_word(stage: Stage) -> None:
    operation = {"azure": "graph.resources", "openai": "openai.projects.list"}[stage.cloud]
    for shape, found in play(stage, operation, lambda it: it.inventory.observe()):
        assert found.accounts or found.gaps or not found.complete, shape


def judged(stage: Stage, provider: Provider) -> tuple[UsageReading, bool | None]:
    observation = provider.usage.observe([stage.tuned], stage.window)
    alive = observation.aliveness.get(stage.account.resource_id.lower())
    return observation.readings[stage.tuned.id.key], alive.alive if alive else None


def test_a_model_that_was_used_is_never_read_as_idle(stage: Stage) -> None:
    operation = {"azure": "metrics.batch", "openai": "openai.usage.completions"}[stage.cloud]
    true, _ = judged(stage, stage.provider)
    assert true.last_activity is not None
    for shape, (reading, _) in play(stage, operation, lambda it: judged(stage, it)):
        if "total" in shape.get("drop", ()):  # so does Azure Monitor say that a grain has no number
            continue
        assert not reading.complete or reading.last_activity == true.last_activity, shape
        counted = {bucket.input_tokens for bucket in reading.buckets}
        assert counted <= {bucket.input_tokens for bucket in true.buckets} | {None}, shape


def test_a_bill_is_the_true_one_or_a_gap(stage: Stage) -> None:
    def ask(provider: Provider) -> Any:
        return provider.billing.billed([stage.account], stage.window)

    operation = {"azure": "costs.query", "openai": "openai.costs"}[stage.cloud]
    true = sum(bill.amount.amount for bill in ask(stage.provider)[0])
    assert true > 0
    for shape, (bills, gaps) in play(stage, operation, ask):
        assert gaps or sum(bill.amount.amount for bill in bills) == true, shape


@pytest.mark.parametrize("stage", ["openai"], indirect=True)
@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        (CapKind.SPEND_LIMIT, "spend_limit.get"),
        (CapKind.ALERT, "spend_alerts.list"),
        (CapKind.RATE_LIMIT, "rate_limits.list"),
        (CapKind.PERMISSIONS, "model_permissions.get"),
    ],
)
def test_caps_are_the_true_ones_or_unread(stage: Stage, kind: CapKind, operation: str) -> None:
    caps, hundred = stage.provider.caps, {"amount": "100.00", "currency": "USD"}
    assert caps is not None
    caps.set(stage.account, Cap(CapKind.SPEND_LIMIT, hundred))
    caps.set(stage.account, Cap(CapKind.PERMISSIONS, {"mode": "deny_list", "models": ["gpt-4o"]}))
    if not caps.read(stage.account).of(CapKind.ALERT):
        caps.set(stage.account, Cap(CapKind.ALERT, {**hundred, "recipients": ["a@example.com"], "subject_prefix": ""}))
    true = [(cap.key, (cap.value or {}).items()) for cap in caps.read(stage.account).of(kind)]

    def ask(provider: Provider) -> AccountCaps:
        assert provider.caps is not None
        return provider.caps.read(stage.account)

    for shape, found in play(stage, f"openai.{operation}", ask):
        assert kind not in found.unread or shape.get("drop"), shape
        for (key, facts), cap in zip(true, found.of(kind), strict=True) if kind not in found.unread else ():
            told = {name: value for name, value in (cap.value or {}).items() if name not in NEW}
            assert (cap.key, set(map(str, told.items())) <= set(map(str, facts))) == (key, True), shape
