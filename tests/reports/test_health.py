"""Doctor's findings: a warning is no failure, an error of a file comes first."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from deployer.domain.charge import Meter
from deployer.domain.plan import Mode
from deployer.errors import InvalidFile, Problem
from deployer.policy.document import Match, Policy, PolicySet
from deployer.ports.cloud import Check
from deployer.reports.health import Finding, Health, clock_skew, clouds, exit_code, policies, prices
from deployer.spend.price import PriceBook, Rate
from tests.fakes import FakeClock, FakeCloud

NOW = datetime(2026, 9, 1, tzinfo=UTC)


class CheckedCloud(FakeCloud):
    """A cloud whose own checks are scripted."""

    def __init__(self, *checks: Check) -> None:
        super().__init__(FakeClock())
        self._checks = checks

    def check(self) -> tuple[Check, ...]:
        return self._checks


@pytest.mark.parametrize(
    ("healths", "code"),
    [
        ((), 0),
        ((Health.OK, Health.WARNING), 0),
        ((Health.UNREAD,), 5),
        ((Health.UNREAD, Health.FAILED), 1),
        ((Health.FAILED, Health.INVALID), 4),
    ],
    ids=str,
)
def test_exit_code_is_the_first_that_applies(healths: tuple[Health, ...], code: int) -> None:
    assert exit_code(Finding("a", "b", health, "c") for health in healths) == code


def test_failed_check_of_a_cloud_keeps_its_next_step_and_spares_the_inventory() -> None:
    cloud = CheckedCloud(Check("credential", False, "401", "renew the secret"))

    (finding,) = clouds([], [cloud])

    assert finding == Finding("azure", "credential", Health.FAILED, "401", "renew the secret")
    assert cloud.calls["inventory"] == 0


def test_sound_cloud_shows_what_it_sees() -> None:
    cloud = CheckedCloud(Check("credential", True, "signed in"))
    cloud.deploy("bot")

    assert [finding.detail for finding in clouds([], [cloud])] == ["signed in", "1 accounts, 1 deployments"]


def test_cloud_that_is_known_but_not_configured_is_a_warning() -> None:
    assert [(finding.area, finding.health) for finding in clouds(["openai"], [])] == [("openai", Health.WARNING)]


@pytest.mark.parametrize(
    ("skew", "health"), [(timedelta(seconds=-299), Health.OK), (timedelta(minutes=6), Health.FAILED)], ids=str
)
def test_clock_may_differ_by_five_minutes(skew: timedelta, health: Health) -> None:
    assert clock_skew(NOW + skew, NOW, "host").health is health


@pytest.mark.parametrize(("days", "health"), [(30, Health.OK), (121, Health.WARNING)])
def test_old_prices_are_a_warning(days: int, health: Health) -> None:
    read = date(2026, 9, 1) - timedelta(days=days)
    rate = Rate("azure", Meter.HOSTING, "m", Decimal(1), Decimal(1), read, "a list", read)

    assert prices(PriceBook([rate]), NOW).health is health


def test_empty_price_book_is_a_failure() -> None:
    assert prices(PriceBook([]), NOW).health is Health.FAILED


def test_each_problem_of_the_policies_is_a_finding() -> None:
    error = InvalidFile((Problem("a.yaml:1:1", "one"), Problem("a.yaml:2:1", "two")))

    findings = policies(error, "policies")

    assert [finding.detail for finding in findings] == ["a.yaml:1:1: one", "a.yaml:2:1: two"]
    assert {finding.health for finding in findings} == {Health.INVALID}


@pytest.mark.parametrize(("mode", "step"), [(Mode.OBSERVE, True), (Mode.ENFORCE, False)])
def test_observing_says_how_to_enforce(mode: Mode, step: bool) -> None:
    (finding,) = policies(PolicySet(mode, policies=(Policy("a", Match()),)), "policies")

    assert bool(finding.next_step) is step


def test_no_policies_are_a_warning() -> None:
    assert policies(PolicySet(), "policies")[0].health is Health.WARNING
