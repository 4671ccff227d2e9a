"""Changes in Azure: deployments created, deleted and called. One writer per account at a time.

Azure answers parallel changes of one account with 409 `RequestConflict`, so writers queue here
and wait for those of other clients. A connection cut after the work was done is looked into,
not guessed at.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from azure.core.rest import HttpRequest
from azure.mgmt.core.polling.arm_polling import ARMPolling

from deployer.clock import Clock
from deployer.deadline import deadline, left
from deployer.domain.deployment import MANAGED_TAG, Account, Deployment
from deployer.errors import CloudError, Conflict, NotFound, Unreachable
from deployer.ports.cloud import DeploymentRequest
from deployer.providers.azure.cloud import ARM_VERSION, Cloud
from deployer.providers.azure.dataplane import DataPlane
from deployer.providers.azure.error import LOOK
from deployer.providers.azure.inventory import AzureInventory, deployment_url
from deployer.providers.azure.mapping import real_name, to_deployment, wants_paused, without_state
from deployer.providers.azure.transport import backoff
from deployer.providers.azure.version import PREVIEW_VERSION, is_unknown_version

if TYPE_CHECKING:
    from azure.mgmt.cognitiveservices.operations import DeploymentsOperations

T = TypeVar("T")

CREATE_LIMIT = 3600.0
"""Seconds to wait until a deployment serves; most take a minute or two."""
DELETE_LIMIT = 600.0
"""Seconds to wait until Azure has taken a deletion or a pause; it does so at once unless the account is busy."""
POLL_INTERVAL = 10.0
CONFLICT_WAITS = 12
"""How often a busy account is asked again: about five minutes with the growing waits."""
FINAL_CONFLICTS = frozenset({"scopelocked", "insufficientquota", "deploymentnameconflict"})
"""409 codes that no waiting cures."""


class AzureDeployments:
    deploys = True

    def __init__(self, cloud: Cloud, inventory: AzureInventory, plane: DataPlane) -> None:
        self._cloud = cloud
        self._inventory = inventory
        self._plane = plane
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def create(self, request: DeploymentRequest) -> Deployment:
        account, what = request.account, f"create deployment {request.name} in {request.account.name}"
        with self._writing(account), deadline(self._cloud.clock, CREATE_LIMIT):
            if request.continuation:
                self._put(what, request)
            else:
                self._unless_busy(lambda: self._order(what, request))
        created = self._afterwards(account, request.name)
        if created is None:
            message = f"cannot {what}: it was created and is gone again"
            raise NotFound(message, status=404, maybe_done=True, next_step=LOOK)
        return created

    def delete(self, account: Account, name: str) -> bool:
        with self._writing(account), deadline(self._cloud.clock, DELETE_LIMIT):
            return self._unless_busy(lambda: self._delete(account, name))

    def scale(self, deployment: Deployment, capacity: int) -> Deployment:
        account, what = deployment.account, f"scale deployment {deployment.name} of {deployment.account.name}"
        body: Any = json.dumps({"sku": {"name": deployment.sku, "capacity": capacity}}).encode()
        operations, polling = self._operations(what, account), self._polling()

        def work() -> None:
            names = (account.resource_group, real_name(account), deployment.name)
            operations.begin_update(*names, body, polling=polling).result()

        with self._writing(account), deadline(self._cloud.clock, CREATE_LIMIT):
            self._unless_busy(lambda: self._waited(what, work))
        return self._read_again(what, deployment)

    def pause(self, deployment: Deployment, paused: bool) -> Deployment:
        """A preview operation that the SDK does not know; idempotent, says Microsoft, so it may be repeated."""
        account, verb = deployment.account, "pause" if paused else "resume"
        what = f"{verb} deployment {deployment.name} of {account.name}"
        base, _, _ = deployment_url(self._cloud, account, deployment.name).partition("?")
        url = f"{base}/{verb}?api-version={PREVIEW_VERSION}"
        client = self._cloud.accounts(account.subscription)
        with self._writing(account), deadline(self._cloud.clock, DELETE_LIMIT):
            answer = self._unless_busy(lambda: self._cloud.send(what, client, HttpRequest("POST", url)))
        document = answer.document()
        return to_deployment(document, account) if document else self._read_again(what, deployment)

    def call(self, account: Account, name: str, text: str) -> str:
        return self._plane.chat(account, name, text)

    def _order(self, what: str, request: DeploymentRequest) -> None:
        """What was paused is put back paused by the preview; running, where the service does not know that one."""
        try:
            self._put(what, request)
        except CloudError as error:
            if request.body is None or not (wants_paused(request.body) and is_unknown_version(error)):
                raise
            self._put(what, replace(request, body=without_state(request.body)))

    def _put(self, what: str, request: DeploymentRequest) -> None:
        """Send bytes, because of a mapping the SDK drops the fields that it does not know; or go on waiting."""
        account, body = request.account, json.dumps(body_of(request)).encode()
        operations, polling = self._operations(what, account), self._polling()
        content: Any = body  # the SDK takes bytes, though its types say only a stream, which no retry could rewind
        earlier = {"continuation_token": request.continuation} if request.continuation else {}
        version = PREVIEW_VERSION if wants_paused(request.body) else ARM_VERSION

        taken = False

        def work() -> None:
            nonlocal taken
            names = (account.resource_group, real_name(account), request.name)
            poller = operations.begin_create_or_update(*names, content, polling=polling, api_version=version, **earlier)
            taken = True
            if not earlier:
                request.begun(poller.continuation_token())
            poller.result()

        try:
            self._waited(what, work)
        except CloudError as error:
            if taken and (not error.status or error.status >= 400):  # it goes on, although nobody may watch it
                error.maybe_done = True
            raise

    def _operations(self, what: str, account: Account) -> DeploymentsOperations:
        return self._cloud.guarded(what, lambda: self._cloud.accounts(account.subscription)).deployments

    def _polling(self) -> BoundedPolling:
        return BoundedPolling(self._cloud.clock, POLL_INTERVAL)

    def _waited(self, what: str, work: Callable[[], None]) -> None:
        try:
            self._cloud.guarded(what, work)
        except Unfinished as error:
            raise CloudError(f"cannot {what}: {error}", maybe_done=True, next_step="look at it again later") from None

    def _afterwards(self, account: Account, name: str) -> Deployment | None:
        """What stands there after a change; the change was made, whether or not it can be seen."""
        try:
            return self._inventory.read(account, name)
        except CloudError as error:
            error.maybe_done = True
            raise

    def _read_again(self, what: str, deployment: Deployment) -> Deployment:
        found = self._afterwards(deployment.account, deployment.name)
        if found is None:
            raise NotFound(f"cannot {what}: it is gone", status=404, next_step=LOOK)
        return found

    def _delete(self, account: Account, name: str) -> bool:
        """Ask once more after a cut: what is missing then was deleted by the call whose answer was lost."""
        what, maybe_deleted = f"delete deployment {name} of {account.name}", False
        client = self._cloud.accounts(account.subscription)
        for attempt in range(self._cloud.connection.retries + 1):
            request = HttpRequest("DELETE", deployment_url(self._cloud, account, name))
            try:
                answer = self._cloud.send(what, client, request, repeat_cut=False)
            except NotFound:
                return maybe_deleted
            except Unreachable as error:
                if not error.maybe_done or attempt == self._cloud.connection.retries:
                    raise
                maybe_deleted = True
                self._cloud.clock.sleep(backoff(attempt))
            else:
                if answer.status == 200:
                    answer.document()  # a page of somebody else's is no deletion
                return answer.status != 204 or maybe_deleted
        raise AssertionError("the last attempt returns or raises")

    def _unless_busy(self, work: Callable[[], T]) -> T:
        """Do `work`, again after a while when another client is changing the same account."""
        for attempt in range(CONFLICT_WAITS):
            try:
                return work()
            except Conflict as error:
                wait = backoff(attempt + 2)
                if error.code.lower() in FINAL_CONFLICTS or wait >= left():
                    raise
                self._cloud.clock.sleep(wait)
        return work()

    def _writing(self, account: Account) -> threading.Lock:
        with self._guard:
            return self._locks[account.resource_id.lower()]


class Unfinished(Exception):
    """An operation did not end in time; no OSError, which would read as a failure of the network."""


class BoundedPolling(ARMPolling):
    """The SDK's polling of a long-running operation, until the deadline; it waits on the transport's clock.

    A wait that the service asks for is cut short by the deadline too: the SDK's own would sleep for a week.
    """

    def __init__(self, clock: Clock, interval: float) -> None:
        super().__init__(interval)
        self._clock = clock
        self._ends = clock.monotonic() + min(left(), CREATE_LIMIT)
        """Kept, because the SDK polls in a thread of its own, which no deadline of ours reaches."""

    def _delay(self) -> None:
        seconds = self._ends - self._clock.monotonic()
        if seconds < 1:
            raise Unfinished(f"it is not done after {CREATE_LIMIT / 60:.0f} minutes")
        self._sleep(min(self._extract_delay(), seconds))


def body_of(request: DeploymentRequest) -> Mapping[str, Any]:
    """What is PUT: the body to restore as it is, or a new one that says who made it."""
    if request.body is not None:
        return request.body if wants_paused(request.body) else without_state(request.body)
    model = {"format": "OpenAI", "name": request.model}
    sku: dict[str, Any] = {"name": request.sku}
    if request.model_version:
        model["version"] = request.model_version
    if request.capacity is not None:
        sku["capacity"] = request.capacity
    tags = {**request.tags, MANAGED_TAG[0]: MANAGED_TAG[1]}
    return {"sku": sku, "properties": {"model": model}, "tags": tags}
