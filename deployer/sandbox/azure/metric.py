"""Azure Monitor's metrics of accounts: one resource through ARM, fifty through the batch service.

Split by deployment, a series exists only where there is data; `top` cuts the series off
without a word (10 when it is not given).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlencode

import msgspec

from deployer.sandbox.azure.error import arm_error, guarded
from deployer.sandbox.azure.lookup import require_subscription
from deployer.sandbox.azure.measure import Measure, Sample, Source
from deployer.sandbox.azure.point import Points
from deployer.sandbox.azure.question import (
    DIMENSIONS,
    STEPS,
    Question,
    is_wanted,
    read_aggregations,
    read_filter,
    read_measures,
)
from deployer.sandbox.azure.series import RETENTION, Grains, Tally, tally_account
from deployer.sandbox.clock import at_seconds, parse_instant, seconds_of
from deployer.sandbox.resource import Account, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

NAMESPACE = "Microsoft.CognitiveServices/accounts"
MOST_RESOURCES = 50
DEFAULT_TOP = 10
Sums = tuple[Sequence[float], Sequence[int]]


def routes(world: World) -> list[Route]:
    service = Metrics(world)
    single = (
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices"
        "/accounts/{account}/providers/Microsoft.Insights/metrics"
    )
    wide = "/subscriptions/{subscription}/providers/Microsoft.Insights/metrics"
    batch = "/subscriptions/{subscription}/metrics:getBatch"
    handler = guarded(world, service.batch)
    return [
        Route("GET", single, "metrics.single", guarded(world, service.single)),
        Route("GET", wide, "metrics.region", guarded(world, service.region)),
        Route("POST", wide, "metrics.region", guarded(world, service.region_of_body)),
        Route("POST", "/metrics/{region}" + batch, "metrics.batch", handler),
        Route("POST", batch, "metrics.batch", handler),
    ]


class Metrics:
    def __init__(self, world: World) -> None:
        self._world = world

    def single(self, request: Request) -> Response:
        question = self._question(request, *self._span(request), request.query("$filter"))
        account = self._account(request.path.partition("/providers/Microsoft.Insights")[0], request)
        return self._answer(question, account.region, [account])

    def region(self, request: Request) -> Response:
        """All accounts of a subscription's region in one, unless they are told apart by `Microsoft.ResourceId`."""
        region = request.query("region").lower()
        if not region:
            raise Refusal(400, "BadRequest", "The region query parameter is required.")
        question = self._question(request, *self._span(request), request.query("$filter"))
        accounts = self._world.cloud.of_subscription(require_subscription(self._world, request))
        return self._answer(question, region, [account for account in accounts if account.region == region])

    def region_of_body(self, request: Request) -> Response:
        """The same, asked for in the body."""
        asked = {name.lower(): value for name, value in request.document().items()}
        given = {f"{'$' * (name == 'filter')}{name}": str(value) for name, value in asked.items() if value is not None}
        query = f"{request.query_string}&{urlencode(given)}"
        return self.region(Request(request.method, request.path, query, request.headers, params=request.params))

    def _answer(self, question: Question, region: str, accounts: Sequence[Account]) -> Response:
        head = {
            "cost": 0,
            "timespan": f"{_print(question.grains.start)}/{_print(question.grains.end)}",
            "interval": question.interval,
            "namespace": NAMESPACE,
            "resourceregion": region,
        }
        return Response.encoded(_with_value(head, self._value(accounts, question, _points(question))))

    def _span(self, request: Request) -> tuple[str, str]:
        """Start and end, the last hour when none are given; some clients escape them twice."""
        given = request.query("timespan") or self._last_hour()
        start, separator, end = (given if "/" in given else unquote(given)).partition("/")
        if not separator:
            raise Refusal(400, "BadRequest", "timespan: expected 'start/end'.")
        return start, end

    def _last_hour(self) -> str:
        now = self._world.clock.seconds()
        return f"{_print(now - 3600)}/{_print(now)}"

    def batch(self, request: Request) -> Response:
        ids = request.document().get("resourceids") or []
        if not 0 < len(ids) <= MOST_RESOURCES:
            return arm_error(400, "BadRequest", f"{len(ids)} resource ids; expected 1 to {MOST_RESOURCES}.")
        if not request.query("metricnames"):
            return arm_error(400, "BadRequest", "The metricnames query parameter is required.")
        since, until = self._last_hour().split("/")
        start, end = request.query("starttime") or since, request.query("endtime") or until
        question = self._question(request, start, end, request.query("filter"))
        accounts, points = [self._account(identifier, request) for identifier in ids], _points(question)
        results = b",".join(self._result(account, question, points) for account in accounts)
        return Response.encoded(b'{"values":[' + results + b"]}")

    def _result(self, account: Account, question: Question, points: Points) -> bytes:
        head = {
            "starttime": _print(question.grains.start),
            "endtime": _print(question.grains.end),
            "interval": question.interval,
            "namespace": NAMESPACE,
            "resourceregion": account.region,
            "resourceid": account.resource_id,
        }
        return _with_value(head, self._value([account], question, points))

    def _account(self, identifier: str, request: Request) -> Account:
        """The account of an id, in the subscription and region that the request is about."""
        account = self._world.cloud.account(identifier.rstrip("/").rpartition("/")[2])
        if account is None or account.resource_id.lower() != identifier.rstrip("/").lower():
            raise Refusal(404, "ResourceNotFound", f"The resource '{identifier}' was not found.")
        region = request.params.get("region", account.region).lower()
        if account.subscription.lower() != request.params["subscription"].lower() or account.region != region:
            raise Refusal(400, "BadRequest", f"The resource '{identifier}' is not in this subscription and region.")
        return account

    def _question(self, request: Request, start: str, end: str, condition: str) -> Question:
        interval = (request.query("interval") or "PT1M").upper()
        measures = read_measures(request.query("metricnames"))
        whole = interval == "FULL"
        if not whole and interval not in STEPS:
            raise Refusal(400, "BadRequest", f"Invalid time grain '{interval}'; supported: {', '.join(STEPS)}.")
        grains = self._grains(start, end, float(STEPS.get(interval, 60)))
        if whole:
            grains = replace(grains, step=max(60.0, grains.end - grains.start))
        if request.fault == "metrics_truncated":
            grains = replace(grains, end=grains.start + grains.step * (grains.number // 2))
        return Question(
            grains,
            interval,
            measures,
            read_filter(condition),
            int(request.query("top") or DEFAULT_TOP),
            request.fault,
            read_aggregations(request.query("aggregation"), measures[0]),
            request.query("orderby").lower(),
        )

    def _grains(self, start: str, end: str, step: float) -> Grains:
        try:
            first, last = seconds_of(parse_instant(start)), seconds_of(parse_instant(end))
        except ValueError as error:
            raise Refusal(400, "BadRequest", f"Detected invalid time: {error}.") from error
        if last <= first:
            raise Refusal(400, "BadRequest", f"Start time {start} cannot be later than end time {end}.")
        now = self._world.clock.seconds()
        visible = now - self._world.settings.metric_latency
        return Grains(first // 60 * 60, last, step, now - RETENTION, visible)

    def _value(self, accounts: Sequence[Account], question: Question, points: Points) -> bytes:
        sources = [Source(self._world, one, question.grains, self._tallies(one, question)) for one in accounts]
        return b",".join(_metric(sources, measure, question, points) for measure in question.measures)

    def _tallies(self, account: Account, question: Question) -> list[Tally]:
        tallies = tally_account(self._world, account.name, question.grains)
        return tallies + (self._quiet(account, tallies, question) if self._world.settings.metric_fill == "zero" else [])

    def _quiet(self, account: Account, tallies: Iterable[Tally], question: Question) -> list[Tally]:
        """Zeros for deployments that stand and were not called, where the platform fills gaps."""
        seen = {tally.deployment.lower() for tally in tallies}
        names = [item.name for key, item in account.deployments.items() if key not in seen]
        return [Tally.empty(name, 200, question.grains.number) for name in names]


def _points(question: Question) -> Points:
    return Points(question.grains, question.aggregations, nulls=question.fault == "metrics_null")


def _metric(sources: Sequence[Source], measure: Measure, question: Question, points: Points) -> bytes:
    scope = sources[0].account.resource_id if sources else ""
    head: dict[str, Any] = {
        "id": f"{scope}/providers/Microsoft.Insights/metrics/{measure.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": measure.name, "localizedValue": measure.name},
        "displayDescription": measure.name,
        "unit": measure.unit,
        "errorCode": "Success",
    }
    if question.fault == "metrics_error_code":
        head |= {"errorCode": "InternalServerError", "errorMessage": "Error retrieving metric data."}
    told: list[bytes] = []
    if question.fault not in ("metrics_error_code", "metrics_empty"):
        told = _all_series(question, list(_samples(sources, measure, question)), points)
    return msgspec.json.encode(head)[:-1] + b',"timeseries":[' + b",".join(told) + b"]}"


def _samples(sources: Sequence[Source], measure: Measure, question: Question) -> Iterator[Sample]:
    for source in sources:
        for sample in measure.samples(source):
            sample.resource = source.account.resource_id
            if is_wanted(sample, question):
                yield sample


def _all_series(question: Question, samples: list[Sample], points: Points) -> list[bytes]:
    """One series, or one for each combination of the dimensions that has numbers, up to `top`."""
    if not question.split:
        return [_series((), (), _summed(samples, question.grains.number), points)]
    groups: dict[tuple[str, ...], list[Sample]] = {}
    for sample in samples:
        if not sample.empty:
            groups.setdefault(tuple(DIMENSIONS[name](sample) for name in question.split), []).append(sample)
    found = [(key, _summed(held, question.grains.number)) for key, held in groups.items()]
    if question.order:
        found.sort(key=lambda item: sum(item[1][0]), reverse=question.order.endswith("desc"))
    return [_series(question.split, key, sums, points) for key, sums in found[: question.top]]


def _summed(samples: list[Sample], number: int) -> Sums:
    if len(samples) == 1:
        return samples[0].sums, samples[0].counts
    sums: list[float] = [0.0] * number
    counts = [0] * number
    for sample in samples:
        sums = [one + other for one, other in zip(sums, sample.sums, strict=True)]
        counts = [one + other for one, other in zip(counts, sample.counts, strict=True)]
    return sums, counts


def _series(names: Iterable[str], values: Iterable[str], sums: Sums, points: Points) -> bytes:
    metadata = [
        {"name": {"value": name, "localizedValue": name}, "value": value}
        for name, value in zip(names, values, strict=True)
    ]
    return b'{"metadatavalues":' + msgspec.json.encode(metadata) + b',"data":[' + points.write(*sums) + b"]}"


def _with_value(head: dict[str, Any], value: bytes) -> bytes:
    return msgspec.json.encode(head)[:-1] + b',"value":[' + value + b"]}"


def _print(seconds: float) -> str:
    return at_seconds(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
