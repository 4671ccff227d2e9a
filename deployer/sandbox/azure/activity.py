"""The activity log: what was made and deleted, by whom, kept for 90 days.

https://learn.microsoft.com/rest/api/monitor/activity-logs/list
"""

import re
from datetime import datetime, timedelta
from typing import Any

from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.lookup import require_subscription
from deployer.sandbox.azure.page import arm_page
from deployer.sandbox.clock import parse_instant, stamp
from deployer.sandbox.resource import Refusal
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import Event, World

_PATH = "/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
_KEPT = timedelta(days=90)
_TERM = re.compile(r"^\(?\s*(\w+)\s+(eq|ge|le)\s+'?([^')]*)'?\s*\)?$", re.IGNORECASE)
_ACTS = {"created": "write", "deleted": "delete", "expired": "delete"}
_NAMESPACE = "Microsoft.CognitiveServices"


def routes(world: World) -> list[Route]:
    return [Route("GET", _PATH, "activity.list", guarded(world, ActivityLog(world).list))]


class ActivityLog:
    def __init__(self, world: World) -> None:
        self._world = world

    def list(self, request: Request) -> Response:
        """Newest first, within the times that the filter has to name. Raises Refusal."""
        subscription, terms = require_subscription(self._world, request), _read(request.query("$filter"))
        start, end = self._period(terms)
        found = [
            self._render(number, event) for number, event in enumerate(self._world.events) if start <= event.at <= end
        ]
        kept = [row for row in reversed(found) if row["subscriptionId"] == subscription and _fits(row, terms)]
        return arm_page(self._world, request, kept, dict)

    def _period(self, terms: dict[tuple[str, str], str]) -> tuple[datetime, datetime]:
        since = terms.get(("eventtimestamp", "ge"))
        if since is None:
            raise Refusal(400, "BadRequest", "The $filter must name the times: eventTimestamp ge '...'.")
        until, now = terms.get(("eventtimestamp", "le")), self._world.now()
        return max(parse_instant(since), now - _KEPT), parse_instant(until) if until else now

    def _render(self, number: int, event: Event) -> dict[str, Any]:
        account = self._world.cloud.account_at(event.account, event.at)
        scope = account.resource_id if account else ""
        identifier = self._world.naming.fixed_uuid(f"activity:{number}")
        kind, at = f"{_NAMESPACE}/accounts/deployments", stamp(event.at)
        resource, operation = f"{scope}/deployments/{event.deployment}", f"{kind}/{_ACTS[event.event]}"
        return {
            "authorization": {"action": operation, "scope": resource},
            "caller": _NAMESPACE if event.event == "expired" else self._world.credentials.client_id,
            "category": _named("Administrative"),
            "channels": "Operation",
            "correlationId": identifier,
            "eventDataId": identifier,
            "eventName": _named("EndRequest"),
            "eventTimestamp": at,
            "id": f"{resource}/events/{identifier}",
            "level": "Informational",
            "operationId": identifier,
            "operationName": _named(operation),
            "resourceGroupName": account.resource_group if account else "",
            "resourceId": resource,
            "resourceProviderName": _named(_NAMESPACE),
            "resourceType": _named(kind),
            "status": _named("Succeeded"),
            "submissionTimestamp": at,
            "subscriptionId": account.subscription if account else "",
            "tenantId": self._world.credentials.tenant_id,
        }


def _named(value: str) -> dict[str, str]:
    return {"value": value, "localizedValue": value}


def _read(condition: str) -> dict[tuple[str, str], str]:
    """The filter's terms by name and comparison. Raises Refusal."""
    terms: dict[tuple[str, str], str] = {}
    for term in re.split(r"\s+and\s+", condition, flags=re.IGNORECASE) if condition.strip() else ():
        found = _TERM.match(term.strip())
        if found is None:
            raise Refusal(400, "BadRequest", f"The filter '{term}' is invalid.")
        terms[found[1].lower(), found[2].lower()] = found[3]
    return terms


def _fits(row: dict[str, Any], terms: dict[tuple[str, str], str]) -> bool:
    shown = {
        "resourcegroupname": row["resourceGroupName"],
        "resourceprovider": row["resourceProviderName"]["value"],
        "resourceuri": row["resourceId"],
        "caller": row["caller"],
        "correlationid": row["correlationId"],
    }
    return all(
        shown.get(name, "").lower() == value.lower()
        for (name, test), value in terms.items()
        if test == "eq" and name in shown
    )
