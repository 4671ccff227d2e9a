"""Dated, sourced prices and how one is found.

A price that is not in the book is an `Unpriced` value that names what is missing: it is
never zero and never a guess.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from deployer.domain.charge import Meter
from deployer.domain.deployment import Tier
from deployer.domain.money import Money

ANY = "*"


@dataclass(frozen=True)
class Rate:
    """One price: `price` in `currency` for `per` units of `meter` (hours, PTU-hours or tokens).

    `model` is a base model (`gpt-4.1-mini`) or `*`, `fine_tuned` whether it is the rate of fine-tuned
    deployments (None: both). `tier` and `region` are `*` where the price holds for all.
    `source` says where the figure was read, `read_on` when.
    """

    provider: str
    meter: Meter
    model: str
    price: Decimal
    per: Decimal
    effective_from: date
    source: str
    read_on: date
    tier: str = ANY
    region: str = ANY
    fine_tuned: bool | None = None
    currency: str = "USD"

    def cost(self, quantity: Decimal) -> Money:
        """The exact price of `quantity` units."""
        return Money(self.amount(quantity), self.currency)

    def amount(self, quantity: Decimal) -> Decimal:
        """The same as a bare number."""
        return self.price * quantity / self.per


@dataclass(frozen=True)
class Unpriced:
    """A price that the book does not hold."""

    what: str

    def __str__(self) -> str:
        return f"no price known for {self.what}"


@dataclass(frozen=True)
class PriceQuery:
    """What is asked of the book."""

    provider: str
    meter: Meter
    model: str
    tier: Tier
    region: str
    fine_tuned: bool
    at: datetime

    def __str__(self) -> str:
        tuned = "fine-tuned " if self.fine_tuned else ""
        where = f" in {self.region}" if self.region else ""
        return f"{self.meter} of {tuned}{self.model} ({self.tier}{where}) on {self.provider}"


class PriceBook:
    """All rates. The most specific one in force wins: model, then region, tier, fine-tuned or not, the latest date.

    `aliases` are other spellings of a model's name (`gpt-35-turbo` for `gpt-3.5-turbo`).
    """

    def __init__(self, rates: Iterable[Rate], aliases: Mapping[str, str] | None = None) -> None:
        self.rates = tuple(rates)
        self.aliases = dict(aliases or {})
        self._by_key: dict[tuple[str, str, str], list[Rate]] = {}
        self._found: dict[tuple[str, str, str, str, str, bool, date], Rate | Unpriced] = {}
        for rate in self.rates:
            self._by_key.setdefault((rate.provider, rate.meter, rate.model), []).append(rate)

    def find(self, query: PriceQuery) -> Rate | Unpriced:
        """The rate in force at `query.at`, or what is missing."""
        key = (*_facts(query), query.fine_tuned, query.at.date())
        if key not in self._found:
            self._found[key] = self._search(query)
        return self._found[key]

    def spelled(self, model: str) -> str:
        """The book's own spelling of a model's name."""
        name = model.lower()
        return self.aliases.get(name, name)

    @property
    def read_on(self) -> date | None:
        """When the oldest figure of the book was read at its source; None for an empty book."""
        return min((rate.read_on for rate in self.rates), default=None)

    def age(self, now: datetime) -> timedelta | None:
        """How long ago the oldest figure was read; None for an empty book."""
        return None if self.read_on is None else now.date() - self.read_on

    def _search(self, query: PriceQuery) -> Rate | Unpriced:
        named = self._by_key.get((query.provider, query.meter, self.spelled(query.model)), [])
        any_model = self._by_key.get((query.provider, query.meter, ANY), [])
        fitting = [rate for rate in named + any_model if _fits(rate, query)]
        return max(fitting, key=_specificity) if fitting else Unpriced(str(query))


def _facts(query: PriceQuery) -> tuple[str, str, str, str, str]:
    return (query.provider, query.meter, query.model, query.tier, query.region)


def _fits(rate: Rate, query: PriceQuery) -> bool:
    return (
        rate.effective_from <= query.at.date()
        and rate.tier in (ANY, query.tier.value)
        and rate.region in (ANY, query.region.lower())
        and rate.fine_tuned in (None, query.fine_tuned)
    )


def _specificity(rate: Rate) -> tuple[bool, bool, bool, bool, date]:
    exact_model, exact_region, exact_tier = rate.model != ANY, rate.region != ANY, rate.tier != ANY
    return (exact_model, exact_region, exact_tier, rate.fine_tuned is not None, rate.effective_from)
