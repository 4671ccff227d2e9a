"""Random lives of deployments under a guard: it never deletes what is active, unknown, protected or unwarned.

The cloud's own truth is asked, not the guard's: when was it last called, who was told, what could
be seen. Counters prove that deletions, faults and crashes really happened.
"""

import shutil
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from deployer.domain.act import ActKind, Phase
from deployer.errors import CloudError, Unreachable
from deployer.guard.restoration import unpack
from deployer.guard.sweep import apply_sweep
from deployer.policy.document import Limits
from deployer.ports.notifier import Message
from tests.fakes import HOUR, FakeClock, FakeNotifier
from tests.guard.mortal import Deadline, mortal
from tests.guard.world import FAST, IDLE, World, policies

NAMES = st.sampled_from(["one", "two", "three"])
AFTER, WARN, LATENCY = 24 * HOUR, 2 * HOUR, timedelta(minutes=10)
WINDOW = 32 * HOUR
SEEN: Counter[str] = Counter()
"""What happened over all lives."""


class Crash(BaseException):
    """The process is gone; nothing catches it."""


class Diary(FakeNotifier):
    """Knows when it was told what."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.heard: list[tuple[datetime, str]] = []

    def send(self, message: Message, channels: object = ()) -> bool:
        if self.takes:
            self.heard.append((self.clock.now(), message.body))
        return self.takes


class Guarded(RuleBasedStateMachine):
    template: ClassVar[Path]

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(dir=FAST)
        home = Path(self.folder.name)
        shutil.copy(self.template, home / "ledger.sqlite3")
        clock = FakeClock()
        limits = Limits(max_actions=10, max_share=Decimal(1), max_actions_per_day=100)
        self.world = World(home, policies=policies(IDLE, limits=limits), clock=clock, notifier=Diary(clock))
        self.judged = 0

    def teardown(self) -> None:
        """Once the cloud is well again, everything that was begun is brought to an end."""
        self.world.cloud.calm()
        self.world.sweep()
        assert self.world.ledger.journal.unfinished() == ()
        self.every_deletion_was_right()
        self.world.ledger.close()
        self.folder.cleanup()

    # --- what happens -------------------------------------------------------------------------

    @rule(name=NAMES)
    def somebody_deploys(self, name: str) -> None:
        if name not in self.world.standing:
            self.world.cloud.deploy(name)

    @rule(name=NAMES)
    def somebody_calls(self, name: str) -> None:
        for one in self.world.cloud.standing.values():
            if one.name == name:
                self.world.cloud.use(one)

    @rule(name=NAMES, protected=st.booleans())
    def somebody_protects(self, name: str, protected: bool) -> None:
        key = f"azure:aoai-dev/{name}"
        self.world.ledger.decisions.protect(key, protected, "me", "", self.world.clock.now())

    @rule(hours=st.sampled_from([1, 3, 12, 25]))
    def time_passes(self, hours: int) -> None:
        self.world.clock.advance(hours * HOUR)

    @rule(operation=st.sampled_from(["inventory", "read", "usage", "delete"]), times=st.integers(1, 3))
    def the_cloud_fails(self, operation: str, times: int) -> None:
        self.world.cloud.fail(operation, CloudError("503", status=503), times)
        SEEN["faults"] += times

    @rule()
    def the_answer_to_a_deletion_is_lost(self) -> None:
        self.world.cloud.fail("delete", Unreachable("cut", maybe_done=True))

    @rule(alive=st.sampled_from([True, True, None, False]))
    def the_metric_shows(self, alive: bool | None) -> None:
        self.world.cloud.alive = alive

    @rule(takes=st.sampled_from([True, True, False]))
    def the_channel(self, takes: bool) -> None:
        self.world.notifier.takes = takes

    @rule()
    def sweep(self) -> None:
        self._count(self.world.sweep())

    @rule(hours=st.integers(1, 30))
    def sweeps(self, hours: int) -> None:
        """What a guard does all day."""
        for outcome in self.world.sweep_for(hours):
            self._count(outcome)

    @rule(name=NAMES, failures=st.sampled_from([0, 0, 1, 3]))
    def one_is_forgotten(self, name: str, failures: int) -> None:
        """What ends in an undeploy unless something else happened before: so that acts are not rare."""
        if name not in self.world.standing:
            self.world.cloud.deploy(name)
        self.world.cloud.alive = True
        if failures:
            self.world.cloud.fail("delete", CloudError("503", status=503), failures)
        for outcome in self.world.sweep_for(30):
            self._count(outcome)

    @precondition(lambda self: self.world.cloud.standing)
    @rule(fatal=st.integers(2, 16))
    def the_guard_is_killed(self, fatal: int) -> None:
        def end() -> None:
            raise Crash

        deadline = Deadline(fatal, end)
        try:
            for _ in range(4):
                apply_sweep(mortal(self.world.context, deadline))
                self.world.clock.advance(HOUR)
        except Crash:
            SEEN["crashes"] += 1
            self.world.reopen()

    # --- what must hold -----------------------------------------------------------------------

    @invariant()
    def every_deletion_was_right(self) -> None:
        """Of each deletion that the guard asked for, by the cloud's truth at that moment."""
        acts = [act for act in reversed(self.world.ledger.journal.acts()) if act.kind is ActKind.UNDEPLOY]
        for act in acts[self.judged :]:
            self._judge(act.at or self.world.clock.now(), unpack(act.body).id.key, unpack(act.body).created_at)
            SEEN["judged"] += 1
        self.judged = len(acts)
        done = Counter((act.subject, act.instance) for act in acts if act.phase is Phase.DONE)
        assert all(count == 1 for count in done.values())
        journalled = {(act.subject, act.instance) for act in acts}
        assert set(self.world.cloud.deleted) <= journalled

    def _judge(self, at: datetime, key: str, created: datetime | None) -> None:
        assert created is not None
        calls = [call for call in self.world.cloud.traffic[key] if created <= call <= at - LATENCY]
        last = max(calls, default=created)
        assert at - last >= AFTER, f"{key} was called {at - last} before"
        told = [when for when, body in self.world.notifier.heard if key in body.lower() and created <= when]  # type: ignore[attr-defined]
        assert any(when <= at - WARN for when in told), f"{key} was not warned"
        assert self.world.cloud.alive or any(call >= at - WINDOW for call in calls), f"{key} was unknown"
        assert key not in self.world.ledger.decisions.history(at).protected

    def _count(self, outcome: object) -> None:
        for result in outcome.results:  # type: ignore[attr-defined]
            SEEN[result.phase.value] += 1
        SEEN["sweeps"] += 1
        SEEN["unknown"] += sum(one.state.value == "unknown" for one in outcome.plan.findings)  # type: ignore[attr-defined]


def test_no_life_ends_wrongly(empty_ledger: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Guarded.template = empty_ledger
    run_state_machine_as_test(
        Guarded,
        settings=settings(
            max_examples=40,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what in ("sweeps", "judged", "done", "failed", "unknown", "faults", "crashes"):
        assert SEEN[what] > 0, f"{what} never happened: {SEEN}"
