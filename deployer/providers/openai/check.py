"""What `doctor` shows of OpenAI: each key tried once with a harmless call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.period import Period
from deployer.domain.retirement import OPENAI_LAST_TRAINING
from deployer.errors import CloudError
from deployer.ports.cloud import Check
from deployer.providers.openai.billing import OpenAIBilling
from deployer.providers.openai.cloud import Cloud
from deployer.providers.openai.inventory import OpenAIInventory
from deployer.providers.openai.training import OpenAITraining

TRIED = "gpt-4.1-mini-2025-04-14"
"""The model for which it is asked whether jobs are taken: of those that OpenAI trains it is the last to shut down."""


class Checkup:
    """The admin key is optional: models, jobs and calls need only the other one, and what is missing is said."""

    def __init__(
        self, cloud: Cloud, inventory: OpenAIInventory, billing: OpenAIBilling, training: OpenAITraining
    ) -> None:
        self._cloud = cloud
        self._inventory = inventory
        self._billing = billing
        self._training = training

    def run(self) -> tuple[Check, ...]:
        with deadline(self._cloud.clock, OBSERVATION):
            return self._run()

    def _run(self) -> tuple[Check, ...]:
        lines = [_line("openai key", self._models)]
        if lines[0].ok:
            lines.append(self._jobs())
        if not self._cloud.has_admin_key:
            detail = "not set: use and idleness of models, bills and caps are not known; projects are not listed"
            return (*lines, Check("openai admin key", False, detail, "set OPENAI_ADMIN_KEY", optional=True))
        lines.append(_line("openai projects", self._projects))
        if lines[-1].ok:
            lines.append(replace(_line("openai costs", self._costs), optional=True))
        return tuple(lines)

    def _models(self) -> str:
        if not self._cloud.has_key:
            raise CloudError("not set", next_step="set OPENAI_API_KEY: jobs and calls need it")
        reading = self._inventory.observe()
        if reading.gaps:
            raise CloudError(str(reading.gaps[0]), next_step=reading.gaps[0].next_step)
        return f"{len(reading.deployments)} fine-tuned models at {self._cloud.base_url}"

    def _jobs(self) -> Check:
        """Whether the organisation may still fine-tune: OpenAI closes, and no list says for whom it has."""
        what, last = "openai fine-tuning", OPENAI_LAST_TRAINING.date()
        try:
            refusal = self._training.refusal(self._cloud.accounts()[0], TRIED)
        except CloudError as error:
            return Check(what, False, error.message, error.next_step, optional=True)
        if not refusal:
            return Check(what, True, f"jobs are taken from this organisation, and from nobody after {last}")
        detail = f"{refusal}; what was fine-tuned answers until its base is shut down"
        return Check(what, False, detail, "fine-tune with --provider azure", optional=True)

    def _projects(self) -> str:
        return ", ".join(account.name for account in self._cloud.accounts())

    def _costs(self) -> str:
        now = self._cloud.clock.now()
        bills, gaps = self._billing.billed(self._cloud.accounts(), Period(now - timedelta(days=3), now))
        if gaps:
            raise CloudError(str(gaps[0]), next_step="give the admin key the scope api.usage.read")
        return f"readable; {len(bills)} rows in the last 3 days"


def _line(what: str, work: Callable[[], str]) -> Check:
    try:
        return Check(what, True, work())
    except CloudError as error:
        return Check(what, False, error.message, error.next_step)
