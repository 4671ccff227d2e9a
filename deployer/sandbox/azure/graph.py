"""Resource Graph: one question for all accounts of all subscriptions.

The query language is read tolerantly: the type it filters on decides what comes back, `project`
which columns.
Deployments are not in the graph, as in the real one.
"""

import re
from typing import Any

from deployer.sandbox.azure.account import Accounts
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.clock import stamp
from deployer.sandbox.resource import Account
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

LARGEST_PAGE = 1000
_ACCOUNTS = "microsoft.cognitiveservices/accounts"
_TABLE = re.compile(r"\s*(?P<table>[a-z]\w*)\s*(\||$)", re.IGNORECASE)
_KIND = re.compile(r"\btype\s*(?:=~|==|in~?\s*\()\s*['\"]([^'\"]+)['\"]", re.IGNORECASE)
_COUNT = re.compile(r"\|\s*count\s*$", re.IGNORECASE)
_PROJECT = re.compile(r"\|\s*project\s+([^|]+)", re.IGNORECASE)


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
        query = str(body.get("query") or "")
        table = _TABLE.match(query)
        if table is None:
            return self._invalid()
        known = table["table"].lower() == "resources"
        found = self._matching(query, body.get("subscriptions")) if known else []
        columns = _columns(query)
        if _COUNT.search(query):
            return _page([{"count_": len(found)}], 1)
        rows = [_cut(self._row(account), columns) for account in found[start : start + top]]
        return _page(rows, len(found), str(start + top) if start + top < len(found) else "")

    def _invalid(self) -> Response:
        """What the service says to a query that it cannot read."""
        at, correlation = stamp(self._world.now()), self._world.naming.uuid("correlation")
        text = "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
        details = [
            {"code": "InvalidQuery", "message": f"{text}error before retrying."},
            {"code": "ParserFailure", "message": "ParserFailure"},
        ]
        about = f"Please provide below info when asking for support: timestamp = {at}, correlationId = {correlation}."
        return Response.json({"error": {"code": "BadRequest", "message": about, "details": details}}, 400)

    def _matching(self, query: str, subscriptions: list[str] | None) -> list[Account]:
        kinds = _KIND.findall(query)
        if kinds and _ACCOUNTS not in map(str.lower, kinds):
            return []
        wanted = {item.lower() for item in subscriptions or self._world.cloud.subscriptions}
        accounts = [item for item in self._world.cloud.accounts.values() if item.subscription.lower() in wanted]
        return sorted(accounts, key=lambda account: account.resource_id)

    def _row(self, account: Account) -> dict[str, Any]:
        shown = self._accounts.render(account)
        return {
            **shown,
            "type": "microsoft.cognitiveservices/accounts",
            "tenantId": self._world.credentials.tenant_id,
            "resourceGroup": account.resource_group,
            "subscriptionId": account.subscription,
            "managedBy": "",
            "plan": None,
            "zones": None,
            "identity": None,
            "extendedLocation": None,
        }


def _page(rows: list[dict[str, Any]], total: int, token: str = "") -> Response:
    answer = {"totalRecords": total, "count": len(rows), "data": rows, "facets": [], "resultTruncated": "false"}
    return Response.json(answer | ({"$skipToken": token} if token else {}))


def _columns(query: str) -> list[str]:
    """The columns that a query keeps, in lower case; none for all of them."""
    found = _PROJECT.search(query)
    return [name.strip().lower() for name in found[1].split(",")] if found else []


def _cut(row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.lower() in columns} if columns else row
