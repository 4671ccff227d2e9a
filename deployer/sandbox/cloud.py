"""The life of Azure resources: created, scaled, deleted, expired, each at its own instant."""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any, Protocol

from deployer.sandbox.catalog import MOST_TUNED, QUOTA_UNITS, TUNED_USAGE, offers, sizes, usage_name
from deployer.sandbox.clock import at_seconds, seconds_of
from deployer.sandbox.group import Groups
from deployer.sandbox.naming import Naming
from deployer.sandbox.resource import (
    KEPT_SECONDS,
    PAUSABLE_SKUS,
    Account,
    Billing,
    Deployed,
    Lock,
    Operation,
    Refusal,
    TunedModel,
    wanted_tags,
)
from deployer.sandbox.usage import Usage
from deployer.sandbox.wish import is_offered, read_deployment, unsupported, whole_seconds

DAY = 86_400.0
UNUSED_DAYS = 15  # "inactive for more than fifteen days": the deployment goes, the model stays
Note = Callable[[str, str, str, datetime], None]


class Pace(Protocol):
    """How long operations take."""

    lro_polls: int
    lro_seconds: float


class Cloud:
    """All accounts and deployments of the tenant, gone ones included (for the invoice)."""

    def __init__(self, pace: Pace, naming: Naming, usage: Usage, note: Note) -> None:
        self.accounts: dict[str, Account] = {}
        self.deleted: dict[str, Account] = {}
        self.every: list[Account] = []  # deleted ones too: what they cost stays
        self.subscriptions: dict[str, str] = {}
        self.groups = Groups(self)
        self.lives: list[Deployed] = []
        self.locks: list[Lock] = []
        self.operations: dict[str, Operation] = {}
        self._pace, self._naming, self._usage, self._note = pace, naming, usage, note
        self._lives_by_name: dict[tuple[str, str], list[Deployed]] = {}
        self._active: list[Operation] = []
        self._due: list[tuple[float, int, Deployed]] = []
        self._order = count()

    # --- reading ------------------------------------------------------------------------------

    def account(self, name: str) -> Account | None:
        return self.accounts.get(name.lower())

    def of_subscription(self, subscription: str) -> Iterator[Account]:
        for account in self.accounts.values():
            if account.subscription.lower() == subscription.lower():
                yield account

    def account_at(self, name: str, at: datetime) -> Account | None:
        """The account that had this name then, though it is gone by now; names are used again."""
        named = [account for account in self.every if account.name.lower() == name.lower()]
        stood = [account for account in named if account.created <= seconds_of(at)]
        return next(reversed(stood or named), None)

    def find(self, account: str, name: str) -> Deployed | None:
        owner = self.account(account)
        return owner.deployments.get(name.lower()) if owner else None

    def serving(self, account: str, name: str) -> Deployed | None:
        """The deployment that answers calls now: made completely, and not being deleted."""
        found = self.find(account, name)
        return found if found and found.state == "Succeeded" else None

    def lives_of(self, account: str, name: str) -> list[Deployed]:
        """Every deployment that ever had this name, oldest first."""
        return self._lives_by_name.get((account.lower(), name.lower()), [])

    def used_quota(self, subscription: str, region: str) -> dict[str, int]:
        used: dict[str, int] = {}
        for account in self.of_subscription(subscription):
            if account.region == region:
                for deployed in account.deployments.values():
                    name = usage_name(deployed.sku, deployed.base_model, deployed.fine_tuned)
                    used[name] = used.get(name, 0) + deployed.capacity
        return used

    def locked(self, resource_id: str, *, deleting: bool) -> Lock | None:
        """The lock that forbids to change an id, or to delete it with all that is below."""
        for lock in self.locks:
            below = deleting and (lock.scope.lower() + "/").startswith(resource_id.lower() + "/")
            if (below or lock.covers(resource_id)) and (deleting or lock.level == "ReadOnly"):
                return lock
        return None

    # --- changing -----------------------------------------------------------------------------

    def add_account(self, account: Account) -> Account:
        self.subscriptions.setdefault(account.subscription, f"Subscription {len(self.subscriptions) + 1}")
        self.groups.add(account.subscription, account.resource_group)
        known = self.accounts.setdefault(account.name.lower(), account)
        if known is account:
            self.every.append(account)
        return known

    def publish_model(self, account: str, name: str, base_model: str, base_version: str) -> None:
        owner = self.account(account)
        if owner is None:
            raise KeyError(f"no account {account!r}")
        owner.awaited.discard(name.lower())
        owner.models.setdefault(name.lower(), TunedModel(name, base_model, base_version))

    def announce_model(self, account: str, name: str) -> None:
        if owner := self.account(account):
            owner.awaited.add(name.lower())

    def put(self, account: Account, name: str, body: Mapping[str, Any], now: datetime, who: str) -> Deployed:
        """Create a deployment, or change one that exists. Raises Refusal."""
        self._require_free(account)
        wanted = read_deployment(account, name, body, now)
        current = account.deployments.get(name.lower())
        if current is None and not offers(account.region, wanted.sku):
            raise unsupported(wanted.sku, wanted.model, wanted.version)
        self._require_quota(wanted, current)
        wanted.created_by = who
        if current is None:
            wanted.state = "Creating"
            self.place(wanted)
            self._begin("create", wanted, now)
            return wanted
        current.tags, current.properties = wanted.tags, wanted.properties
        if "deploymentState" in (body.get("properties") or {}):
            current.paused = wanted.paused
        current.model, current.version = wanted.model, wanted.version
        current.rescale(wanted.created, wanted.sku, wanted.capacity)
        return current

    def patch(self, deployed: Deployed, body: Mapping[str, Any], now: datetime) -> Deployed:
        """Change tags and SKU. Raises Refusal."""
        self._require_free(deployed.account)
        sku = body.get("sku") or {}
        wanted = replace(
            deployed, sku=sku.get("name") or deployed.sku, capacity=int(sku.get("capacity") or deployed.capacity)
        )
        if not is_offered(wanted.sku, tuned=wanted.fine_tuned) or not offers(wanted.account.region, wanted.sku):
            raise unsupported(wanted.sku, wanted.model, wanted.version)
        self._require_quota(wanted, deployed)
        if "tags" in body:
            deployed.tags = wanted_tags(body)
        deployed.rescale(whole_seconds(now), wanted.sku, wanted.capacity)
        return deployed

    def pause(self, deployed: Deployed, paused: bool, now: datetime) -> Deployed:
        """Let it answer no calls, or again; billed as before. Again the same changes nothing. Raises Refusal."""
        self._require_free(deployed.account)
        if deployed.sku.lower() not in PAUSABLE_SKUS:
            raise Refusal(400, "OperationNotSupported", f"The SKU '{deployed.sku}' does not support pause and resume.")
        if deployed.paused != paused:
            deployed.paused, deployed.modified = paused, whole_seconds(now)
            deployed.revision += 1
        return deployed

    def delete(self, deployed: Deployed, now: datetime) -> Operation:
        """Begin to delete; a second request joins the first. Raises Refusal."""
        running = deployed.operation
        if running and running.kind == "delete" and running.finished is None:
            return running
        self._require_free(deployed.account)
        deployed.state, deployed.closed = "Deleting", whole_seconds(now)
        return self._begin("delete", deployed, now)

    def place(self, deployed: Deployed) -> None:
        """Put a deployment where it is found, billed and watched."""
        account = deployed.account
        deployed.watched_from = deployed.watched_from or deployed.created
        deployed.modified = deployed.modified or deployed.created
        deployed.billing = [Billing(deployed.created, deployed.sku, deployed.capacity)]
        account.deployments[deployed.name.lower()] = deployed
        self.lives.append(deployed)
        key = (account.name.lower(), deployed.name.lower())
        self._lives_by_name.setdefault(key, []).append(deployed)
        self._note("created", account.name, deployed.name, at_seconds(deployed.created))
        if deployed.sku.lower() == "developertier":
            self._watch(deployed, deployed.created + DAY)
        elif deployed.fine_tuned:
            self._watch(deployed, deployed.watched_from + UNUSED_DAYS * DAY)

    def place_ready(
        self, account: Account, name: str, body: Mapping[str, Any], created: datetime, seen_from: datetime
    ) -> None:
        """A deployment that somebody made at `created`, ready at once, unused time counted from `seen_from`."""
        deployed = read_deployment(account, name, body, created)
        deployed.watched_from = whole_seconds(seen_from)
        if name.lower() in account.deployments:
            raise Refusal(409, "Conflict", f"The deployment '{name}' exists in '{account.name}'.")
        self.place(deployed)

    def remove_account(self, account: Account, now: datetime) -> None:
        """Delete an account without deployments; it can be put back for a while. Raises Refusal."""
        if account.deployments:
            raise Refusal(409, "CannotDeleteResource", "Can not delete resource before nested resources are deleted.")
        account.deleted = whole_seconds(now)
        self.deleted[account.name.lower()] = self.accounts.pop(account.name.lower())

    def remove(self, deployed: Deployed, now: datetime) -> None:
        """Take a deployment away at once, with what holds it."""
        if deployed.operation and deployed.operation.finished is None:
            self._finish(deployed.operation, whole_seconds(now))
        if deployed.gone is None:
            self._remove(deployed, whole_seconds(now), "deleted")

    def bring_back(self, account: Account) -> None:
        """Make a deleted account as it was."""
        account.deleted = None
        self.accounts[account.name.lower()] = self.deleted.pop(account.name.lower())

    # --- time ---------------------------------------------------------------------------------

    def poll(self, operation: Operation, now: datetime) -> bool:
        """Look at an operation; after enough looks it is finished. True when it is."""
        if operation.finished is None:
            if operation.polls >= self._pace.lro_polls:
                self._finish(operation, whole_seconds(now))
            operation.polls += 1
        return operation.finished is not None

    def settle(self, now: datetime) -> None:
        """Finish what is due, expire what the platform would remove."""
        instant = seconds_of(now)
        self.groups.settle(instant, self._pace.lro_seconds, self._pace.lro_polls, now)
        for operation in [item for item in self._active if item.started + self._pace.lro_seconds <= instant]:
            self._finish(operation, operation.started + self._pace.lro_seconds)
        for name in [key for key, item in self.deleted.items() if (item.deleted or 0.0) + KEPT_SECONDS <= instant]:
            del self.deleted[name]
        while self._due and self._due[0][0] <= instant:
            due, _, deployed = heapq.heappop(self._due)
            if deployed.closed is None:
                self._expire(deployed, due)

    def _begin(self, kind: str, deployed: Deployed, now: datetime) -> Operation:
        operation = Operation(self._naming.uuid("operation"), kind, deployed, whole_seconds(now))
        self.operations[operation.id] = operation
        self._active.append(operation)
        deployed.operation = deployed.account.busy = operation
        return operation

    def _finish(self, operation: Operation, at: float) -> None:
        operation.finished = at
        self._active.remove(operation)
        deployed = operation.deployed
        deployed.account.busy = None
        if operation.kind == "create":
            deployed.state = "Succeeded"
        else:
            self._remove(deployed, at, "deleted")

    def _remove(self, deployed: Deployed, at: float, event: str) -> None:
        deployed.gone = at
        deployed.closed = deployed.closed or at
        deployed.account.deployments.pop(deployed.name.lower(), None)
        self._note(event, deployed.account.name, deployed.name, at_seconds(at))

    def _watch(self, deployed: Deployed, due: float) -> None:
        heapq.heappush(self._due, (due, next(self._order), deployed))

    def _expire(self, deployed: Deployed, due: float) -> None:
        if deployed.sku.lower() != "developertier":
            series = self._usage.series(deployed.account.name, deployed.name)
            last = series.last_activity(due)
            later = max(deployed.watched_from, last or 0.0) + UNUSED_DAYS * DAY
            if later > due:
                self._watch(deployed, later)
                return
        self._remove(deployed, float(int(due)), "expired")

    # --- rules --------------------------------------------------------------------------------

    def _require_free(self, account: Account) -> None:
        if account.busy:
            raise Refusal(
                409,
                "RequestConflict",
                "Another operation is being performed on the parent resource "
                f"'{account.resource_id}'. Please retry later.",
            )

    def _require_quota(self, wanted: Deployed, current: Deployed | None) -> None:
        _require_size(wanted)
        name = usage_name(wanted.sku, wanted.base_model, wanted.fine_tuned)
        used = self.used_quota(wanted.account.subscription, wanted.account.region).get(name, 0)
        used -= current.capacity if current and current.sku == wanted.sku else 0
        _require_left(name, wanted.capacity, used, QUOTA_UNITS)
        if wanted.fine_tuned and current is None:
            tuned = sum(1 for item in wanted.account.deployments.values() if item.fine_tuned)
            _require_left(TUNED_USAGE, 1, tuned, MOST_TUNED)


def _require_size(wanted: Deployed) -> None:
    allowed = sizes(wanted.sku, wanted.base_model)
    fits = allowed["minimum"] <= wanted.capacity <= allowed["maximum"]
    if not fits or (wanted.capacity - allowed["minimum"]) % allowed["step"]:
        raise Refusal(
            400,
            "InvalidCapacity",
            f"The capacity {wanted.capacity} is not valid for the SKU '{wanted.sku}': it must be between "
            f"{allowed['minimum']} and {allowed['maximum']} in steps of {allowed['step']}.",
        )


def _require_left(quota: str, asked: int, used: int, limit: int) -> None:
    if used + asked > limit:
        raise Refusal(
            400,
            "InsufficientQuota",
            f"This operation require {asked} new capacity in quota {quota}, which is bigger than "
            f"the current available capacity {max(0, limit - used)}. The current quota usage is {used} "
            f"and the quota limit is {limit} for quota {quota}.",
        )
