"""Which accounts there are, and what became of those that are not listed any more.

An account vanishes from every list when it is deleted, and just so when a right is lost. Its deployments
cost nothing in the one case and go on costing in the other, so the account itself is asked: only ARM's
own "not found" proves that it is gone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.core.rest import HttpRequest

from deployer.domain.deployment import Account
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError, NotFound
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.mapping import to_account
from deployer.providers.azure.wire import get, instant, mapping, text

_GONE = frozenset({"resourcenotfound", "parentresourcenotfound", "resourcegroupnotfound"})
"""404 codes that mean the account is gone."""


@dataclass
class Found:
    """Accounts by id in lower case, since when they are, and what stayed in the dark."""

    accounts: dict[str, Account] = field(default_factory=dict)
    born: dict[str, datetime | None] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    complete: bool = True
    unread: set[str] = field(default_factory=set)
    vanished: set[str] = field(default_factory=set)

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            account = to_account(row)
            if account is not None:
                self.accounts[account.resource_id.lower()] = account
                self.born[account.resource_id.lower()] = instant(get(mapping(row, "properties"), "dateCreated"))
            elif not text(row, "id"):
                self.miss("azure", CloudError("an account came without its id"))

    def miss(self, where: str, error: CloudError) -> None:
        """A list of accounts that could not be read."""
        self.gaps.append(Gap("accounts", where, error.message))
        self.complete = False

    def hide(self, account: Account, cause: str) -> None:
        """An account that exists, or may exist, and whose deployments could not be read."""
        self.gaps.append(Gap("deployments", account.name, cause))
        self.unread.add(account.resource_id.lower())


def is_gone(error: CloudError) -> bool:
    """Whether ARM says that the account, or the group that held it, does not exist."""
    return isinstance(error, NotFound) and error.code.lower() in _GONE


def by_turns(accounts: Iterable[Account]) -> list[Account]:
    """One of each subscription in turn: each has its own limits, so that one that is short holds up no other."""
    seen: Counter[str] = Counter()
    turns: list[tuple[int, Account]] = []
    for account in accounts:
        turns.append((seen[account.subscription.lower()], account))
        seen[account.subscription.lower()] += 1
    return [account for _, account in sorted(turns, key=lambda turn: turn[0])]


def search_missing(cloud: Cloud, known: Sequence[Account], found: Found) -> None:
    """Put each known account that no list showed where it belongs: found, unread or vanished."""
    missing = [account for account in known if account.resource_id.lower() not in found.accounts]
    if not missing:
        return
    if not found.complete and not found.accounts:
        for account in missing:  # nothing answers: asking again for each would only take long
            found.hide(account, "no list of accounts could be read; what is known here goes on accruing")
        return
    for account, answer in zip(missing, cloud.each(lambda one: _ask(cloud, one), missing), strict=True):
        if not isinstance(answer, CloudError):
            _place(account, answer, cloud.endpoints.subscriptions, found)
        elif is_gone(answer):
            found.vanished.add(account.resource_id.lower())
        else:
            found.hide(account, f"not listed any more, and {answer.message}; what is known here goes on accruing")


def _place(account: Account, document: Mapping[str, Any], subscriptions: Sequence[str], found: Found) -> None:
    """It exists. Where the settings do not reach, the guard does not look: someone may have meant that."""
    wanted = {subscription.lower() for subscription in subscriptions}
    if wanted and account.subscription.lower() not in wanted:
        cause = f"its subscription {account.subscription} is not among AZURE_SUBSCRIPTION_ID any more"
        found.hide(account, f"{cause}; what is known here goes on accruing")
    elif to_account(document) is None:
        found.hide(account, "it is no account that holds deployments any more; what is known here goes on accruing")
    else:
        found.add([document])


def _ask(cloud: Cloud, account: Account) -> Mapping[str, Any] | CloudError:
    request = HttpRequest("GET", cloud.arm_url(account.resource_id))
    try:
        answer = cloud.send(f"read account {account.name}", cloud.accounts(account.subscription), request).document()
    except CloudError as error:
        return error
    return answer if isinstance(answer, Mapping) else CloudError(f"account {account.name} came as no object")
