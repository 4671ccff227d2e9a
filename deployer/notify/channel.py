"""Messages to e-mail, chat and pagers, through Apprise.

A channel's URL holds its secret, so a channel is named by its position and kind, never by its
URL. A URL that Apprise does not take is found at start, not when the first warning is due.
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from deployer.errors import InvalidFile, Problem
from deployer.notify.terminal import TerminalNotifier
from deployer.ports.notifier import Message, Notifier

if TYPE_CHECKING:
    from apprise.plugins.base import NotifyBase

SETTING = "DEPLOYER_NOTIFY_URLS"


def open_notifier(urls: Sequence[str], *, scrub: Callable[[str], str] = str) -> Notifier:
    """The notifier of these Apprise URLs; without any, the terminal. Raises InvalidFile naming bad positions."""
    check_channels(urls)
    return ChannelNotifier(urls, TerminalNotifier(scrub))


def check_channels(urls: Sequence[str], where: str = SETTING) -> None:
    """Raise InvalidFile for every URL that cannot be a channel, by its position; its text is never shown."""
    bad = [position for position, url in enumerate(urls, 1) if _plugin(url) is None]
    if bad:
        raise InvalidFile(
            tuple(_problem(where, position, urls[position - 1]) for position in bad),
            next_step="write it as https://appriseit.com/services/ shows for the service, or leave it out",
        )


class ChannelNotifier:
    """Delivers to the configured channels and a policy's own; says it on the terminal when no channel takes it."""

    def __init__(self, urls: Sequence[str], terminal: Notifier) -> None:
        self._urls = tuple(urls)
        self._terminal = terminal

    def send(self, message: Message, channels: Sequence[str] = ()) -> bool:
        urls = dict.fromkeys((*self._urls, *channels))
        if not urls:
            return self._terminal.send(message)
        taken = [_deliver(url, message) for url in urls]
        if not any(taken):
            self._terminal.send(message)
        return any(taken)


def _deliver(url: str, message: Message) -> bool:
    plugin = _plugin(url)
    if plugin is None:
        return False
    from apprise import Apprise, NotifyFormat, NotifyType

    kind = NotifyType.WARNING if message.urgent else NotifyType.INFO
    sender = Apprise([plugin])
    return bool(sender.notify(body=message.body, title=message.title, notify_type=kind, body_format=NotifyFormat.TEXT))


def _plugin(url: str) -> "NotifyBase | Any | None":
    """The Apprise service behind a URL, None when it is none. Apprise logs URLs it cannot read: not here."""
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)  # used by one of its services
        from apprise import Apprise

        return Apprise.instantiate(url)


def _problem(where: str, position: int, url: str) -> Problem:
    scheme, separator, _ = url.partition("://")
    seen = f"a {scheme}:// URL" if separator and scheme.isalnum() else "no URL"
    return Problem(f"{where}, channel {position}", f"{seen} that no notification service takes", "an Apprise URL")
