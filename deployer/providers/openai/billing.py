"""What OpenAI billed: the organisation's costs, day by day, by project and line item (never by model)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from deployer.deadline import OBSERVATION, deadline
from deployer.domain.budget import CloudBudget
from deployer.domain.charge import Bill, VendorForecast
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.domain.period import Period
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.providers.openai.cloud import NO_ADMIN_KEY, PROVIDER, Cloud
from deployer.providers.openai.report import Line, lines

_MOST = 180


class OpenAIBilling:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        if not accounts:
            return (), ()
        if not self._cloud.has_admin_key:
            return (), (Gap("bills", PROVIDER, NO_ADMIN_KEY),)
        with deadline(self._cloud.clock, OBSERVATION):
            return self._billed(accounts, period)

    def forecast(
        self, accounts: Sequence[Account], period: Period
    ) -> tuple[tuple[VendorForecast, ...], tuple[Gap, ...]]:
        """OpenAI makes none."""
        return (), ()

    def budgets(self, accounts: Sequence[Account]) -> tuple[tuple[CloudBudget, ...], tuple[Gap, ...]]:
        """OpenAI has spend alerts and spend limits instead: see its caps."""
        return (), ()

    def _billed(self, accounts: Sequence[Account], period: Period) -> tuple[tuple[Bill, ...], tuple[Gap, ...]]:
        names = {account.resource_id.lower(): account.name for account in accounts}
        bills: list[Bill] = []
        gaps: list[Gap] = []
        try:
            for line in self._lines(period):
                account = names.get(str(line.row.get("project_id") or "").lower())
                found = _to_bill(account or "", line, self._cloud.clock.now())
                if "project_id" not in line.row:
                    gaps.append(_gap(line, "its project"))
                elif account is not None and found is None:
                    gaps.append(_gap(line, "its amount"))
                elif account is not None and found is not None:
                    bills.append(found)
        except CloudError as error:
            return (), (Gap("bills", PROVIDER, error.message),)
        return tuple(bills), tuple(dict.fromkeys(gaps))

    def _lines(self, period: Period) -> Iterator[Line]:
        usage = self._cloud.admin.admin.organization.usage
        start = period.start.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        begin = int(start.timestamp())
        end = max(int(period.end.timestamp()), begin + 1)

        def ask(more: Mapping[str, Any]) -> Any:
            return usage.costs(
                start_time=begin,
                end_time=end,
                bucket_width="1d",
                group_by=["project_id", "line_item"],
                limit=_MOST,
                **more,
            )

        return lines(self._cloud, "read the organisation's costs", ask)


def _to_bill(account: str, line: Line, as_of: datetime) -> Bill | None:
    """A row with an amount. The vendor sends a JSON number: its shortest decimal form is what was meant."""
    amount = line.row.get("amount")
    if not isinstance(amount, Mapping):
        return None
    try:
        value = Decimal(str(amount.get("value")))
    except InvalidOperation:
        return None
    money = Money(value, str(amount.get("currency") or "usd").upper())
    return Bill(account, line.start, str(line.row.get("line_item") or "all"), money, as_of)


def _gap(line: Line, what: str) -> Gap:
    """A row that says not enough is a bill that is not known, and not one of nothing."""
    where = str(line.row.get("project_id") or "")
    return Gap("bills", f"{PROVIDER}:{where}" if where else PROVIDER, f"a row of {line.start:%Y-%m-%d} lacks {what}")
