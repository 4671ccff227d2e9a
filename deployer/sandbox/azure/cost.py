"""Cost Management: what was charged by day, as late as the real one tells it.

Costs of an hour show 8 to 24 hours later; what is visible moves on about every four hours.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from deployer.sandbox.azure.costfilter import Facts, keeps
from deployer.sandbox.azure.error import arm_error
from deployer.sandbox.azure.throttle import PREFIX, Throttle
from deployer.sandbox.charge import Line, deployment_charges, training_line, unit_of
from deployer.sandbox.clock import at_seconds, parse_instant, seconds_of
from deployer.sandbox.resource import Account, Refusal
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

SERVICE = "Foundry Models"
TAG = "tag:"
DAY = timedelta(days=1)
REFRESH = 4 * 3600.0
SHORTEST, LONGEST = 8 * 3600.0, 20 * 3600.0  # and up to one refresh more
_ENCODER = msgspec.json.Encoder(decimal_format="number")
_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
SCOPES = (
    "/subscriptions/{subscription}",
    _GROUP,
    _GROUP + "/providers/Microsoft.CognitiveServices/accounts/{account}",
)


@dataclass(frozen=True)
class Query:
    """A query, read: whole days from `start`, `end` excluded."""

    start: datetime
    end: datetime
    daily: bool
    columns: tuple[tuple[str, str], ...]
    grouping: tuple[str, ...]
    condition: dict[str, Any] | None
    monthly: bool = False
    sorting: tuple[tuple[str, bool], ...] = ()
    """Columns to sort by, and whether upwards."""

    @property
    def titles(self) -> list[tuple[str, str]]:
        """The columns of the answer with their types; a tag takes two."""
        found = [(title, "Number") for title, _ in self.columns]
        found += [("UsageDate", "Number")] if self.daily else []
        found += [("BillingMonth", "Datetime")] if self.monthly else []
        for name in self.grouping:
            tagged = name.startswith(TAG)
            found += [("TagKey", "String"), ("TagValue", "String")] if tagged else [(name, "String")]
        return [*found, ("Currency", "String")]

    @property
    def units(self) -> int:
        """One unit for each month of data."""
        return 1 + (self.end - self.start - timedelta(microseconds=1)).days // 31


def visible_until(world: World, now: float) -> float:
    """Up to when costs are told; never runs back."""
    latest = now // REFRESH * REFRESH
    refreshes = (latest - number * REFRESH for number in range(6))
    return max(at - SHORTEST - (LONGEST - SHORTEST) * world.naming.fraction(f"cost-lag:{at}") for at in refreshes)


class Costs:
    def __init__(self, world: World) -> None:
        self._world = world
        self._throttle = Throttle()

    def query(self, request: Request) -> Response:
        query = read_query(request.document(), self._world.now())
        skip = int(request.query("$skiptoken") or 0)
        refused = self.admit(request, query.units, follows=skip > 0)
        if refused:
            return refused
        rows = self.rows(query, self.accounts(request))
        headers = self.told(query.units)
        if not rows:
            return Response(204, b"", tuple(headers))
        return Response.encoded(self._page(request, query, rows, skip), 200, headers)

    def admit(self, request: Request, units: int, *, follows: bool = False) -> Response | None:
        """The refusal when the quota is used up; all kinds of questions share it."""
        scope = request.path.partition("/providers/Microsoft.CostManagement/")[0]
        refused = self._throttle.admit(scope, units, self._world.clock.seconds(), follows=follows)
        return arm_error(429, "429", "Too many requests. Please retry.", refused.items()) if refused else None

    def told(self, units: int) -> list[tuple[str, str]]:
        """The headers of an answer that took `units`."""
        remaining = self._throttle.remaining(self._world.clock.seconds())
        return [(f"{PREFIX}qpu-consumed", str(units)), (f"{PREFIX}qpu-remaining", remaining)]

    def _page(self, request: Request, query: Query, rows: list[list[Any]], skip: int) -> bytes:
        end = skip + self._world.settings.cost_page_size
        link = None
        if end < len(rows):
            version = quote(request.query("api-version"))
            link = f"{self._world.base_url}{quote(request.path)}?api-version={version}&$skiptoken={end}"
        name = self._world.naming.fixed_uuid(f"query:{request.path}:{skip}")
        return encode_table(request.path, name, query.titles, rows[skip:end], link)

    def accounts(self, request: Request) -> list[Account]:
        """The accounts of the scope. Costs outlive what made them, so deleted ones count."""
        wanted = {key: value.lower() for key, value in request.params.items()}
        if wanted["subscription"] not in {item.lower() for item in self._world.cloud.subscriptions}:
            message = f"The subscription '{request.params['subscription']}' could not be found."
            raise Refusal(404, "SubscriptionNotFound", message)
        return [
            account
            for account in self._world.cloud.every
            if account.subscription.lower() == wanted["subscription"]
            and account.resource_group.lower() == wanted.get("group", account.resource_group.lower())
            and account.name.lower() == wanted.get("account", account.name.lower())
        ]

    def rows(self, query: Query, accounts: list[Account]) -> list[list[Any]]:
        sums: dict[tuple[Any, ...], dict[str, Decimal]] = {}
        for day, facts, line in self.facts(query, accounts):
            found = sums.setdefault(_key(query, day, facts), {"cost": Decimal(0), "quantity": Decimal(0)})
            found["cost"] += line.amount
            found["quantity"] += line.quantity
        rows = [
            [*(_number(found[kind]) for _, kind in query.columns), *key, "USD"]
            for key, found in sorted(sums.items(), key=lambda item: item[0])
        ]
        return _sorted(query, rows)

    def facts(self, query: Query, accounts: list[Account]) -> Iterator[tuple[datetime, Facts, Line]]:
        """Every line of the period that passes the filter, day by day, with what is known of it. Raises Refusal."""
        for day, account, line in self._lines(query, accounts):
            facts = _facts(self._world, account, line)
            if keeps(query.condition, facts):
                yield day, facts, line

    def _lines(self, query: Query, accounts: list[Account]) -> Iterator[tuple[datetime, Account, Line]]:
        wanted = set(map(id, accounts))
        until = at_seconds(visible_until(self._world, self._world.clock.seconds()))
        day = query.start
        while day < min(query.end, until):
            first, last = seconds_of(day), seconds_of(min(day + DAY, query.end, until))
            for life in self._world.cloud.lives:
                account = life.account
                if id(account) in wanted and life.created < last and (life.gone is None or life.gone > first):
                    for line in deployment_charges(self._world, life, first, last):
                        yield day, account, line
            for charge in self._world.training:
                owner = self._world.cloud.account_at(charge.account, charge.at)
                if (
                    owner
                    and id(owner) in wanted
                    and charge.provider == "azure"
                    and first <= seconds_of(charge.at) < last
                ):
                    yield day, owner, training_line(self._world, charge)
            day += DAY


def encode_table(
    path: str, name: str, columns: Iterable[tuple[str, str]], rows: list[list[Any]], link: str | None = None
) -> bytes:
    """Rows under their columns, as every question of Cost Management is answered."""
    body = {
        "id": f"{path.lstrip('/')}/{name}",
        "name": name,
        "type": "Microsoft.CostManagement/query",
        "location": None,
        "sku": None,
        "eTag": None,
        "properties": {
            "nextLink": link,
            "columns": [{"name": title, "type": kind} for title, kind in columns],
            "rows": rows,
        },
    }
    return _ENCODER.encode(body)


def read_query(body: Any, now: datetime) -> Query:
    """Raises Refusal in the vendor's words."""
    dataset = body.get("dataset") or {}
    start, end = _period(body, now)
    wanted = dataset.get("aggregation") or {"totalCost": {"name": "PreTaxCost"}}
    names = [str(item.get("name")) for item in wanted.values()]
    columns = tuple((name, "quantity" if name.lower() == "usagequantity" else "cost") for name in names)
    grouping = tuple(map(_grouped, dataset.get("grouping") or ()))
    if len(grouping) > 2:
        raise Refusal(400, "BadRequest", "Invalid query definition: at most 2 groupings are supported.")
    grain = str(dataset.get("granularity") or "None").lower()
    if grain not in ("none", "daily", "monthly"):
        raise Refusal(400, "BadRequest", f"Invalid query definition: Invalid granularity '{dataset['granularity']}'.")
    daily, monthly = grain == "daily", grain == "monthly"
    return Query(start, end, daily, columns, grouping, dataset.get("filter"), monthly, _read_sorting(dataset))


def _grouped(item: Mapping[str, Any]) -> str:
    """The dimension, or the tag behind `tag:`."""
    return f"{TAG}{item.get('name')}" if str(item.get("type")).lower() == "tagkey" else str(item.get("name"))


def _read_sorting(dataset: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    given = dataset.get("sorting") or ()
    return tuple((str(one.get("name")), not str(one.get("direction")).lower().startswith("desc")) for one in given)


def _sorted(query: Query, rows: list[list[Any]]) -> list[list[Any]]:
    """As was asked, after the order that they come in. Raises Refusal for a column that is none."""
    titles = [title.lower() for title, _ in query.titles]
    for name, upwards in reversed(query.sorting):
        if name.lower() not in titles:
            raise Refusal(400, "BadRequest", f"Invalid query definition: Invalid sorting column '{name}'.")
        index = titles.index(name.lower())
        rows = sorted(rows, key=lambda row, at=index: row[at], reverse=not upwards)  # type: ignore[misc]
    return rows


def _key(query: Query, day: datetime, facts: Facts) -> tuple[Any, ...]:
    """What a row is about: its day or month, and what it is grouped by. Raises Refusal."""
    when: list[Any] = [int(f"{day:%Y%m%d}")] if query.daily else []
    when += [f"{day:%Y-%m-01T00:00:00}"] if query.monthly else []
    for name in query.grouping:
        if name.startswith(TAG):
            when += [name.removeprefix(TAG), facts.get(name.lower(), "")]
        else:
            when.append(_fact(facts, name))
    return tuple(when)


def _period(body: Any, now: datetime) -> tuple[datetime, datetime]:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    month = today.replace(day=1)
    frame = str(body.get("timeframe") or "")
    if frame == "Custom":
        return _custom(body.get("timePeriod") or {})
    starts = {
        "MonthToDate": month,
        "BillingMonthToDate": month,
        "WeekToDate": today - DAY * today.weekday(),
    }
    if frame in starts:
        return starts[frame], today + DAY
    if frame in ("TheLastMonth", "TheLastBillingMonth"):
        return (month - DAY).replace(day=1), month
    raise Refusal(400, "BadRequest", f"Invalid query definition: Invalid timeframe '{frame}'.")


def _custom(period: dict[str, str]) -> tuple[datetime, datetime]:
    try:
        first, last = parse_instant(period["from"]), parse_instant(period["to"])
    except (KeyError, ValueError) as error:
        raise Refusal(400, "BadRequest", "Invalid query definition: Custom needs timePeriod from and to.") from error
    if last < first:
        raise Refusal(400, "BadRequest", "Invalid query definition: from is after to.")
    days = (moment.replace(hour=0, minute=0, second=0, microsecond=0) for moment in (first, last))
    start, end = days
    return start, end + DAY


def _facts(world: World, account: Account, line: Line) -> Facts:
    facts = {
        "resourceid": account.resource_id.lower(),
        "resourcetype": "microsoft.cognitiveservices/accounts",
        "resourcegroup": account.resource_group.lower(),
        "resourcegroupname": account.resource_group.lower(),
        "resourcelocation": account.region,
        "subscriptionid": account.subscription,
        "subscriptionname": world.cloud.subscriptions.get(account.subscription, ""),
        "servicename": SERVICE,
        "servicefamily": "AI + Machine Learning",
        "consumedservice": "Microsoft.CognitiveServices",
        "metercategory": SERVICE,
        "metersubcategory": line.price.product,
        "meter": line.price.name,
        "meterid": world.naming.fixed_uuid(f"meter:{line.price.name}"),
        "product": line.price.product,
        "unitofmeasure": unit_of(line),
        "chargetype": "Usage",
        "frequency": "UsageBased",
        "pricingmodel": "OnDemand",
        "publishertype": "Azure",
        "publishername": "Microsoft",
    }
    return facts | {f"{TAG}{key.lower()}": value for key, value in account.tags.items()}


def _fact(facts: Facts, name: str) -> str:
    if name.lower() not in facts:
        raise Refusal(400, "BadRequest", f"Invalid query definition: Invalid dimension '{name}'.")
    return facts[name.lower()]


def _number(amount: Decimal) -> Decimal:
    return Decimal(format(round(amount, 12).normalize(), "f"))
