"""A line chart as SVG text: how both bills grew, day by day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape

WIDTH, HEIGHT = 820, 330
LEFT, RIGHT, TOP, BOTTOM = 64, 176, 18, 34
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Series:
    """One line: its points in time order, its style (a CSS class) and what stands at its end."""

    label: str
    style: str
    points: Sequence[tuple[datetime, Decimal]]


@dataclass(frozen=True)
class Scale:
    """From instants and dollars to the picture's coordinates."""

    start: datetime
    end: datetime
    top: Decimal

    def x(self, at: datetime) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, amount: Decimal) -> float:
        share = float(amount / self.top)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def draw(series: Sequence[Series], marks: Sequence[tuple[datetime, str]] = ()) -> str:
    """The chart as one `<svg>` element; `marks` are instants worth a dashed upright line."""
    points = [point for one in series for point in one.points]
    instants = [at for at, _ in points]
    scale = Scale(min(instants), max(instants), _round_up(max(amount for _, amount in points)))
    parts = [*_grid(scale), *_days(scale), *_marks(scale, marks), *_lines(scale, series)]
    label = escape("; ".join(f"{one.label}" for one in series), quote=True)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _round_up(amount: Decimal) -> Decimal:
    """The next 1, 2 or 5 times a power of ten, or a multiple in four equal steps."""
    magnitude = Decimal(10) ** max(amount.adjusted() - 1, 0)
    step = next(magnitude * one for one in (*_STEPS, 10, 20, 50) if magnitude * one * 4 >= amount)
    return step * 4


def _grid(scale: Scale) -> Iterator[str]:
    for quarter in range(5):
        amount = scale.top * quarter / 4
        y = scale.y(amount)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text class="tick" x="{LEFT - 8}" y="{y + 4}" text-anchor="end">${amount:,.0f}</text>'


def _days(scale: Scale) -> Iterator[str]:
    days = max(1, (scale.end - scale.start).days)
    step = timedelta(days=max(1, round(days / 6)))
    at = scale.start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while at <= scale.end:
        text = f"{at:%d %b}".lstrip("0")
        yield f'<text class="tick" x="{scale.x(at)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{text}</text>'
        at += step


def _marks(scale: Scale, marks: Sequence[tuple[datetime, str]]) -> Iterator[str]:
    for at, text in marks:
        x = scale.x(at)
        yield f'<line class="mark" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
        yield f'<text class="note" x="{x + 6}" y="{TOP + 12}">{escape(text)}</text>'


def _lines(scale: Scale, series: Sequence[Series]) -> Iterator[str]:
    taken: list[float] = []
    for one in series:
        path = " ".join(f"{scale.x(at)},{scale.y(amount)}" for at, amount in one.points)
        at, amount = one.points[-1]
        y = _free(scale.y(amount), taken)
        yield f'<polyline class="{one.style}" points="{path}"/>'
        yield f'<circle class="{one.style} dot" cx="{scale.x(at)}" cy="{scale.y(amount)}" r="4"/>'
        yield f'<text class="{one.style} label" x="{scale.x(at) + 10}" y="{y + 4}">{escape(one.label)}</text>'


def _free(y: float, taken: list[float]) -> float:
    """A height for a label at least a line away from those already there."""
    while any(abs(y - other) < 16 for other in taken):
        y -= 16
    taken.append(y)
    return y
