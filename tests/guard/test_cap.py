"""Changes of caps: killed at any call they are finished once, and never over somebody else's change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from deployer.domain.act import ActKind, Phase
from deployer.domain.cap import AccountCaps, Cap, CapKind, holds
from deployer.domain.deployment import Account
from deployer.domain.money import Money
from deployer.errors import CloudError, Refused
from deployer.guard.cap import put_back, set_cap
from deployer.guard.capwish import Wish, alert_at, deny, limit_rate, limit_spend
from deployer.guard.context import GuardContext
from deployer.guard.recovery import recover_kind
from tests.fakes import FakeClock
from tests.guard.world import World

PROJECT = Account("azure", "proj_1", "proj_1")
ALERT = {"amount": "80", "currency": "USD", "recipients": ["a@example.com"], "subject_prefix": ""}
RATE = {"model": "gpt-4.1-mini", "max_requests_per_1_minute": 500, "max_tokens_per_1_minute": 1000}
WISHES: dict[str, Wish] = {
    "spend-limit": limit_spend(Money.of(100)),
    "alert": alert_at(Money.of(80), ["a@example.com"]),
    "rate-limit": limit_rate("GPT-4.1-mini", 5),
    "permissions": deny("gpt-4.1"),
}


class Killed(BaseException):
    """The process ends here."""


@dataclass
class FakeCaps:
    """One project's caps in memory. `deaf`: changes are accepted and have no effect."""

    clock: FakeClock
    caps: list[Cap] = field(default_factory=lambda: [Cap(CapKind.RATE_LIMIT, RATE, "rl-1")])
    calls: int = 0
    deaf: bool = False
    before_call: Callable[[], None] = lambda: None
    after_call: Callable[[], None] = lambda: None

    def accounts(self) -> tuple[Account, ...]:
        return (PROJECT,)

    def owners(self) -> tuple[str, ...]:
        return ("owner@example.com",)

    def read(self, account: Account) -> AccountCaps:
        return AccountCaps(account, tuple(self.caps), self.clock.now())

    def set(self, account: Account, cap: Cap) -> None:
        self.before_call()
        self.calls += 1
        if not self.deaf:
            old = next((one for one in self.caps if (one.kind, one.key) == (cap.kind, cap.key)), None)
            self.caps = [one for one in self.caps if one is not old]
            if cap.value is not None:
                key = cap.key or ("" if cap.kind is not CapKind.ALERT else f"alert_{self.calls}")
                self.caps.append(Cap(cap.kind, {**(old.value or {} if old else {}), **cap.value}, key))
        self.after_call()


@dataclass
class Capped:
    """A guard on a cloud with one capped project."""

    world: World
    caps: FakeCaps

    @property
    def context(self) -> GuardContext:
        return self.world.context

    def acts(self) -> list[list[str]]:
        return self.world.phases()

    def restart(self) -> tuple[Any, ...]:
        self.world.reopen()
        self.caps.before_call = self.caps.after_call = lambda: None
        return recover_kind(self.context, ActKind.CAP)


@pytest.fixture
def capped(tmp_path: Path) -> Iterator[Capped]:
    with World(tmp_path) as world:
        caps = FakeCaps(world.clock)
        world.cloud.caps = caps
        yield Capped(world, caps)


def wish_for(capped: Capped, kind: str) -> Any:
    return set_cap(capped.context, PROJECT, WISHES[kind], who="me (test)")


def kill() -> None:
    raise Killed


@pytest.mark.parametrize("kind", WISHES)
def test_a_cap_is_set_and_put_back_to_what_stood_there(capped: Capped, kind: str) -> None:
    before = list(capped.caps.caps)
    done = wish_for(capped, kind)
    assert done.act.phase is Phase.DONE
    assert capped.caps.caps != before
    put_back(capped.context, done.act.act_id, who="me (test)")
    now = capped.caps.read(PROJECT)
    assert all(holds(now, cap) for cap in before)
    assert [cap for cap in now.caps if cap.kind not in {CapKind.RATE_LIMIT}] == []


@pytest.mark.parametrize("kind", WISHES)
@pytest.mark.parametrize("point", ["before the call", "after the call"])
def test_a_change_that_is_killed_is_finished_once(capped: Capped, kind: str, point: str) -> None:
    if point == "before the call":
        capped.caps.before_call = kill
    else:
        capped.caps.after_call = kill
    with pytest.raises(Killed):
        wish_for(capped, kind)
    done = capped.caps.calls
    [result] = capped.restart()
    assert result.phase is Phase.DONE
    assert capped.caps.calls == 1 == done or point == "before the call"
    assert holds(capped.caps.read(PROJECT), WISHES[kind](capped.caps.read(PROJECT)))
    assert capped.world.ledger.journal.unfinished() == ()
    put_back(capped.context, result.act_id, who="me (test)")
    assert [cap for cap in capped.caps.caps if cap.kind is not CapKind.RATE_LIMIT] == []
    assert capped.caps.read(PROJECT).find(CapKind.RATE_LIMIT, "rl-1").value == RATE


def test_what_somebody_changed_meanwhile_is_left_alone_after_a_crash(capped: Capped) -> None:
    capped.caps.before_call = kill
    with pytest.raises(Killed):
        wish_for(capped, "spend-limit")
    theirs = Cap(CapKind.SPEND_LIMIT, {"amount": "7", "currency": "USD"})
    capped.caps.caps.append(theirs)
    [result] = capped.restart()
    assert (result.phase, theirs in capped.caps.caps) == (Phase.WITHDRAWN, True)


def test_a_cloud_that_cannot_be_read_leaves_the_change_for_the_next_start(capped: Capped) -> None:
    capped.caps.before_call = kill
    with pytest.raises(Killed):
        wish_for(capped, "spend-limit")
    blind = replace(capped.caps.read(PROJECT), caps=(), unread={CapKind.SPEND_LIMIT: "403"})
    capped.world.reopen()
    good, capped.caps.read = capped.caps.read, lambda account: blind  # type: ignore[method-assign]
    [result] = recover_kind(capped.context, ActKind.CAP)
    assert "left open for the next start" in result.detail
    capped.caps.read = good  # type: ignore[method-assign]
    [result] = capped.restart()
    assert result.phase is Phase.DONE


def test_the_next_sweep_finishes_it_too(capped: Capped) -> None:
    capped.caps.before_call = kill
    with pytest.raises(Killed):
        wish_for(capped, "spend-limit")
    capped.caps.before_call = lambda: None
    outcome = capped.world.sweep()
    assert [result.kind for result in outcome.recovered] == [ActKind.CAP]
    assert capped.caps.read(PROJECT).find(CapKind.SPEND_LIMIT).value is not None


def test_a_change_without_effect_is_a_failure_after_the_time_to_verify(capped: Capped) -> None:
    capped.caps.deaf = True
    begun = capped.world.clock.now()
    done = wish_for(capped, "spend-limit")
    assert (done.failed, done.act.detail) == (True, "still no spend limit after 120 s")
    assert (capped.world.clock.now() - begun).total_seconds() == 120


def test_an_error_after_the_work_was_done_is_no_failure(capped: Capped) -> None:
    def cut() -> None:
        raise CloudError("500 and nobody knows", status=500, maybe_done=True)

    capped.caps.after_call = cut
    assert wish_for(capped, "alert").act.phase is Phase.DONE
    assert capped.caps.calls == 1


def test_only_one_person_at_a_time_changes_the_caps_of_a_project(capped: Capped) -> None:
    seen: list[str] = []

    def again() -> None:
        capped.caps.before_call = lambda: None
        with pytest.raises(Refused) as refused:
            wish_for(capped, "alert")
        seen.append(refused.value.message)

    capped.caps.before_call = again
    assert wish_for(capped, "spend-limit").act.phase is Phase.DONE
    assert seen == ["somebody else is changing the caps of proj_1"]


def test_denying_a_model_takes_it_off_a_list_of_what_is_allowed(capped: Capped) -> None:
    capped.caps.caps.append(Cap(CapKind.PERMISSIONS, {"mode": "allow_list", "models": ["gpt-4.1", "o3"]}))
    wish_for(capped, "permissions")
    [cap] = capped.caps.read(PROJECT).of(CapKind.PERMISSIONS)
    assert cap.value == {"mode": "allow_list", "models": ["o3"]}


def test_an_alert_that_is_like_one_that_stood_there_before_is_not_the_one_to_put_back(capped: Capped) -> None:
    done = wish_for(capped, "alert")
    theirs = Cap(CapKind.ALERT, ALERT, "alert_theirs")
    capped.caps.caps.append(theirs)
    put_back(capped.context, done.act.act_id, who="me (test)", anyway=True)
    assert len(capped.caps.read(PROJECT).of(CapKind.ALERT)) == 1
