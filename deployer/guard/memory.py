"""What this process remembers between sweeps, so that an hourly guard does not count every day again each hour.

Nothing is decided from it: it says which hours need not be charged again, and what an earlier
answer has shown. A new process knows nothing and reads everything once. It belongs to one ledger.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

from deployer.domain.deployment import Deployment
from deployer.domain.usage import UsageReading
from deployer.ports.ledger import Ledger

SETTLED = timedelta(hours=6)
"""After so long an hour's numbers are taken to be final, until the next whole count."""
WHOLE = timedelta(days=1)
"""How often everything in the window is counted again all the same."""


@dataclass(frozen=True)
class Trace:
    """What a complete answer about one instance has shown."""

    instance: str
    charged_to: datetime
    whole_at: datetime
    last_activity: datetime | None


@dataclass
class Memory:
    """By `DeploymentId.key`."""

    traces: dict[str, Trace] = field(default_factory=dict)
    explained: set[tuple[str, str]] = field(default_factory=set)
    """Instances that are gone, by key and instance, of which the journal says why."""

    def trace(self, deployment: Deployment) -> Trace | None:
        found = self.traces.get(deployment.id.key)
        return found if found is not None and found.instance == deployment.instance else None

    def uncounted_from(self, deployment: Deployment, reading: UsageReading, now: datetime) -> datetime:
        """Hours before this one are charged already."""
        trace = self.trace(deployment)
        if trace is None or now - trace.whole_at >= WHOLE:
            return reading.window.start
        start = (trace.charged_to - SETTLED).replace(minute=0, second=0, microsecond=0)
        return max(start, reading.window.start)

    def remember(self, deployment: Deployment, reading: UsageReading, counted_from: datetime, now: datetime) -> None:
        """A complete answer was charged from `counted_from` to its end."""
        if not reading.complete:
            return
        trace = self.trace(deployment)
        whole = counted_from <= reading.window.start or trace is None
        last = reading.last_activity
        if last is None and trace:
            last = trace.last_activity
        instance = deployment.instance
        whole_at = now if whole or trace is None else trace.whole_at
        self.traces[deployment.id.key] = Trace(instance, reading.window.end, whole_at, last)


_MEMORIES: WeakKeyDictionary[Ledger, Memory] = WeakKeyDictionary()


def memory_of(ledger: Ledger) -> Memory:
    """This process's memory beside that ledger."""
    return _MEMORIES.setdefault(ledger, Memory())
