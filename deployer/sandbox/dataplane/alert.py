"""Spend alerts of OpenAI's organisation and of its projects: they only tell."""

from collections.abc import Callable, Sequence
from typing import Any

from deployer.sandbox.dataplane.error import ApiError, openai_error
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.dataplane.parameter import read_amount, required
from deployer.sandbox.wire import Handler, Request, Response
from deployer.sandbox.world import World

Alert = dict[str, Any]
Owned = Callable[[Request], dict[str, Alert]]
"""The alerts of whom a request names, by id. Raises ApiError when there is no such owner."""


class Alerts:
    """Handlers over the alerts of one sort of owner: `organization` or `project`."""

    def __init__(self, world: World, owner: str, of: Owned) -> None:
        self._world, self._owner, self._of = world, owner, of

    def routes(self, prefix: str, group: str) -> Sequence[tuple[str, str, str, Handler]]:
        one = f"{prefix}/spend_alerts/{{alert}}"
        return (
            ("GET", f"{prefix}/spend_alerts", f"{group}.list", self._list),
            ("POST", f"{prefix}/spend_alerts", f"{group}.create", self._create),
            ("GET", one, f"{group}.get", self._get),
            ("POST", one, f"{group}.update", self._update),
            ("DELETE", one, f"{group}.delete", self._delete),
        )

    def _list(self, request: Request) -> Response:
        rows = list(self._of(request).values())
        rows = rows[::-1] if request.query("order") == "desc" else rows
        return answer_page(request, rows, settings=self._world.settings)

    def _create(self, request: Request) -> Response:
        alert = self._read(request, f"alert_{self._world.naming.hex('alert', 24)}")
        self._of(request)[alert["id"]] = alert
        return Response.json(alert)

    def _get(self, request: Request) -> Response:
        return Response.json(self._find(request))

    def _update(self, request: Request) -> Response:
        alert = self._read(request, self._find(request)["id"])
        self._of(request)[alert["id"]] = alert
        return Response.json(alert)

    def _delete(self, request: Request) -> Response:
        alert = self._find(request)
        del self._of(request)[alert["id"]]
        return Response.json({"id": alert["id"], "object": f"{self._owner}.spend_alert.deleted", "deleted": True})

    def _find(self, request: Request) -> Alert:
        alert = self._of(request).get(request.params["alert"])
        if alert is None:
            raise _no_alert(request.params["alert"])
        return alert

    def _read(self, request: Request, alert_id: str) -> Alert:
        body = request.json()
        amount, channel = read_amount(body), required(body, "notification_channel", dict)
        if channel.get("type") != "email" or not isinstance(channel.get("recipients"), list):
            raise openai_error(400, "Invalid 'notification_channel'.", param="notification_channel")
        return {
            "object": f"{self._owner}.spend_alert",
            "id": alert_id,
            "threshold_amount": amount,
            "currency": "USD",
            "interval": "month",
            "notification_channel": channel,
        }


def _no_alert(alert_id: str) -> ApiError:
    return openai_error(404, f"No spend alert found with id '{alert_id}'.", code="not_found")
