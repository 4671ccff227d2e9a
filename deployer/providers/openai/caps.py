"""The caps that OpenAI keeps for an organisation and its projects, through the administration API.

Amounts are whole cents of USD a month (the only currency and interval there are). Projects are
never archived: that has no way back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from deployer.deadline import CALL, deadline
from deployer.domain.cap import ORGANISATION, AccountCaps, Cap, CapKind
from deployer.domain.deployment import Account
from deployer.errors import CloudError, InvalidUsage, NotFound
from deployer.providers.attempt import GARBLED
from deployer.providers.openai.cloud import PROVIDER, Cloud
from deployer.providers.page import all_items, as_mapping, identified

T = TypeVar("T")
_CENTS = Decimal(100)
_NAMING = {"id", "object", "model"}
"""What of a rate limit's document says whose it is; whole numbers beside it are limits, known to us or not."""


class OpenAICaps:
    """The port `Caps`."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def accounts(self) -> tuple[Account, ...]:
        """The organisation, then its projects. Raises Forbidden without an admin key."""
        _ = self._cloud.admin
        whole = Account(PROVIDER, ORGANISATION, ORGANISATION, endpoint=self._cloud.base_url)
        return (whole, *self._cloud.accounts())

    def owners(self) -> tuple[str, ...]:
        users = self._cloud.admin.admin.organization.users
        rows = all_items(self._cloud.attempts, "list the users of the organisation", lambda: users.list(limit=100))
        return tuple(str(row["email"]) for row in rows if row.get("role") == "owner" and row.get("email"))

    def read(self, account: Account) -> AccountCaps:
        with deadline(self._cloud.clock, CALL):
            return self._read(account)

    def _read(self, account: Account) -> AccountCaps:
        readers: dict[CapKind, Callable[[Account], Iterable[Cap]]] = {
            CapKind.ALERT: self._alerts,
            CapKind.RATE_LIMIT: self._rate_limits,
            CapKind.PERMISSIONS: self._permissions,
        }
        caps: list[Cap] = []
        enforcing: bool | None = None
        unread: dict[CapKind, str] = {}
        for kind in [CapKind.ALERT] if account.name == ORGANISATION else list(readers):
            try:
                caps += tuple(readers[kind](account))
            except CloudError as error:
                unread[kind] = error.message
        try:
            found, enforcing = self._spend_limit(account)
            caps += found
        except CloudError as error:
            unread[CapKind.SPEND_LIMIT] = error.message
        return AccountCaps(account, tuple(caps), self._cloud.clock.now(), enforcing, unread)

    def set(self, account: Account, cap: Cap) -> None:
        setters = {
            CapKind.ALERT: self._set_alert,
            CapKind.RATE_LIMIT: self._set_rate_limit,
            CapKind.PERMISSIONS: self._set_permissions,
            CapKind.SPEND_LIMIT: self._set_limit,
        }
        setters[cap.kind](account, cap)

    # --- spend limits ---------------------------------------------------------------------------

    def _spend_limit(self, account: Account) -> tuple[tuple[Cap, ...], bool | None]:
        """The limit, if there is one, and whether it refuses calls now."""
        limits = self._place(account).spend_limit
        try:
            what = f"read the spend limit of {account.name}"
            limit = as_mapping(self._cloud.attempts(what, lambda: limits.retrieve(*_where(account))))
        except NotFound:
            return (), None
        return (Cap(CapKind.SPEND_LIMIT, _amount(limit)),), _is_enforcing(limit)

    def _set_limit(self, account: Account, cap: Cap) -> None:
        limits, where = self._place(account).spend_limit, _where(account)
        if cap.value is None:
            self._drop(f"remove the spend limit of {account.name}", lambda: limits.delete(*where))
            return
        asked = _threshold(cap.value)
        self._cloud.attempts(f"set the spend limit of {account.name}", lambda: limits.update(*where, **asked))

    # --- alerts ---------------------------------------------------------------------------------

    def _alerts(self, account: Account) -> Iterator[Cap]:
        alerts, where = self._place(account).spend_alerts, _where(account)
        what = f"list the spend alerts of {account.name}"
        for row in all_items(self._cloud.attempts, what, lambda: alerts.list(*where, limit=100)):
            channel = _told(what, row, "notification_channel", dict)
            value = _amount(row) | {
                "recipients": [str(name) for name in _told(what, channel, "recipients", list)],
                "subject_prefix": str(channel.get("subject_prefix") or ""),
            }
            yield Cap(CapKind.ALERT, value, str(identified(what, row)["id"]))

    def _set_alert(self, account: Account, cap: Cap) -> None:
        """Make, change or delete one; making is not repeated when an answer is lost, or two would be there."""
        alerts, where = self._place(account).spend_alerts, _where(account)
        owner = {"project_id": account.resource_id} if where else {}
        if cap.value is None:
            self._drop(f"delete spend alert {cap.key} of {account.name}", lambda: alerts.delete(cap.key, **owner))
            return
        asked = _threshold(cap.value) | {"notification_channel": _channel(cap.value)}
        if cap.key:
            what = f"change spend alert {cap.key} of {account.name}"
            self._cloud.attempts(what, lambda: alerts.update(cap.key, **owner, **asked))
            return
        what = f"make a spend alert in {account.name}"
        self._cloud.attempts(what, lambda: alerts.create(*where, **asked), repeatable=False)

    # --- rates and models -----------------------------------------------------------------------

    def _rate_limits(self, account: Account) -> Iterator[Cap]:
        limits = self._place(account).rate_limits
        what = f"list the rate limits of {account.name}"
        pages = all_items(self._cloud.attempts, what, lambda: limits.list_rate_limits(account.resource_id, limit=100))
        for row in pages:
            value = {name: limit for name, limit in row.items() if name not in _NAMING and type(limit) is int}
            model = _told(what, row, "model", str)
            yield Cap(CapKind.RATE_LIMIT, {"model": model, **value}, str(identified(what, row)["id"]))

    def _set_rate_limit(self, account: Account, cap: Cap) -> None:
        if cap.value is None:
            raise InvalidUsage("a rate limit can be changed, not removed")
        limits = self._place(account).rate_limits
        asked = {name: limit for name, limit in cap.value.items() if name not in _NAMING}
        self._cloud.attempts(
            f"set the rate limit of {cap.value['model']} in {account.name}",
            lambda: limits.update_rate_limit(cap.key, project_id=account.resource_id, extra_body=asked),
        )

    def _permissions(self, account: Account) -> tuple[Cap, ...]:
        permissions = self._place(account).model_permissions
        try:
            what = f"read the model permissions of {account.name}"
            row = as_mapping(self._cloud.attempts(what, lambda: permissions.retrieve(account.resource_id)))
        except NotFound:
            return ()
        if not row.get("mode"):
            raise CloudError(f"cannot {what}: the answer does not say whether it allows or denies", next_step=GARBLED)
        if "model_ids" not in row:
            raise CloudError(f"cannot {what}: the answer does not say which models", next_step=GARBLED)
        models = [str(name) for name in row["model_ids"] or ()]
        return (Cap(CapKind.PERMISSIONS, {"mode": str(row["mode"]), "models": models}),)

    def _set_permissions(self, account: Account, cap: Cap) -> None:
        permissions = self._place(account).model_permissions
        what = f"set the model permissions of {account.name}"
        if cap.value is None:
            self._drop(what, lambda: permissions.delete(account.resource_id))
            return
        mode, models = cap.value["mode"], list(cap.value["models"])
        self._cloud.attempts(what, lambda: permissions.update(account.resource_id, mode=mode, model_ids=models))

    # --- where ------------------------------------------------------------------------------------

    def _place(self, account: Account) -> Any:
        organisation = self._cloud.admin.admin.organization
        return organisation if account.name == ORGANISATION else organisation.projects

    def _drop(self, what: str, work: Callable[[], Any]) -> None:
        """What is not there any more is as good as removed."""
        try:
            self._cloud.attempts(what, work)
        except NotFound:
            return


def _where(account: Account) -> tuple[str, ...]:
    """What comes before the other arguments: the project's id, nothing for the whole organisation."""
    return () if account.name == ORGANISATION else (account.resource_id,)


def _told(what: str, row: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """What a cap must say: half of one would be put back as another."""
    value = row.get(name)
    if not isinstance(value, kind):
        raise CloudError(f"cannot {what}: one of them came without its {name}", next_step=GARBLED)
    return value


def _amount(row: Mapping[str, Any]) -> dict[str, Any]:
    cents = row.get("threshold_amount")
    if isinstance(cents, bool) or not isinstance(cents, int | float):
        raise CloudError(f"a cap has no amount: {cents!r}", next_step=GARBLED)
    return {"amount": f"{Decimal(str(cents)) / _CENTS:.2f}", "currency": str(row.get("currency") or "USD").upper()}


def _threshold(value: Mapping[str, Any]) -> dict[str, Any]:
    cents = Decimal(str(value["amount"])) * _CENTS
    if value.get("currency", "USD") != "USD" or cents != cents.to_integral_value() or cents < 0:
        raise InvalidUsage(f"{value['amount']} {value.get('currency', '')}: OpenAI's caps are in whole cents of USD")
    return {"threshold_amount": int(cents), "currency": "USD", "interval": "month"}


def _channel(value: Mapping[str, Any]) -> dict[str, Any]:
    prefix = value.get("subject_prefix") or ""
    channel: dict[str, Any] = {"type": "email", "recipients": list(value["recipients"])}
    return channel | ({"subject_prefix": prefix} if prefix else {})


def _is_enforcing(limit: Mapping[str, Any]) -> bool | None:
    enforcement = limit.get("enforcement")
    status = enforcement.get("status") if isinstance(enforcement, Mapping) else None
    return None if status is None else str(status).lower() == "enforcing"
