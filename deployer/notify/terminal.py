"""Messages on the terminal: what counts as delivered where no channel is configured."""

import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from deployer.ports.notifier import Message


class TerminalNotifier:
    """Writes to stderr, so that a result on stdout stays one document; `scrub` takes secrets out."""

    def __init__(self, scrub: Callable[[str], str] = str, stream: TextIO | None = None) -> None:
        self._scrub = scrub
        self._stream = stream

    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        """Write the message; false when nothing can be written there any more."""
        stream = self._stream or sys.stderr
        try:
            stream.write(self._scrub(text_of(message)) + "\n")
            stream.flush()
        except (OSError, ValueError):  # a closed pipe, a closed file
            return False
        return True


def text_of(message: Message) -> str:
    """The message as lines of plain text, the body indented below its title."""
    lines = [f"{'! ' if message.urgent else ''}{message.title}"]
    lines += [f"  {line}" for line in message.body.splitlines()]
    return "\n".join(lines)
