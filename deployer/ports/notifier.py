"""What the use cases need to tell people something."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Message:
    """Something to tell people: plain text, `urgent` for acts and failures."""

    title: str
    body: str
    urgent: bool = False


class Notifier(Protocol):
    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        """Deliver to the configured channels and to `channels`; True when at least one took it."""
        ...
