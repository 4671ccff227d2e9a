"""One HTTP answer, read from a socket: where it ends, and what is no answer."""

import socket
from collections.abc import Callable, Iterator
from http.client import HTTPException, IncompleteRead, RemoteDisconnected

import pytest
from httptools import HttpParserCallbackError, HttpParserError

from deployer.providers.azure.answer import PIECE, Answer, read_answer

Say = Callable[..., Answer]


@pytest.fixture
def say() -> Iterator[Say]:
    """`say(b"...", close=True)`: read what a server sends in these pieces."""
    ours, theirs = socket.socketpair()

    def send(*pieces: bytes, close: bool = False) -> Answer:
        for piece in pieces:
            theirs.sendall(piece)
        if close:
            theirs.close()
        return read_answer(ours)

    with ours, theirs:
        ours.settimeout(1.0)
        yield send


def test_answer_ends_where_its_length_says(say: Say) -> None:
    answer = say(b"HTTP/1.1 201 All Done\r\nX-Id: 7\r\ncontent-length: 2\r\n\r\nok")

    assert (answer.status, answer.reason, answer.content) == (201, "All Done", b"ok")
    assert answer.headers == [("X-Id", "7"), ("content-length", "2")]
    assert answer.reusable


def test_answer_in_chunks_is_put_together(say: Say) -> None:
    assert say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n").content == b"abc"


def test_answer_longer_than_one_piece_is_read_to_its_end(say: Say) -> None:
    body = b"x" * (PIECE + PIECE // 2)

    assert say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body), body).content == body


@pytest.mark.parametrize("status", [204, 304])
def test_status_without_a_body_ends_with_its_head(say: Say, status: int) -> None:
    assert say(b"HTTP/1.1 %d \r\nContent-Length: 5\r\n\r\n" % status).content == b""


def test_body_of_unsaid_length_ends_with_its_connection(say: Say) -> None:
    answer = say(b"HTTP/1.1 200 OK\r\n\r\n", b"all", close=True)

    assert answer.content == b"all"
    assert not answer.reusable


def test_server_that_says_close_is_not_asked_again(say: Say) -> None:
    assert not say(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").reusable


def test_announcement_before_the_answer_is_passed_over(say: Say) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"

    answer = say(early, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    assert (answer.status, answer.reason, answer.content) == (200, "OK", b"ok")
    assert answer.headers == [("Content-Length", "2")]


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab",
    ],
)
def test_body_that_is_cut_is_no_answer(say: Say, sent: bytes) -> None:
    with pytest.raises(IncompleteRead):
        say(sent, close=True)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-"])
def test_end_before_the_head_is_no_answer(say: Say, sent: bytes) -> None:
    with pytest.raises(RemoteDisconnected):
        say(sent, close=True)


def test_what_is_not_http_is_no_answer(say: Say) -> None:
    with pytest.raises(HttpParserError):
        say(b"SSH-2.0-OpenSSH\r\n")


def test_another_protocol_is_no_answer(say: Say) -> None:
    with pytest.raises(HTTPException):
        say(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")


def test_bytes_beyond_ascii_in_a_header_are_taken_as_they_are(say: Say) -> None:
    assert say(b"HTTP/1.1 200 OK\r\nX-Name: caf\xe9\r\nContent-Length: 0\r\n\r\n").headers[0] == ("X-Name", "caf\xe9")


def test_second_answer_to_one_request_is_not_believed(say: Say) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    with pytest.raises(HttpParserCallbackError):
        say(answer + answer)
