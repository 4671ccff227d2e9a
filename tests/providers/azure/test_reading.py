"""Numbers of Azure Monitor as grains of a deployment's usage."""

from datetime import UTC, datetime, timedelta

from deployer.domain.period import Period
from deployer.providers.azure.metric import HOUR
from deployer.providers.azure.reading import align, merge

START = datetime(2026, 9, 1, tzinfo=UTC)
FAMILIES = ("AzureOpenAIRequests", "ModelRequests")


def test_of_two_families_the_larger_number_of_each_grain_counts() -> None:
    counts = {"AzureOpenAIRequests": {START: 4}, "ModelRequests": {START: 5, START + HOUR: 1}}

    assert merge(counts, FAMILIES) == {START: 5, START + HOUR: 1}


def test_family_that_shows_nothing_takes_nothing_away() -> None:
    assert merge({"ModelRequests": {START: 5}}, FAMILIES) == {START: 5}


def test_no_number_in_any_family_is_no_number() -> None:
    assert merge({"InputTokens": {START: 5}}, FAMILIES) == {}


def test_window_begins_with_its_first_grain() -> None:
    window = Period(START + timedelta(minutes=25), START + timedelta(hours=3, minutes=50))

    assert align(window, HOUR) == Period(START, window.end)
