"""A guard that cannot see guards nothing, and nobody looks at its log: people are told when that begins and ends."""

from deployer.errors import DeployerError
from deployer.guard.outcome import Outcome
from deployer.ports.notifier import Message, Notifier


class Alarm:
    """Tells once when sweeps begin to fail, and once when they work again."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._ringing = False

    def hear(self, ended: Outcome | DeployerError) -> None:
        """Take note of how a sweep ended."""
        trouble = _trouble(ended)
        if trouble and not self._ringing:
            body = f"{trouble}\nNothing is warned about or undeployed until this is mended. The guard goes on trying."
            self._ringing = self._notifier.send(Message("deployer: the guard cannot sweep", body, urgent=True))
        elif not trouble and self._ringing:
            self._notifier.send(Message("deployer: the guard sweeps again", "The last sweep worked."))
            self._ringing = False


def _trouble(ended: Outcome | DeployerError) -> str:
    """Why nothing could be guarded, "" when something was."""
    if isinstance(ended, DeployerError):
        return f"{ended.message}\n{ended.next_step}".strip()
    return "\n".join(str(gap) for gap in ended.plan.gaps) if ended.blind else ""
