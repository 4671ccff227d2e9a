"""Delivery of messages: to the terminal, to channels, and what counts as delivered."""

import io
import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from deployer.errors import InvalidFile
from deployer.notify.channel import ChannelNotifier, check_channels, open_notifier
from deployer.notify.terminal import TerminalNotifier
from deployer.ports.notifier import Message

MESSAGE = Message("deployer: 1 warning of policy dev", "azure:aoai-dev/bot: idle for 26 h", urgent=True)


class Inbox:
    """A web hook on loopback that keeps what it is sent."""

    def __init__(self, status: int = 200) -> None:
        self.received: list[dict[str, Any]] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.received.append(json.loads(body))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/hook"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    box = Inbox()
    yield box
    box.close()


@pytest.fixture
def broken() -> Iterator[Inbox]:
    box = Inbox(status=500)
    yield box
    box.close()


def notifier(*urls: str) -> tuple[ChannelNotifier, io.StringIO]:
    terminal = io.StringIO()
    return ChannelNotifier(urls, TerminalNotifier(stream=terminal)), terminal


def test_without_a_channel_the_terminal_counts_as_delivery() -> None:
    sender, terminal = notifier()
    assert sender.send(MESSAGE)
    assert terminal.getvalue() == f"! {MESSAGE.title}\n  {MESSAGE.body}\n"


def test_a_channel_receives_title_and_body(inbox: Inbox) -> None:
    sender, terminal = notifier(inbox.url)
    assert sender.send(MESSAGE)
    assert [(one["title"], one["message"], one["type"]) for one in inbox.received] == [
        (MESSAGE.title, MESSAGE.body, "warning")
    ]
    assert terminal.getvalue() == ""


def test_a_policy_adds_its_own_channels(inbox: Inbox) -> None:
    sender, _ = notifier()
    assert sender.send(MESSAGE, [inbox.url])
    assert len(inbox.received) == 1


def test_one_channel_that_takes_it_is_enough(inbox: Inbox, broken: Inbox) -> None:
    sender, _ = notifier(broken.url, inbox.url)
    assert sender.send(MESSAGE)
    assert len(inbox.received) == 1


def test_a_message_that_no_channel_takes_is_not_delivered_and_is_said_on_the_terminal(broken: Inbox) -> None:
    sender, terminal = notifier(broken.url)
    assert not sender.send(MESSAGE)
    assert MESSAGE.title in terminal.getvalue()


def test_a_channel_that_nobody_listens_on_does_not_deliver() -> None:
    sender, _ = notifier("json://127.0.0.1:1/hook")
    assert not sender.send(MESSAGE)


def test_an_invalid_url_is_named_by_position_and_never_shown(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidFile) as caught:
        open_notifier(["json://localhost/x", "slack://hunter2-canary", "hunter2-canary"])
    assert caught.value.exit_code == 4
    assert [problem.where for problem in caught.value.problems] == [
        "DEPLOYER_NOTIFY_URLS, channel 2",
        "DEPLOYER_NOTIFY_URLS, channel 3",
    ]
    said = caught.value.message + caught.value.next_step + "".join(capfd.readouterr())
    assert "hunter2-canary" not in said


def test_valid_urls_pass() -> None:
    check_channels(["json://localhost/x", "mailto://user:word@example.com"])


def test_a_closed_terminal_delivers_nothing() -> None:
    stream = io.StringIO()
    stream.close()
    assert not TerminalNotifier(stream=stream).send(MESSAGE)


def test_the_terminal_shows_no_secret() -> None:
    stream = io.StringIO()
    terminal = TerminalNotifier(lambda text: text.replace("hunter2", "***"), stream)
    terminal.send(Message("the key is hunter2", "hunter2"))
    assert "hunter2" not in stream.getvalue()
