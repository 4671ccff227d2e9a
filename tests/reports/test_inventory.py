"""The inventory as people read it: nothing unpriced is free, nothing unread is idle."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from deployer.domain.charge import Meter
from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier
from deployer.domain.money import Money
from deployer.domain.retirement import Retirement
from deployer.domain.snapshot import Gap, InventoryReading, Snapshot
from deployer.domain.usage import Activity
from deployer.errors import DeployerError, NotFound, Throttled, Unreachable
from deployer.policy.document import Match, Policy
from deployer.reports.inventory import Selection, inventory, total_hourly
from deployer.reports.survey import find_deployment, survey
from deployer.spend.price import PriceBook, Rate, Unpriced
from tests.fakes import FakeClock, FakeCloud

NOW = datetime(2026, 9, 1, tzinfo=UTC)
ACCOUNT = Account("azure", "aoai-dev", "/subscriptions/s/accounts/aoai-dev", region="eastus2")


def deployment(name: str, **changes: object) -> Deployment:
    made = Deployment(
        id=DeploymentId("azure", "aoai-dev", name),
        account=ACCOUNT,
        model="gpt-4.1-mini.ft-x",
        base_model="gpt-4.1-mini",
        fine_tuned=True,
        tier=Tier.REGIONAL,
        created_at=NOW - timedelta(days=30),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def hosting(model: str, price: str) -> Rate:
    day = date(2026, 1, 1)
    return Rate("azure", Meter.HOSTING, model, Decimal(price), Decimal(1), day, "a list", day)


BOOK = PriceBook([hosting("gpt-4.1-mini", "1.70"), hosting("gpt-4-8k", "5.00")])


def snapshot(*deployments: Deployment) -> Snapshot:
    return Snapshot(NOW, accounts=(ACCOUNT,), deployments=deployments)


def test_developer_tier_stops_answering_a_day_after_it_was_made_whenever_its_model_retires() -> None:
    young = deployment("trial", tier=Tier.DEVELOPER, created_at=NOW - timedelta(hours=5))
    retires = Retirement(at=NOW + timedelta(days=400), source="the list", as_of=NOW)
    seen = replace(snapshot(young), retirements={young.id.key: retires})

    (line,) = inventory(seen, BOOK, [], used=False)

    assert line.retirement is not None
    assert line.retirement.at == NOW + timedelta(hours=19)
    assert "24 hours" in line.retirement.source


def test_what_was_made_a_minute_ago_is_not_called_idle() -> None:
    made = deployment("new", created_at=NOW - timedelta(minutes=1))

    (line,) = inventory(snapshot(made), BOOK, [], used=True)

    assert line.use is not None
    assert line.use.state is Activity.ACTIVE


def test_a_cloud_whose_clock_is_ahead_makes_nothing_younger_than_new() -> None:
    (line,) = inventory(snapshot(deployment("new", created_at=NOW + timedelta(seconds=9))), BOOK, [], used=False)

    assert line.age == timedelta()


def test_deployment_that_came_without_its_model_is_unpriced_and_not_free() -> None:
    base = deployment("bare", model="", base_model="", fine_tuned=False)
    book = PriceBook([replace(hosting("*", "0"), fine_tuned=False)])

    (line,) = inventory(snapshot(base), book, [], used=False)

    assert isinstance(line.hourly, Unpriced)


def test_unpriced_comes_first_and_is_no_part_of_the_sum() -> None:
    new, dear, cheap = deployment("new", base_model="gpt-9"), deployment("a", base_model="gpt-4-8k"), deployment("b")

    lines = inventory(snapshot(cheap, dear, new), BOOK, [], used=False)

    assert [line.deployment.name for line in lines] == ["new", "a", "b"]
    assert isinstance(lines[0].hourly, Unpriced)
    assert isinstance(lines[0].monthly, Unpriced)
    assert total_hourly(lines) == (Money.of("6.70"), 1)


def test_month_is_730_hours() -> None:
    (line,) = inventory(snapshot(deployment("a")), BOOK, [], used=False)

    assert line.monthly == Money.of("1241.00")


def test_age_is_unknown_when_the_cloud_does_not_say() -> None:
    (line,) = inventory(snapshot(deployment("a", created_at=None)), BOOK, [], used=False)

    assert line.age is None


def test_use_that_was_not_read_is_unknown() -> None:
    (line,) = inventory(snapshot(deployment("a")), BOOK, [], used=True)

    assert line.use is not None
    assert line.use.state is Activity.UNKNOWN


def test_use_is_left_out_when_nobody_asked() -> None:
    (line,) = inventory(snapshot(deployment("a")), BOOK, [], used=False)

    assert line.use is None


def test_all_matching_policies_are_named() -> None:
    policies = [Policy("one", Match(account=("aoai-*",))), Policy("two", Match(deployment=("b",)))]
    lines = inventory(snapshot(deployment("a"), deployment("b")), BOOK, policies, used=False)

    assert {line.deployment.name: line.policies for line in lines} == {"a": ("one",), "b": ("one", "two")}


@pytest.mark.parametrize(
    ("selection", "fits"),
    [
        (Selection(), True),
        (Selection(provider="Azure"), True),
        (Selection(provider="openai"), False),
        (Selection(account="AOAI-*"), True),
        (Selection(account="aoai-prod"), False),
        (Selection(unguarded=True), True),
    ],
    ids=str,
)
def test_selection(selection: Selection, fits: bool) -> None:
    (line,) = inventory(snapshot(deployment("a")), BOOK, [], used=False)

    assert selection.fits(line) is fits


# --- survey -----------------------------------------------------------------------------------


class RaisingInventory:
    """A provider that breaks its promise and raises instead of telling a gap."""

    def observe(self, known: Sequence[Account] = ()) -> InventoryReading:
        raise Unreachable("no route")

    def read(self, account: Account, name: str) -> Deployment | None:
        raise Unreachable("no route")

    def of(self, account: Account) -> tuple[Deployment, ...]:
        raise Unreachable("no route")


def test_one_cloud_that_fails_does_not_hide_the_other() -> None:
    clock = FakeClock()
    sound, broken = FakeCloud(clock), FakeCloud(clock, "other")
    sound.deploy("a")
    sound.fail("usage", Throttled("429"))
    broken.inventory = RaisingInventory()

    seen = survey({"azure": sound, "other": broken}, NOW, usage=True)

    assert [found.name for found in seen.deployments] == ["a"]
    assert list(map(str, seen.gaps)) == ["accounts of other: no route"]
    assert not seen.complete
    assert [aliveness.cause for aliveness in seen.aliveness.values()] == ["429"]


def test_usage_is_not_asked_for_when_nobody_wants_it() -> None:
    cloud = FakeCloud(FakeClock())
    cloud.deploy("a")

    survey({"azure": cloud}, NOW, usage=False)

    assert cloud.calls == {"inventory": 1}


def test_no_clouds_are_an_empty_survey() -> None:
    assert survey({}, NOW, usage=True) == Snapshot(NOW)


def test_name_is_absent_only_where_all_was_read() -> None:
    whole = snapshot(deployment("a"))

    with pytest.raises(NotFound):
        find_deployment(whole, "zzz")
    with pytest.raises(DeployerError, match="not everything could be read"):
        find_deployment(replace(whole, gaps=(Gap("deployments", "aoai-prod", "403"),)), "zzz")
