"""Errors of Azure's libraries in words for people."""

from azure.core.exceptions import ClientAuthenticationError, ServiceResponseError

from deployer.errors import Unreachable
from deployer.providers.azure.error import cloud_error, refusal

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


def test_a_certificate_that_nobody_trusts_is_no_matter_of_credentials() -> None:
    words = "Authentication failed: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"

    told = cloud_error("list accounts", ClientAuthenticationError(words), str)

    assert isinstance(told, Unreachable)
    assert "DEPLOYER_CA_BUNDLE" in told.message
    assert "DEPLOYER_CA_BUNDLE" in told.next_step


def test_a_sign_in_that_never_came_to_its_server_is_no_matter_of_credentials() -> None:
    refused = cloud_error("list accounts", ClientAuthenticationError("[Errno 111] Connection refused"), str)
    wrong = cloud_error("list accounts", ClientAuthenticationError("AADSTS7000215: Invalid client secret"), str)

    assert "network" in refused.next_step
    assert "AZURE_CLIENT_SECRET" in wrong.next_step


def test_what_azure_does_not_know_is_no_matter_of_the_network() -> None:
    gone = refusal("create it", 404, "ResourceNotFound", "account gone", str)
    foreign = refusal("create it", 404, "", "<html>", str)

    assert "it is gone" in gone.next_step
    assert "network" in foreign.next_step
