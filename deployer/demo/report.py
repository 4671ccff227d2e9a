"""The story as one self-contained page: figures, chart, timeline and both bills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from deployer.demo.bill import Bill, Comparison
from deployer.demo.chart import Series, draw
from deployer.domain.money import Money


@dataclass(frozen=True)
class Beat:
    """One moment of the story."""

    at: datetime
    what: str


def render(comparison: Comparison, beats: Sequence[Beat], marks: Sequence[tuple[datetime, str]], lead: str) -> str:
    """The whole page as HTML; nothing in it is loaded from elsewhere."""
    template = Template(files("deployer.demo").joinpath("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        lead=escape(lead),
        figures=_figures(comparison),
        chart=draw(_series(comparison), marks),
        timeline="".join(_beat(beat) for beat in beats),
        lines="".join(_lines(comparison.unguarded) + _lines(comparison.guarded)),
        footer=escape(_footer(comparison)),
    )


def _figures(comparison: Comparison) -> str:
    figures = (
        ("bad", comparison.unguarded.accrued, "without a guard"),
        ("good", comparison.guarded.accrued, "with the policies in force"),
        ("good", comparison.saved, "saved by the guard"),
        ("", comparison.then, "without a guard, at the $3.00/h of early 2024"),
    )
    return "".join(_figure(style, amount, text) for style, amount, text in figures)


def _figure(style: str, amount: Money, text: str) -> str:
    return f'<div class="figure {style}"><b>{amount}</b><span>{escape(text)}</span></div>'


def _series(comparison: Comparison) -> list[Series]:
    a, b = comparison.unguarded, comparison.guarded
    return [
        Series(f"early 2024: {comparison.then}", "then", comparison.then_growth),
        Series(f"no guard: {a.accrued}", "unguarded", a.growth),
        Series(f"guarded: {b.accrued}", "guarded", b.growth),
    ]


def _beat(beat: Beat) -> str:
    return f'<tr><td class="when">{beat.at:%d %b %H:%M}</td><td>{escape(beat.what)}</td></tr>'


def _lines(bill: Bill) -> list[str]:
    rows = [
        f"<tr><td>{escape(bill.title)}</td><td>{escape(line.what)}</td>"
        f'<td class="number">{escape(line.quantity)}</td><td class="number">{line.amount}</td></tr>'
        for line in bill.lines
    ]
    total = f'<td class="number"><b>{bill.invoiced}</b></td>'
    return [*rows, f"<tr><td>{escape(bill.title)}</td><td><b>invoice</b></td><td></td>{total}</tr>"]


def _footer(comparison: Comparison) -> str:
    verdict = "equal to" if comparison.agrees else "different from"
    return (
        "Made by deployer demo on emulated clouds: no account, no key. What deployer accrued from its own "
        f"price book is {verdict} the emulator's invoice, to the cent, in both runs. "
        "Prices are list prices in US dollars."
    )
