"""Resource groups: what they hold, and how they go with all that is in them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from deployer.sandbox.wish import whole_seconds

if TYPE_CHECKING:
    from deployer.sandbox.cloud import Cloud
    from deployer.sandbox.resource import Account

HOME = "eastus2"
"""Where a group is kept whose maker named no place."""


@dataclass(eq=False)
class Group:
    """One resource group; `tags` None when it never had any."""

    subscription: str
    name: str
    location: str = HOME
    tags: dict[str, str] | None = None
    deletion: "Deletion | None" = None

    @property
    def resource_id(self) -> str:
        return f"/subscriptions/{self.subscription}/resourceGroups/{self.name}"


@dataclass(eq=False)
class Deletion:
    """A group on its way out; `done` once nothing of it is left."""

    id: str
    group: Group
    started: float
    polls: int = 0
    done: bool = False


@dataclass
class Groups:
    """All groups of the tenant; names are compared without case."""

    cloud: "Cloud"
    deletions: dict[str, Deletion] = field(default_factory=dict)
    _groups: dict[tuple[str, str], Group] = field(default_factory=dict)

    def add(self, subscription: str, name: str, location: str = HOME) -> Group:
        """The group, made if there is none."""
        return self._groups.setdefault((subscription.lower(), name.lower()), Group(subscription, name, location))

    def find(self, subscription: str, name: str) -> Group | None:
        return self._groups.get((subscription.lower(), name.lower()))

    def of(self, subscription: str) -> list[Group]:
        mine = [group for group in self._groups.values() if group.subscription.lower() == subscription.lower()]
        return sorted(mine, key=lambda group: group.name.lower())

    def accounts(self, group: Group) -> list["Account"]:
        mine = self.cloud.of_subscription(group.subscription)
        return [account for account in mine if account.resource_group.lower() == group.name.lower()]

    def delete(self, group: Group, identifier: str, now: datetime) -> Deletion:
        """Begin to delete; a second request joins the first."""
        if group.deletion is None:
            group.deletion = self.deletions[identifier] = Deletion(identifier, group, whole_seconds(now))
        return group.deletion

    def settle(self, seconds: float, patience: float, looks: int, now: datetime) -> None:
        """End the deletions that took `patience` seconds or `looks` looks."""
        for deletion in self.deletions.values():
            if not deletion.done and (deletion.started + patience <= seconds or deletion.polls > looks):
                self._remove(deletion, now)

    def _remove(self, deletion: Deletion, now: datetime) -> None:
        """Accounts go as if each was deleted by itself: they can be put back for a while."""
        for account in self.accounts(deletion.group):
            for deployed in list(account.deployments.values()):
                self.cloud.remove(deployed, now)
            self.cloud.remove_account(account, now)
        del self._groups[deletion.group.subscription.lower(), deletion.group.name.lower()]
        deletion.done = True
