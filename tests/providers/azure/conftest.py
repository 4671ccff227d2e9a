"""Azure as the sandbox serves it, through the real SDKs."""

from collections.abc import Callable
from typing import Any

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.ports.cloud import Connection, Provider
from deployer.providers.azure import connect
from deployer.sandbox.process import Sandbox
from tests.providers.azure.opening import Connect


@pytest.fixture
def connect_azure(sandbox: Sandbox, clock: Clock) -> Connect:
    """`connect_azure(retries=1, AZURE_CLIENT_SECRET="wrong")`: a provider with some things otherwise."""

    def open_provider(retries: int = 5, scrub: Callable[[str], str] = str, **settings: str) -> Provider:
        options: dict[str, Any] = {"ca_bundle": sandbox.ca_file, "retries": retries, "scrub": scrub}
        provider = connect(Connection({**sandbox.env, **settings}, **options), clock)
        assert provider is not None
        return provider

    return open_provider


@pytest.fixture
def azure(connect_azure: Connect) -> Provider:
    return connect_azure()


@pytest.fixture
def account(azure: Provider) -> Account:
    """The first account of a fresh sandbox."""
    return next(one for one in azure.inventory.observe().accounts if one.name == "aoai-dev-eastus2")
