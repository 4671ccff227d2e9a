"""The price book as people look it up: filtered, newest first, every price with its date and source."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from fnmatch import fnmatchcase

from deployer.domain.charge import Meter
from deployer.errors import NotFound
from deployer.spend.price import PriceBook, Rate


@dataclass(frozen=True)
class RateFilter:
    """Which rates to show; empty is all. `model` may hold `*`."""

    provider: str = ""
    model: str = ""
    meter: Meter | None = None
    in_force_on: date | None = None

    def fits(self, rate: Rate) -> bool:
        return (
            self.provider.lower() in ("", rate.provider.lower())
            and (not self.model or fnmatchcase(rate.model.lower(), self.model.lower()))
            and self.meter in (None, rate.meter)
            and (self.in_force_on is None or rate.effective_from <= self.in_force_on)
        )


def rates(book: PriceBook, wanted: RateFilter) -> tuple[Rate, ...]:
    """The rates that fit; with `in_force_on`, only the newest of each kind on that day."""
    fitting = sorted((rate for rate in book.rates if wanted.fits(rate)), key=_order)
    if wanted.in_force_on is None:
        return tuple(fitting)
    newest = {_kind(rate): rate for rate in sorted(fitting, key=lambda rate: rate.effective_from)}
    return tuple(rate for rate in fitting if newest[_kind(rate)] is rate)


def rates_of(book: PriceBook, model: str) -> tuple[Rate, ...]:
    """All dated rates of a model, those past included. Raises NotFound with near names."""
    found = rates(book, RateFilter(model=book.spelled(model)))
    if found:
        return found
    near = get_close_matches(model.lower(), sorted({rate.model for rate in book.rates}), n=5)
    raise NotFound(
        f"the price book holds no price of {model!r}" + (f"; did you mean {', '.join(near)}?" if near else ""),
        status=404,
        next_step="`deployer price list` shows all models; an unknown price is never taken for zero",
    )


def newest_reading(all_rates: Iterable[Rate]) -> date | None:
    """When a price was last read at its source."""
    return max((rate.read_on for rate in all_rates), default=None)


def _kind(rate: Rate) -> tuple[object, ...]:
    return (rate.provider, rate.meter, rate.model, rate.tier, rate.region, rate.fine_tuned)


def _order(rate: Rate) -> tuple[str, ...]:
    tuned = str(rate.fine_tuned)
    newest_first = str(date.max.toordinal() - rate.effective_from.toordinal())
    return (rate.provider, rate.model, rate.meter.value, tuned, rate.tier, rate.region, newest_first)
