"""Resource Graph: one question for all accounts of all subscriptions.

Accounts are in `Resources`, subscriptions and groups in `ResourceContainers`; deployments are in none, as in the
real one. What the sandbox cannot read of the query language it refuses: it never answers another question.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from deployer.sandbox.azure.account import Accounts
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.azure.kusto.query import Record, Rows, answer
from deployer.sandbox.azure.kusto.token import InvalidQuery
from deployer.sandbox.clock import stamp
from deployer.sandbox.resource import Account
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

LARGEST_PAGE = 1000
_EMPTY_TABLES = frozenset(
    {
        "advisorresources", "alertsmanagementresources", "authorizationresources", "computeresources",
        "extendedlocationresources", "healthresources", "insightsresources", "maintenanceresources",
        "patchassessmentresources", "policyresources", "recoveryservicesresources", "resourcechanges",
        "securityresources", "servicehealthresources", "tagsresources",
    }
)  # fmt: skip
_UNSET = dict.fromkeys(("plan", "zones", "identity", "extendedLocation", "tags"))


def routes(world: World) -> list[Route]:
    handler = guarded(world, Graph(world).resources)
    return [Route("POST", "/providers/Microsoft.ResourceGraph/resources", "graph.resources", handler)]


class Graph:
    def __init__(self, world: World) -> None:
        self._world = world
        self._accounts = Accounts(world)

    def resources(self, request: Request) -> Response:
        body = request.document()
        options = body.get("options") or {}
        start = int(options.get("$skipToken") or options.get("$skip") or 0)
        top = min(int(options.get("$top") or LARGEST_PAGE), LARGEST_PAGE, self._world.settings.graph_page_size)
        wanted = {item.lower() for item in body.get("subscriptions") or self._world.cloud.subscriptions}
        try:
            found = answer(str(body.get("query") or ""), lambda name: self._table(name, wanted))
        except InvalidQuery as error:
            return self._invalid(error)
        page = found[start : start + top]
        table = str(options.get("resultFormat") or "objectArray").lower() == "table"
        return _page(_as_table(page) if table else page, page, found, start + top)

    def _invalid(self, error: InvalidQuery) -> Response:
        """What the service says to a query that it cannot read."""
        at, correlation = stamp(self._world.now()), self._world.naming.uuid("correlation")
        text = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
        details = [
            {"code": "InvalidQuery", "message": f"{text}error before retrying."},
            {"code": error.code, "message": error.message},
        ]
        about = f"Please provide below info when asking for support: timestamp = {at}, correlationId = {correlation}."
        return Response.json({"error": {"code": "BadRequest", "message": about, "details": details}}, 400)

    def _table(self, name: str, subscriptions: set[str]) -> Rows:
        if name == "resources":
            accounts = [
                item for item in self._world.cloud.accounts.values() if item.subscription.lower() in subscriptions
            ]
            return [self._row(account) for account in sorted(accounts, key=lambda account: account.resource_id)]
        if name == "resourcecontainers":
            return list(self._containers(subscriptions))
        if name in _EMPTY_TABLES:
            return []
        raise InvalidQuery("DisallowedLogicalTableName", f"Table {name} is invalid, unsupported or disallowed.")

    def _containers(self, subscriptions: set[str]) -> Iterator[Record]:
        for subscription, title in self._world.cloud.subscriptions.items():
            if subscription.lower() not in subscriptions:
                continue
            common = {"subscriptionId": subscription, "tenantId": self._world.credentials.tenant_id}
            named = {"id": f"/subscriptions/{subscription}", "name": title, "properties": {"state": "Enabled"}}
            yield {**_UNSET, **common, **named, "type": "microsoft.resources/subscriptions", "resourceGroup": ""}
            for group in self._world.cloud.groups.of(subscription):
                named = {"id": group.resource_id, "name": group.name, "properties": {"provisioningState": "Succeeded"}}
                place = {"location": group.location, "tags": group.tags, "resourceGroup": group.name}
                kind = "microsoft.resources/subscriptions/resourcegroups"
                yield {**_UNSET, **common, **named, **place, "type": kind}

    def _row(self, account: Account) -> Record:
        return {
            **_UNSET,
            **self._accounts.render(account),
            "type": "microsoft.cognitiveservices/accounts",
            "tenantId": self._world.credentials.tenant_id,
            "resourceGroup": account.resource_group,
            "subscriptionId": account.subscription,
            "managedBy": "",
        }


def _page(data: Any, page: Rows, found: Rows, end: int) -> Response:
    answered = {"totalRecords": len(found), "count": len(page), "data": data, "facets": [], "resultTruncated": "false"}
    return Response.json(answered | ({"$skipToken": str(end)} if end < len(found) else {}))


def _as_table(rows: Sequence[Record]) -> dict[str, Any]:
    """Columns with their types, and rows by position: how the oldest clients still ask for it."""
    first = rows[0] if rows else {}
    columns = [{"name": name, "type": _type_of(value)} for name, value in first.items()]
    return {"columns": columns, "rows": [[row.get(name) for name in first] for row in rows]}


def _type_of(value: Any) -> str:
    if isinstance(value, dict | list):
        return "object"
    return {bool: "boolean", int: "integer", float: "number"}.get(type(value), "string")
