"""Resource Graph: one question for all accounts of all subscriptions.

The query language is read tolerantly: the type it filters on decides what comes back, `project`
which columns.
Deployments are not in the graph, as in the real one.
"""

import re
from typing import Any

from deployer.sandbox.azure.account import Accounts
from deployer.sandbox.azure.error import guarded
from deployer.sandbox.resource import Account
from deployer.sandbox.wire import Request, Response, Route
from deployer.sandbox.world import World

LARGEST_PAGE = 1000
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
        found = self._matching(str(body.get("query") or ""), body.get("subscriptions"))
        columns = _columns(str(body.get("query") or ""))
        rows = [_cut(self._row(account), columns) for account in found[start : start + top]]
        answer: dict[str, Any] = {
            "totalRecords": len(found),
            "count": len(rows),
            "data": rows,
            "facets": [],
            "resultTruncated": "false",
        }
        if start + top < len(found):
            answer["$skipToken"] = str(start + top)
        return Response.json(answer)

    def _matching(self, query: str, subscriptions: list[str] | None) -> list[Account]:
        if "microsoft.cognitiveservices/accounts'" not in query.lower().replace('"', "'"):
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


def _columns(query: str) -> list[str]:
    """The columns that a query keeps, in lower case; none for all of them."""
    found = _PROJECT.search(query)
    return [name.strip().lower() for name in found[1].split(",")] if found else []


def _cut(row: dict[str, Any], columns: list[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.lower() in columns} if columns else row
