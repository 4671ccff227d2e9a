"""Accounts that bear the same name, told apart.

Azure asks an account's name to be unique in its resource group only (learn.microsoft.com/azure/azure-resource-manager/
management/resource-name-rules), and teams that set up their subscriptions from one template have fifty of a name.
Everything here is kept by account name: the oldest keeps it, and each other one gets its subscription and group
behind an `@`, which no Azure name can hold. So a namesake that appears later does not make old deployments look like
new ones; for the same reason a name that the ledger knows is kept as long as that account stands.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from deployer.domain.deployment import Account
from deployer.providers.azure.discovery import Found
from deployer.providers.azure.mapping import real_name

_SHORT = 8
_UNDATED = datetime.max.replace(tzinfo=UTC)


def name_apart(found: Found, known: Sequence[Account]) -> list[Account]:
    """The accounts that were found, no two of a name; `known` bear the names that the ledger gave them."""
    kept = {one.resource_id.lower(): one.name for one in known if one.resource_id.lower() not in found.vanished}
    oldest_first = sorted(found.accounts.items(), key=lambda item: (found.born.get(item[0]) or _UNDATED, item[0]))
    brief = Counter(_label(account, _SHORT).lower() for account in found.accounts.values())
    taken = {name.lower() for name in kept.values()}
    names = dict(kept)
    for resource_id, account in oldest_first:
        if resource_id in kept:
            continue
        label = _label(account, _SHORT)
        free = real_name(account).lower() not in taken
        names[resource_id] = real_name(account) if free else label if brief[label.lower()] == 1 else _label(account)
        taken.add(real_name(account).lower())
    return [replace(account, name=names[resource_id]) for resource_id, account in found.accounts.items()]


def _label(account: Account, length: int | None = None) -> str:
    return f"{real_name(account)}@{account.subscription[:length]}.{account.resource_group}"
