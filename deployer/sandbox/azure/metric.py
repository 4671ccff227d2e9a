"""Azure Monitor's metrics of accounts: one resource through ARM, fifty through the batch service.

Split by deployment, a series exists only where there is data; `top` cuts the series off
without a word (10 when it is not given).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from deployer.sandbox.azure.error import arm_error, guarded
from deployer.sandbox.azure.series import RETENTION, Grains, Tally, tally_account
from deployer.sandbox.clock import at_seconds, parse_instant, seconds_of
from deployer.sandbox.resource import Account, Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

NAMESPACE = "Microsoft.CognitiveServices/accounts"
MOST_RESOURCES = 50
DEFAULT_TOP = 10
STEPS = {
    "PT1M": 60, "PT5M": 300, "PT15M": 900, "PT30M": 1800, "PT1H": 3600, "PT6H": 21_600, "PT12H": 43_200, "P1D": 86_400,
}  # fmt: skip
Pick = Callable[[Tally], list[int]]


def _requests(tally: Tally) -> list[int]:
    return tally.requests


def _input(tally: Tally) -> list[int]:
    return tally.input_tokens


def _output(tally: Tally) -> list[int]:
    return tally.output_tokens


def _both(tally: Tally) -> list[int]:
    return [one + other for one, other in zip(tally.input_tokens, tally.output_tokens, strict=True)]


def _nothing(tally: Tally) -> list[int]:
    return [0] * len(tally.requests)


METRICS: dict[str, tuple[str, Pick]] = {
    name.lower(): (name, pick)
    for name, pick in (
        ("AzureOpenAIRequests", _requests),
        ("ProcessedPromptTokens", _input),
        ("GeneratedTokens", _output),
        ("TokenTransaction", _both),
        ("ModelRequests", _requests),
        ("InputTokens", _input),
        ("OutputTokens", _output),
        ("TotalTokens", _both),
        ("FineTunedTrainingHours", _nothing),
        ("AzureOpenAIProvisionedManagedUtilizationV2", _nothing),
        ("ProvisionedUtilization", _nothing),
    )
}
DIMENSIONS: dict[str, Callable[[Tally], str]] = {
    "modeldeploymentname": lambda tally: tally.deployment,
    "statuscode": lambda tally: str(tally.status),
}
_TERM = re.compile(r"^\s*(\w+)\s+eq\s+'([^']*)'\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """What is asked of every resource: `wanted` by dimension, an empty set for `*`."""

    grains: Grains
    interval: str
    metrics: tuple[str, ...]
    wanted: dict[str, frozenset[str]]
    top: int
    fault: str

    @property
    def split(self) -> tuple[str, ...]:
        return tuple(self.wanted)


def routes(world: World) -> list[Route]:
    service = Metrics(world)
    single = (
        "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices"
        "/accounts/{account}/providers/Microsoft.Insights/metrics"
    )
    batch = "/subscriptions/{subscription}/metrics:getBatch"
    handler = guarded(world, service.batch)
    return [
        Route("GET", single, "metrics.single", guarded(world, service.single)),
        Route("POST", "/metrics/{region}" + batch, "metrics.batch", handler),
        Route("POST", batch, "metrics.batch", handler),
    ]


class Metrics:
    def __init__(self, world: World) -> None:
        self._world = world

    def single(self, request: Request) -> Response:
        span, separator, end = (request.query("timespan") or self._last_hour()).partition("/")
        if not separator:
            raise Refusal(400, "BadRequest", "timespan: expected 'start/end'.")
        question = self._question(request, span, end, request.query("$filter"))
        account = self._account(request.path.partition("/providers/Microsoft.Insights")[0], request)
        head = {
            "cost": 0,
            "timespan": f"{_print(question.grains.start)}/{_print(question.grains.end)}",
            "interval": question.interval,
            "namespace": NAMESPACE,
            "resourceregion": account.region,
        }
        return Response.encoded(_with_value(head, self._value(account, question, Points(question))))

    def _last_hour(self) -> str:
        now = self._world.clock.seconds()
        return f"{_print(now - 3600)}/{_print(now)}"

    def batch(self, request: Request) -> Response:
        ids = request.document().get("resourceids") or []
        if not 0 < len(ids) <= MOST_RESOURCES:
            return arm_error(400, "BadRequest", f"{len(ids)} resource ids; expected 1 to {MOST_RESOURCES}.")
        question = self._question(
            request, request.query("starttime"), request.query("endtime"), request.query("filter")
        )
        accounts, points = [self._account(identifier, request) for identifier in ids], Points(question)
        results = b",".join(self._result(account, question, points) for account in accounts)
        return Response.encoded(b'{"values":[' + results + b"]}")

    def _result(self, account: Account, question: Question, points: "Points") -> bytes:
        head = {
            "starttime": _print(question.grains.start),
            "endtime": _print(question.grains.end),
            "interval": question.interval,
            "namespace": NAMESPACE,
            "resourceregion": account.region,
            "resourceid": account.resource_id,
        }
        return _with_value(head, self._value(account, question, points))

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
        interval = request.query("interval") or "PT1M"
        names = [name for name in request.query("metricnames").split(",") if name]
        unknown = [name for name in names if name.lower() not in METRICS]
        if unknown or not names:
            raise Refusal(400, "BadRequest", _unknown_metrics(unknown))
        if interval.upper() not in STEPS:
            raise Refusal(400, "BadRequest", f"Invalid time grain '{interval}'; supported: {', '.join(STEPS)}.")
        grains = self._grains(start, end, float(STEPS[interval.upper()]))
        if request.fault == "metrics_truncated":
            grains = replace(grains, end=grains.start + grains.step * (grains.number // 2))
        top = int(request.query("top") or DEFAULT_TOP)
        return Question(grains, interval.upper(), tuple(names), _read_filter(condition), top, request.fault)

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

    def _value(self, account: Account, question: Question, points: "Points") -> bytes:
        tallies = tally_account(self._world, account.name, question.grains)
        if self._world.settings.metric_fill == "zero":
            tallies += self._quiet(account, tallies, question)
        kept = [tally for tally in tallies if _wanted(tally, question)]
        return b",".join(_metric(account, name, question, kept, points) for name in question.metrics)

    def _quiet(self, account: Account, tallies: Iterable[Tally], question: Question) -> list[Tally]:
        """Zeros for deployments that stand and were not called, where the platform fills gaps."""
        seen = {tally.deployment.lower() for tally in tallies}
        names = [item.name for key, item in account.deployments.items() if key not in seen]
        return [Tally.empty(name, 200, question.grains.number) for name in names]


class Points:
    """Writes the points of a series; equal series are written once."""

    def __init__(self, question: Question) -> None:
        self._starts = question.grains.printed()
        self._heads = [f'{{"timeStamp":"{start}","total":' for start in self._starts]
        self._known = 0 if question.fault == "metrics_null" else question.grains.known
        self._nulls = [f'{{"timeStamp":"{start}"}}' for start in self._starts[self._known :]]
        self._written: dict[tuple[int, ...], bytes] = {}

    def write(self, values: list[int]) -> bytes:
        key = tuple(values)
        found = self._written.get(key)
        if found is None:
            numbers = zip(self._heads[: self._known], values, strict=False)
            points = [f"{head}{value}.0}}" for head, value in numbers]
            found = self._written[key] = ",".join(points + self._nulls).encode()
        return found


def _metric(account: Account, name: str, question: Question, tallies: list[Tally], points: Points) -> bytes:
    printed, pick = METRICS[name.lower()]
    head: dict[str, Any] = {
        "id": f"{account.resource_id}/providers/Microsoft.Insights/metrics/{printed}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": printed, "localizedValue": printed},
        "displayDescription": printed,
        "unit": "Count",
        "errorCode": "Success",
    }
    if question.fault == "metrics_error_code":
        head |= {"errorCode": "InternalServerError", "errorMessage": "Error retrieving metric data."}
    if question.fault in ("metrics_error_code", "metrics_empty"):
        series: list[bytes] = []
    elif question.split:
        series = _split_series(question, tallies, pick, points)
    else:
        series = [_series((), (), _summed(question, tallies, pick), points)]
    return msgspec.json.encode(head)[:-1] + b',"timeseries":[' + b",".join(series) + b"]}"


def _split_series(question: Question, tallies: list[Tally], pick: Pick, points: Points) -> list[bytes]:
    groups: dict[tuple[str, ...], list[int]] = {}
    for tally in tallies:
        values = pick(tally)
        if any(values) or not any(tally.requests):
            key = tuple(DIMENSIONS[name](tally) for name in question.split)
            groups[key] = _add(groups[key], values) if key in groups else values
    kept = list(groups.items())[: question.top]
    return [_series(question.split, key, values, points) for key, values in kept]


def _summed(question: Question, tallies: list[Tally], pick: Pick) -> list[int]:
    total = [0] * question.grains.number
    for tally in tallies:
        total = _add(total, pick(tally))
    return total


def _add(one: list[int], other: list[int]) -> list[int]:
    return [left + right for left, right in zip(one, other, strict=True)]


def _series(names: Iterable[str], values: Iterable[str], counts: list[int], points: Points) -> bytes:
    metadata = [
        {"name": {"value": name, "localizedValue": name}, "value": value}
        for name, value in zip(names, values, strict=True)
    ]
    return b'{"metadatavalues":' + msgspec.json.encode(metadata) + b',"data":[' + points.write(counts) + b"]}"


def _wanted(tally: Tally, question: Question) -> bool:
    return all(not values or DIMENSIONS[name](tally).lower() in values for name, values in question.wanted.items())


def _read_filter(condition: str) -> dict[str, frozenset[str]]:
    """`A eq '*' and B eq 'x' or B eq 'y'`, by dimension in lower case. Raises Refusal."""
    wanted: dict[str, frozenset[str]] = {}
    for term in re.split(r"\s+(?:and|or)\s+", condition) if condition.strip() else ():
        found = _TERM.match(term)
        if not found or found[1].lower() not in DIMENSIONS:
            raise Refusal(400, "BadRequest", f"Invalid filter '{term}'; dimensions: {', '.join(DIMENSIONS)}.")
        name, value = found[1].lower(), found[2].lower()
        wanted[name] = frozenset() if value == "*" else wanted.get(name, frozenset()) | {value}
    return wanted


def _unknown_metrics(names: list[str]) -> str:
    valid = ",".join(printed for printed, _ in METRICS.values())
    return (
        "Failed to find metric configuration for provider: Microsoft.CognitiveServices, resource Type: accounts, "
        f"metric: {','.join(names)}, Valid metrics: {valid}"
    )


def _with_value(head: dict[str, Any], value: bytes) -> bytes:
    return msgspec.json.encode(head)[:-1] + b',"value":[' + value + b"]}"


def _print(seconds: float) -> str:
    return at_seconds(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
