"""A sandbox's time as a `Clock`."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.errors import InvalidFile, Unreachable
from deployer.remoteclock import RemoteClock, server_time
from deployer.sandbox.process import Sandbox

START = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture
def remote(sandbox: Sandbox) -> RemoteClock:
    return RemoteClock(sandbox.env["DEPLOYER_CLOCK_URL"], sandbox.ca_file)


def test_now_is_the_sandboxs_time(sandbox: Sandbox, remote: RemoteClock) -> None:
    assert remote.now() == START
    sandbox.client.advance(seconds=3600)
    assert remote.now() == START + timedelta(hours=1)
    remote.close()


def test_sleeping_advances_a_frozen_sandbox(sandbox: Sandbox, remote: RemoteClock) -> None:
    before = remote.monotonic()
    remote.sleep(90)
    remote.sleep(0)
    remote.sleep(-1)

    assert sandbox.client.now() == START + timedelta(seconds=90)
    assert remote.monotonic() - before == 90
    remote.close()


def test_sleeping_waits_beside_a_flowing_sandbox(sandbox: Sandbox, remote: RemoteClock) -> None:
    sandbox.client.reset(start=START, frozen=False)
    before = time.monotonic()

    remote.sleep(0.05)

    assert time.monotonic() - before >= 0.05
    remote.close()


def test_clock_survives_a_connection_that_was_closed(sandbox: Sandbox, remote: RemoteClock) -> None:
    remote.now()
    remote.close()

    assert remote.now() == START
    remote.close()


def test_only_this_machine_may_tell_the_time() -> None:
    with pytest.raises(InvalidFile, match=r"DEPLOYER_CLOCK_URL: the host is time\.example"):
        RemoteClock("https://time.example/clock")


def test_clock_that_does_not_answer_is_a_clear_error() -> None:
    with pytest.raises(Unreachable, match="does not answer") as caught:
        RemoteClock("http://localhost:9/clock").now()

    assert "unset DEPLOYER_CLOCK_URL" in caught.value.next_step


def test_answer_that_is_no_time_is_a_clear_error(sandbox: Sandbox) -> None:
    clock = RemoteClock(f"{sandbox.url}/_sandbox/nonsense", sandbox.ca_file)

    with pytest.raises(Unreachable, match="status 404"):
        clock.now()


def test_authority_that_is_not_trusted_is_a_clear_error(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with pytest.raises(Unreachable, match="certificate verify failed"):
        RemoteClock(sandbox.env["DEPLOYER_CLOCK_URL"]).now()


def test_time_of_a_server_is_read_from_any_answer(sandbox: Sandbox) -> None:
    assert server_time(f"{sandbox.url}/anything", sandbox.ca_file).tzinfo is not None


def test_server_that_does_not_answer_tells_no_time(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="localhost does not tell the time"):
        server_time("https://localhost:9")
