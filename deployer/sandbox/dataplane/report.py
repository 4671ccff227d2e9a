"""OpenAI's usage and costs reports: what was called and what it cost, in buckets of time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from deployer.sandbox.charge import Line
from deployer.sandbox.clock import at_seconds, seconds_of
from deployer.sandbox.dataplane.error import openai_error
from deployer.sandbox.dataplane.project import Tenant, openai_lines
from deployer.sandbox.usage import NOTHING, Counts
from deployer.sandbox.wire import Request, Response
from deployer.sandbox.world import World

# By bucket width: seconds, how many buckets a page has by default and at most.
_WIDTHS = {"1m": (60, 60, 1440), "1h": (3600, 24, 168), "1d": (86_400, 7, 31)}
_COST_PAGE, _MOST_COSTS = 7, 180
_ITEMS = {
    "input": "input",
    "cached-input": "cached input",
    "output": "output",
    "training": "fine-tuning training",
    "training-hours": "fine-tuning training hours",
}
UNUSED = (
    "audio_speeches", "audio_transcriptions", "code_interpreter_sessions", "embeddings", "file_search_calls", "images",
    "moderations", "vector_stores", "web_search_calls",
)  # fmt: skip
"""What the sandbox's models are never used for: reports without results."""
Row = dict[str, Any]


@dataclass(frozen=True)
class Window:
    """The buckets of one page: `first` is an index into all of them."""

    start: int
    end: int
    width: int
    first: int
    limit: int

    @property
    def total(self) -> int:
        return max(0, -(-(self.end - self.start) // self.width))

    def buckets(self) -> Iterator[tuple[int, int]]:
        for index in range(self.first, min(self.total, self.first + self.limit)):
            begin = self.start + index * self.width
            yield begin, min(begin + self.width, self.end)


class Reports:
    """Handlers over one world."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self._world, self._tenant = world, tenant

    def completions(self, request: Request) -> Response:
        """`/organization/usage/completions`: this tells idleness."""
        width = request.query("bucket_width", "1d")
        if width not in _WIDTHS:
            raise openai_error(400, f"Invalid bucket_width '{width}'.", param="bucket_width")
        window = self._window(request, *_WIDTHS[width])
        groups, models = set(_list(request, "group_by")), _list(request, "models")
        projects = _list(request, "project_ids")
        return _page(window, lambda begin, end: self._used(begin, end, groups, models, projects))

    def unused(self, request: Request) -> Response:
        """A report of something that nobody used."""
        width = request.query("bucket_width", "1d")
        if width not in _WIDTHS:
            raise openai_error(400, f"Invalid bucket_width '{width}'.", param="bucket_width")
        return _page(self._window(request, *_WIDTHS[width]), lambda begin, end: [])

    def costs(self, request: Request) -> Response:
        """`/organization/costs`: buckets of one day, by project and line item, never by model."""
        if request.query("bucket_width", "1d") != "1d":
            raise openai_error(400, "Invalid bucket_width: only '1d' is supported.", param="bucket_width")
        groups = set(_list(request, "group_by"))
        if not groups <= {"project_id", "line_item", "api_key_id", "user_id", "api_source"}:
            raise openai_error(400, f"Invalid group_by: {', '.join(sorted(groups))}.", param="group_by")
        window = self._window(request, 86_400, _COST_PAGE, _MOST_COSTS)
        projects = _list(request, "project_ids")
        return _page(window, lambda begin, end: self._cost(begin, end, groups, projects))

    def _window(self, request: Request, width: int, default: int, most: int) -> Window:
        start = _number(request, "start_time")
        if start is None:
            raise openai_error(400, "Missing required parameter: 'start_time'.", param="start_time")
        start -= start % width
        now = int(seconds_of(self._world.now()))
        end = _number(request, "end_time") or now - now % width + width
        page = request.query("page")
        first = int(page.removeprefix("page_")) if page.removeprefix("page_").isdigit() else 0
        limit = min(_number(request, "limit") or default, most, self._world.settings.list_page_size)
        return Window(start, end, width, first, limit)

    def _used(self, begin: int, end: int, groups: set[str], models: list[str], projects: list[str]) -> list[Row]:
        sums: dict[tuple[str | None, str | None], Counts] = {}
        for project in self._tenant.projects:
            if projects and project not in projects:
                continue
            for model, series in self._world.usage.of_account(project).items():
                counts = [found for status, found in series.by_status(begin, end).items() if status < 400]
                if counts and (not models or model in {name.lower() for name in models}):
                    name = self._tenant.spellings.get(model, model)
                    key = (project if "project_id" in groups else None, name if "model" in groups else None)
                    for found in counts:
                        sums[key] = sums.get(key, NOTHING).plus(found)
        return [_usage_row(project, model, counts) for (project, model), counts in sorted(sums.items(), key=str)]

    def _cost(self, begin: int, end: int, groups: set[str], projects: list[str]) -> list[Row]:
        """To the present instant only: the future has no costs."""
        last = min(at_seconds(end), self._world.now() + timedelta(microseconds=1))
        if at_seconds(begin) >= last:
            return []
        lines = openai_lines(self._world, at_seconds(begin), last)
        return _cost_rows([line for line in lines if line.account in (projects or self._tenant.projects)], groups)


def _cost_rows(lines: Iterable[Line], groups: set[str]) -> list[Row]:
    sums: dict[tuple[str | None, str | None], tuple[Decimal, Decimal]] = {}
    for line in lines:
        item = f"{line.model}, {_ITEMS[line.meter]}" if "line_item" in groups else None
        key = (line.account if "project_id" in groups else None, item)
        amount, quantity = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = (amount + line.amount, quantity + line.quantity)
    return [
        {
            "object": "organization.costs.result",
            "amount": {"value": float(amount), "currency": "usd"},
            "line_item": item,
            "project_id": project,
            "quantity": float(quantity) if item else None,
        }
        for (project, item), (amount, quantity) in sorted(sums.items(), key=str)
    ]


def _usage_row(project: str | None, model: str | None, counts: Counts) -> Row:
    return {
        "object": "organization.usage.completions.result",
        "input_tokens": counts.input_tokens,
        "output_tokens": counts.output_tokens,
        "input_cached_tokens": counts.cached_tokens,
        "input_audio_tokens": 0,
        "output_audio_tokens": 0,
        "num_model_requests": counts.requests,
        "project_id": project,
        "user_id": None,
        "api_key_id": None,
        "model": model,
        "batch": None,
        "service_tier": None,
    }


def _page(window: Window, rows: Callable[[int, int], list[Row]]) -> Response:
    data = [
        {"object": "bucket", "start_time": begin, "end_time": end, "results": rows(begin, end)}
        for begin, end in window.buckets()
    ]
    more = window.first + window.limit < window.total
    next_page = f"page_{window.first + window.limit}" if more else None
    return Response.json({"object": "page", "data": data, "has_more": more, "next_page": next_page})


def _list(request: Request, name: str) -> list[str]:
    """A list parameter, written as `name`, `name[]` or with commas."""
    values = request.values(f"{name}[]") + request.values(name)
    return [part for value in values for part in value.split(",") if part]


def _number(request: Request, name: str) -> int | None:
    text = request.query(name)
    if not text:
        return None
    if not text.isdigit():
        raise openai_error(400, f"Invalid '{name}': '{text}' is not a whole number.", param=name)
    return int(text)
