"""Reads the price list that comes with the package.

CSV, because it loads in a few milliseconds with the standard library, diffs line by line and
opens in any spreadsheet. A row that cannot be understood is an error, never a skipped price.
"""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import product
from pathlib import Path

from deployer.domain.charge import Meter
from deployer.domain.deployment import Tier
from deployer.errors import InvalidFile, Problem
from deployer.spend.price import ANY, PriceBook, Rate

FOLDER = Path(__file__).parent
_FINE_TUNED = {"yes": True, "no": False, ANY: None}
_TIERS = {ANY, *(tier.value for tier in Tier)}


@cache
def load() -> PriceBook:
    """The book that ships with the package. Raises InvalidFile if it was tampered with."""
    return read_book(FOLDER)


def read_book(folder: Path) -> PriceBook:
    """The book in `folder`: price.csv, source.csv and alias.csv. Raises InvalidFile with every bad row."""
    sources = {row["key"]: row["text"] for _, row in _rows(folder / "source.csv")}
    aliases = {row["alias"]: row["model"] for _, row in _rows(folder / "alias.csv")}
    rates: list[Rate] = []
    problems: list[Problem] = []
    for line, row in _rows(folder / "price.csv"):
        try:
            rates.extend(_rates(row, sources))
        except (KeyError, ValueError, InvalidOperation) as error:
            problems.append(Problem(f"{folder / 'price.csv'}:{line}", f"not a price ({error!r})"))
    if problems:
        raise InvalidFile(tuple(problems), next_step="reinstall the package, or correct the rows")
    return PriceBook(rates, aliases)


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Every row under the header with its line number; lines that start with # are remarks."""
    lines = [(number, text) for number, text in enumerate(path.read_text("utf-8").splitlines(), 1) if text[:1] != "#"]
    rows = csv.DictReader(text for _, text in lines)
    for (number, _), row in zip(lines[1:], rows, strict=True):
        yield number, row


def _rates(row: Mapping[str, str], sources: Mapping[str, str]) -> Iterator[Rate]:
    price, per = Decimal(row["price"]), Decimal(row["per"])
    if price < 0 or per <= 0:
        raise ValueError(f"{price} for {per} units")
    source = sources[row["source"]].replace("{meter}", row["vendor_meter"])
    for tier, region in product(row["tier"].split("|"), row["region"].split("|")):
        if tier not in _TIERS:
            raise ValueError(f"tier {tier}")
        yield Rate(
            provider=row["provider"],
            meter=Meter(row["meter"]),
            model=row["model"],
            price=price,
            per=per,
            effective_from=date.fromisoformat(row["effective_from"]),
            source=source,
            read_on=date.fromisoformat(row["read_on"]),
            tier=tier,
            region=region,
            fine_tuned=_FINE_TUNED[row["fine_tuned"]],
        )
