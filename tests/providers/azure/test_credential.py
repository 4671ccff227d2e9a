"""`doctor` says which credential signed in."""

from typing import Any

from azure.core.credentials import AccessToken

from deployer.providers.azure.credential import SharedCredential
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
