"""Which credential signed in, for `doctor`; and how often sign-in is tried where nobody answers."""

from datetime import timedelta
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError

from deployer.providers.azure.credential import SIGN_INS, SILENCE, SharedCredential
from tests.fakes import FakeClock


class AzureCliCredential:
    """Named as the member of azure-identity's chain that people sign in with."""


class Chain:
    """As azure-identity's chain: it remembers which of its members gave the token."""

    _successful_credential: AzureCliCredential | None = None

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self._successful_credential = AzureCliCredential()
        return AccessToken("token", 0)


class Secret:
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("token", 0)


def test_member_of_the_chain_that_gave_the_token_is_named() -> None:
    credential = SharedCredential(Chain, FakeClock(), "azure-identity's default chain")
    credential.get_token("scope")

    assert credential.used == "azure-identity's default chain: AzureCliCredential"


def test_single_credential_is_named_by_its_kind() -> None:
    credential = SharedCredential(Secret, FakeClock(), "client secret")
    credential.get_token("scope")

    assert credential.used == "client secret"


class Failing:
    """Fails to sign in, and counts how often; `cause` as azure-identity chains it."""

    def __init__(self, cause: Exception | None) -> None:
        self.cause, self.asked = cause, 0

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += 1
        raise ClientAuthenticationError("Authentication failed: no answer") from self.cause


def test_place_to_sign_in_that_does_not_answer_is_asked_once_for_all_who_wait() -> None:
    clock, failing = FakeClock(), Failing(ServiceRequestError("connection refused"))
    credential = SharedCredential(lambda: failing, clock, "client secret")
    for scope in ("arm", "arm", "metrics"):
        with pytest.raises(ClientAuthenticationError):
            credential.get_token(scope)
    assert failing.asked == 1

    clock.advance(timedelta(seconds=SILENCE))
    with pytest.raises(ClientAuthenticationError):
        credential.get_token("arm")
    assert failing.asked == 2


def test_sign_in_that_is_answered_badly_is_tried_again() -> None:
    failing = Failing(None)
    with pytest.raises(ClientAuthenticationError):
        SharedCredential(lambda: failing, FakeClock(), "client secret").get_token("arm")
    assert failing.asked == SIGN_INS
