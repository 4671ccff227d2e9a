"""What `doctor` shows of OpenAI: each key tried once with a harmless call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.ports.cloud import Check
from deployer.providers.openai.billing import OpenAIBilling
from deployer.providers.openai.cloud import Cloud
from deployer.providers.openai.inventory import OpenAIInventory


class Checkup:
    def __init__(self, cloud: Cloud, inventory: OpenAIInventory, billing: OpenAIBilling) -> None:
        self._cloud = cloud
        self._inventory = inventory
        self._billing = billing

    def run(self) -> tuple[Check, ...]:
        lines = [_line("openai key", self._models)]
        if not self._cloud.has_admin_key:
            step = "set OPENAI_ADMIN_KEY: without it idleness cannot be told and bills cannot be read"
            return (*lines, Check("openai admin key", False, "not set", step))
        lines.append(_line("openai projects", self._projects))
        if lines[-1].ok:
            lines.append(_line("openai costs", self._costs))
        return tuple(lines)

    def _models(self) -> str:
        if not self._cloud.has_key:
            raise CloudError("not set", next_step="set OPENAI_API_KEY: jobs and calls need it")
        reading = self._inventory.observe()
        if reading.gaps:
            raise CloudError(str(reading.gaps[0]), next_step="give the key the right to list models of its project")
        return f"{len(reading.deployments)} fine-tuned models at {self._cloud.base_url}"

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
