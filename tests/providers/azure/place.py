"""Accounts for tests that need no cloud."""

from deployer.domain.deployment import Account


def account_of(subscription: str, name: str) -> Account:
    return Account("azure", name, f"/subscriptions/{subscription}/accounts/{name}", subscription=subscription)
