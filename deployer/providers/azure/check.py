"""What `doctor` shows of Azure: each right that the guard stands on, tried once with a harmless call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.deployment import Account
from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.ports.cloud import Check
from deployer.providers.azure.billing import AzureBilling
from deployer.providers.azure.budget import RIGHT_STEP, read_budgets
from deployer.providers.azure.catalog import AzureCatalog
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.endpoint import scope
from deployer.providers.azure.error import ROLES
from deployer.providers.azure.inventory import AzureInventory
from deployer.providers.azure.metric import ACTIVITY, HOUR, Question
from deployer.providers.azure.monitor import Monitor
from deployer.providers.azure.right import check_rights

MOST_NAMED = 3
METRICS_STEP = (
    "give the credential the role Monitoring Reader on the subscription (Microsoft.Insights/metrics/read); "
    "without it idleness cannot be told"
)
COSTS_STEP = (
    "give the credential the role Cost Management Reader on the subscription (Microsoft.CostManagement/query/read); "
    "without it bills cannot be read"
)
MODELS_STEP = (
    "give the credential Microsoft.CognitiveServices/locations/models/read on the subscription; "
    "without it retirement dates are unknown"
)


class Checkup:
    def __init__(self, cloud: Cloud, inventory: AzureInventory, billing: AzureBilling, catalog: AzureCatalog) -> None:
        self._cloud = cloud
        self._inventory = inventory
        self._billing = billing
        self._catalog = catalog

    def run(self) -> tuple[Check, ...]:
        with deadline(self._cloud.clock, OBSERVATION):
            return self._run()

    def _run(self) -> tuple[Check, ...]:
        """Later lines need the earlier ones: the first that fails for all ends the list."""
        token = self._line("azure credential", self._token)
        if not token.ok:
            return (token,)
        subscriptions = self._line("azure subscriptions", self._subscriptions)
        if not subscriptions.ok:
            return token, subscriptions
        found = self._inventory.accounts()
        accounts = tuple(found.accounts.values())
        causes = "; ".join(str(gap) for gap in found.gaps)
        seen = f"{len(accounts)} visible" + (f"; {causes}" if causes else "")
        lines = [token, subscriptions, Check("azure accounts", found.complete, seen, "" if found.complete else ROLES)]
        if accounts:
            lines.append(self._metrics(accounts))
            lines.append(self._costs(accounts))
            lines.append(self._budgets(accounts))
            lines.append(self._models(accounts[0]))
            lines.append(check_rights(self._cloud, accounts))
        return tuple(lines)

    def _line(self, what: str, work: Callable[[], str]) -> Check:
        try:
            return Check(what, True, work())
        except CloudError as error:
            return Check(what, False, error.message, error.next_step)

    def _token(self) -> str:
        cloud = self._cloud
        wanted = scope(cloud.endpoints.audience)
        cloud.guarded("sign in to Azure", lambda: cloud.credential.get_token(wanted))
        return f"signed in by {cloud.credential.used} at {cloud.endpoints.authority}"

    def _subscriptions(self) -> str:
        found = self._cloud.subscriptions()
        if not found:
            raise CloudError("the credential sees no subscription", next_step=ROLES)
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        return ", ".join(found[:MOST_NAMED]) + more

    def _metrics(self, accounts: Sequence[Account]) -> Check:
        now = self._cloud.clock.now().replace(minute=0, second=0, microsecond=0)
        question = Question(Period(now - timedelta(hours=1), now), HOUR, ACTIVITY, 1000)
        evidence = Monitor(self._cloud).ask(accounts, question)
        failed = [answer.cause for answer in evidence.values() if not answer.complete]
        if failed:
            return Check("azure metrics", False, f"{len(failed)} of {len(evidence)}: {failed[0]}", METRICS_STEP)
        return Check("azure metrics", True, f"readable for {len(evidence)} accounts")

    def _models(self, account: Account) -> Check:
        try:
            found = self._catalog.models(account)
        except CloudError as error:
            return Check("azure models", False, error.message, MODELS_STEP, optional=True)
        return Check("azure models", True, f"{len(found.models)} in {account.region}, with their retirement dates")

    def _budgets(self, accounts: Sequence[Account]) -> Check:
        """What Azure itself would tell people: a backstop that is days late, and stops nothing."""
        try:
            subscriptions = dict.fromkeys(f"/subscriptions/{account.subscription}" for account in accounts)
            found = [budget for scope in subscriptions for budget in read_budgets(self._cloud, scope)]
        except CloudError as error:
            return Check("azure budgets", False, error.message, RIGHT_STEP, optional=True)
        return Check("azure budgets", True, "; ".join(map(str, found)) or "none is set; they would only send e-mail")

    def _costs(self, accounts: Sequence[Account]) -> Check:
        now = self._cloud.clock.now()
        bills, gaps = self._billing.billed(accounts, Period(now - timedelta(days=3), now))
        if gaps:
            return Check("azure costs", False, str(gaps[0]), COSTS_STEP, optional=True)
        return Check("azure costs", True, f"readable; {len(bills)} rows in the last 3 days")
