"""Errors of Azure's libraries in words for people."""

from azure.core.exceptions import ServiceResponseError

from deployer.providers.azure.error import cloud_error

CUT = (
    "(\"Connection aborted: RemoteDisconnected('Remote end closed connection without response')\", "
    "RemoteDisconnected('Remote end closed connection without response'))"
)


def test_an_error_within_an_error_is_told_once_and_without_the_names_of_classes() -> None:
    told = cloud_error("read metrics of dev", ServiceResponseError(CUT), str).message

    assert told == (
        "cannot read metrics of dev: the connection was cut before the whole answer came "
        "(Connection aborted: Remote end closed connection without response)"
    )


def test_plain_words_with_brackets_stay_as_they_are() -> None:
    told = cloud_error("read it", ServiceResponseError("Reset (by peer) at 'a' (b)"), str).message

    assert told.endswith("(Reset (by peer) at 'a' (b))")
