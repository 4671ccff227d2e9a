"""Everything that our client does with a cloud, once, against the sandbox, for the record.

The record shows what really goes over the wire, below the SDKs; nothing here asserts.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from deployer.clock import Clock
from deployer.domain.cap import AccountCaps, Cap, CapKind
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters, Job, JobSpec
from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.guard.restoration import cleaned
from deployer.ports.cloud import Caps, Connection, DeploymentRequest, Provider, ProviderPlugin
from deployer.providers import azure, openai
from deployer.sandbox.process import Sandbox
from tests.datasets.files import even_or_not, write
from tests.sandbox.azure_wire import DEV, TUNED

BASE = "gpt-4.1-mini-2025-04-14"
DAY = timedelta(days=1)
REASONING = "o4-mini-2025-04-16"
_ANSWER, _TRUE = "{{sample.output_text}}", "{{item.answer}}"
GRADERS: tuple[dict[str, Any], ...] = (
    {"type": "text_similarity", "name": "near", "input": _ANSWER, "reference": _TRUE, "evaluation_metric": "bleu"},
    {"type": "python", "name": "code", "source": "def grade(sample, item):\n    return 1.0\n"},
    {"type": "string_check", "name": "right", "input": _ANSWER, "reference": _TRUE, "operation": "eq"},
)
RUNNING = 900.0
"""Seconds after which a job is under way and not done."""


class Journey:
    """One provider with what it needs; `retries=0` so that a refusal is one exchange."""

    def __init__(self, plugin: ProviderPlugin, sandbox: Sandbox, clock: Clock, folder: Path) -> None:
        self.sandbox, self.clock = sandbox, clock
        self.data = write(folder / "train.jsonl", even_or_not())
        self._plugin = plugin
        self.provider = self.connect(sandbox.env)

    def connect(self, settings: Mapping[str, str]) -> Provider:
        provider = self._plugin(Connection(settings, ca_bundle=self.sandbox.ca_file, retries=0), self.clock)
        assert provider is not None
        return provider

    def train(self, account: Account, **more: Any) -> Job:
        """A fine-tune from its file to its results."""
        training = self.provider.training
        training.refusal(account, BASE)
        file = training.upload(account, self.data)
        spec = JobSpec(account.name, BASE, file, suffix="even", hyperparameters=Hyperparameters(3), seed=7)
        job = training.start(account, replace(spec, **more))
        while not training.job(account, job.id).ended:
            self.clock.sleep(900)
        job = training.job(account, job.id)
        training.events(account, job.id)
        training.checkpoints(account, job.id)
        for result in job.result_files:
            training.result(account, result)
        training.jobs(account)
        second = training.start(account, replace(spec, validation_file=file, metadata={"team": "care"}))
        training.cancel(account, second.id)
        third = training.start(account, replace(spec, seed=8))
        self.clock.sleep(RUNNING)
        training.pause(account, third.id)
        training.resume(account, third.id)
        training.is_ready(account, job.fine_tuned_model)
        return job

    def train_otherwise(self, account: Account) -> None:
        """By preference, and by reinforcement with all that it takes."""
        training, folder = self.provider.training, self.data.parent
        asked = [{"messages": [{"role": "user", "content": f"is {n} even?"}]} for n in range(20)]
        answers = [[{"role": "assistant", "content": word}] for word in ("yes", "no")]
        pairs = [
            {"input": row, "preferred_output": answers[n % 2], "non_preferred_output": answers[1 - n % 2]}
            for n, row in enumerate(asked)
        ]
        prompts = [{**row, "answer": ("yes", "no")[n % 2]} for n, row in enumerate(asked)]
        file = training.upload(account, write(folder / "pairs.jsonl", pairs))
        training.start(
            account, JobSpec(account.name, BASE, file, hyperparameters=Hyperparameters(beta=0.2), method="dpo")
        )
        file = training.upload(account, write(folder / "prompts.jsonl", prompts))
        own = Hyperparameters(1, reasoning_effort="low", compute_multiplier=1.5, eval_interval=5, eval_samples=2)
        spec = JobSpec(account.name, REASONING, file, file, hyperparameters=own, method="reinforcement")
        training.refusal(account, REASONING, "reinforcement")
        for grader in GRADERS:
            job = training.start(account, replace(spec, grader=grader))
        self.clock.sleep(2 * 3600)
        training.job(account, job.id)
        training.events(account, job.id)
        training.checkpoints(account, job.id)

    def refuse(self, account: Account) -> None:
        """What is not there, and a client that is not known."""
        provider = self.provider
        _refused(lambda: provider.inventory.read(account, "nothing"))
        _refused(lambda: provider.deployments.call(account, "nothing", "hello"))
        _refused(lambda: provider.training.job(account, "ftjob-nothing"))
        _refused(lambda: provider.training.start(account, JobSpec(account.name, "no-such-model", "file-none")))

    @property
    def window(self) -> Period:
        now = self.clock.now().replace(minute=0, second=0, microsecond=0)
        return Period(now - DAY, now)

    @property
    def days(self) -> Period:
        today = self.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        return Period(today - 3 * DAY, today)


def travel_azure(sandbox: Sandbox, clock: Clock, folder: Path) -> None:
    journey = Journey(azure.connect, sandbox, clock, folder)
    provider, deployments = journey.provider, journey.provider.deployments
    sandbox.client.create_deployments([{"account": DEV, "name": "tuned", "model": TUNED}])
    account = next(one for one in provider.inventory.observe().accounts if one.name == DEV)
    deployments.create(DeploymentRequest(account, "base", "gpt-4.1-mini", "2025-04-14", "GlobalStandard", 10))
    deployments.call(account, "base", "hello")
    deployments.create(DeploymentRequest(account, "old", "davinci-002", "1"))
    deployments.call(account, "old", "Once upon a time")
    found = provider.inventory.read(account, "tuned")
    assert found is not None
    deployments.pause(found, True)
    deployments.pause(found, False)
    deployments.scale(found, 2)
    clock.sleep(120)
    deployments.delete(account, "tuned")
    clock.sleep(120)
    deployments.delete(account, "tuned")
    deployments.create(DeploymentRequest(account, "tuned", found.model, body=cleaned(found.body)))
    clock.sleep(DAY.total_seconds() * 2)
    provider.usage.observe(provider.inventory.observe().deployments, journey.window)
    sandbox.client.fault({"kind": "status", "status": 403, "operation": "metrics.batch"})
    provider.usage.observe(provider.inventory.observe().deployments, journey.window)
    sandbox.client.clear_faults()
    provider.billing.billed([account], journey.days)
    provider.catalog.models(account)
    provider.quotas.places(account, "gpt-4.1-mini", "2025-04-14", "Standard", tuned=True)
    provider.quotas.quota(account, "OpenAI.Standard.gpt-4.1-mini")
    journey.train(account, training_tier="globalStandard")
    journey.train_otherwise(account)
    journey.refuse(account)
    _refused(lambda: deployments.create(DeploymentRequest(account, "x", "no-such-model")))
    provider.check()
    everywhere = {name: value for name, value in sandbox.env.items() if name != "AZURE_SUBSCRIPTION_ID"}
    journey.connect(everywhere).inventory.observe()


def travel_openai(sandbox: Sandbox, clock: Clock, folder: Path) -> None:
    journey = Journey(openai.connect, sandbox, clock, folder)
    provider = journey.provider
    account = provider.inventory.observe().accounts[0]
    job = journey.train(account)
    journey.train_otherwise(account)
    tuned = provider.inventory.read(account, job.fine_tuned_model)
    assert tuned is not None
    provider.inventory.observe()
    provider.deployments.call(account, tuned.name, "is 4 even?")
    clock.sleep(DAY.total_seconds())
    provider.usage.observe([tuned], journey.window)
    provider.billing.billed([account], journey.days)
    provider.catalog.models(account)
    assert provider.caps is not None
    for one in provider.caps.accounts():
        climb(provider.caps, one)
    journey.refuse(account)
    provider.check()


def climb(caps: Caps, account: Account) -> None:
    """Every cap that an account can have: set, read, changed and taken away."""
    caps.owners()
    held = caps.read(account)
    hundred = {"amount": "100", "currency": "USD"}
    alert = {**hundred, "recipients": ["ops@example.com"], "subject_prefix": ""}
    caps.set(account, Cap(CapKind.ALERT, alert))
    caps.set(account, Cap(CapKind.SPEND_LIMIT, hundred))
    for limit in _of(held, CapKind.RATE_LIMIT)[:1]:
        caps.set(account, replace(limit, value={**(limit.value or {}), "max_requests_per_1_minute": 7}))
        caps.set(account, Cap(CapKind.PERMISSIONS, {"mode": "deny_list", "models": ["gpt-4o"]}))
    now = caps.read(account)
    for cap in _of(now, CapKind.ALERT):
        caps.set(account, replace(cap, value={**alert, "amount": "200"}))
        caps.set(account, replace(cap, value=None))
    for cap in (*_of(now, CapKind.PERMISSIONS), *_of(now, CapKind.SPEND_LIMIT)):
        caps.set(account, replace(cap, value=None))


def _of(caps: AccountCaps, kind: CapKind) -> list[Cap]:
    return [cap for cap in caps.caps if cap.kind is kind]


def _refused(work: Callable[[], object]) -> None:
    with suppress(CloudError):
        work()
