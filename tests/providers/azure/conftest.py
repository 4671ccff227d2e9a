"""Azure as a fresh sandbox serves it."""

import pytest

from deployer.domain.deployment import Account
from deployer.ports.cloud import Provider


@pytest.fixture
def account(azure: Provider) -> Account:
    """The first account of a fresh sandbox."""
    return next(one for one in azure.inventory.observe().accounts if one.name == "aoai-dev-eastus2")
