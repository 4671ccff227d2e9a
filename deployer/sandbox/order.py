"""What the control API is asked to make: accounts, deployments and traffic, as other people would have.

Each list is read whole before anything is made, and every mistake is told with its place.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from deployer.sandbox.charge import OPENAI_PROJECT
from deployer.sandbox.clock import parse_instant, seconds_of
from deployer.sandbox.genesis import RESOURCE_GROUP, make_account
from deployer.sandbox.price import openai_price
from deployer.sandbox.resource import Account, Lock, split_tuned
from deployer.sandbox.usage import Traffic
from deployer.sandbox.world import World

_ACCOUNT_KEYS = frozenset({"name", "region", "tags", "subscription", "resource_group", "locked"})
_DEPLOYMENT_KEYS = frozenset(
    {"account", "name", "model", "version", "sku", "capacity", "tags", "created_at", "base_model"}
)
_TRAFFIC_KEYS = frozenset(
    {"account", "deployment", "start", "end", "requests_per_hour", "input_tokens", "output_tokens", "cached_tokens",
     "status"}
)  # fmt: skip


class InvalidOrder(ValueError):
    """An order that cannot be carried out; the text says which entry and why."""


def make_accounts(world: World, orders: Iterable[Mapping[str, Any]]) -> int:
    wanted = [_checked(number, order, _ACCOUNT_KEYS, ("name", "region")) for number, order in enumerate(orders)]
    for order in wanted:
        account = make_account(
            world,
            order["name"],
            order["region"],
            tags=order.get("tags"),
            subscription=order.get("subscription", ""),
            resource_group=order.get("resource_group", RESOURCE_GROUP),
        )
        if order.get("locked"):
            world.cloud.locks.append(Lock(account.resource_id, f"lock-{account.name}"))
    return len(wanted)


def make_deployments(world: World, orders: Iterable[Mapping[str, Any]]) -> int:
    """Deployments that are ready at once; a fine-tuned model that is named is taken to exist."""
    required = ("account", "name", "model")
    wanted = [_checked(number, order, _DEPLOYMENT_KEYS, required) for number, order in enumerate(orders)]
    for number, order in enumerate(wanted):
        account = _require_account(world, number, order["account"])
        _declare(world, account, order)
        created = _instant(number, order.get("created_at")) or world.now()
        if created > world.now():
            raise InvalidOrder(f"entry {number}: created_at {created.isoformat()} has not come yet")
        body = {
            "sku": {"name": order.get("sku", "Standard"), "capacity": order.get("capacity", 1)},
            "properties": {"model": {"name": order["model"], "version": order.get("version", "")}},
            "tags": order.get("tags"),
        }
        world.cloud.place_ready(account, order["name"], body, created, world.now())
    return len(wanted)


def replay_traffic(world: World, orders: Iterable[Mapping[str, Any]]) -> int:
    required = ("account", "deployment", "start", "end", "requests_per_hour")
    wanted = [_checked(number, order, _TRAFFIC_KEYS, required) for number, order in enumerate(orders)]
    for number, order in enumerate(wanted):
        _require_callable(world, number, order["account"], order["deployment"])
    streams = [(order, _traffic(number, order)) for number, order in enumerate(wanted)]
    for order, traffic in streams:
        world.record_traffic(order["account"], order["deployment"], traffic)
    return len(streams)


def _traffic(number: int, order: Mapping[str, Any]) -> Traffic:
    start, end = _instant(number, order["start"]), _instant(number, order["end"])
    rate = float(order["requests_per_hour"])
    if start is None or end is None or end <= start:
        raise InvalidOrder(f"entry {number}: end {order['end']!r} is not after start {order['start']!r}")
    if rate <= 0:
        raise InvalidOrder(f"entry {number}: requests_per_hour is {rate}; expected more than 0")
    return Traffic(
        seconds_of(start),
        seconds_of(end),
        rate,
        int(order.get("input_tokens", 0)),
        int(order.get("output_tokens", 0)),
        status=int(order.get("status", 200)),
        cached_tokens=int(order.get("cached_tokens", 0)),
    )


def _checked(
    number: int, order: Mapping[str, Any], known: frozenset[str], required: tuple[str, ...]
) -> Mapping[str, Any]:
    given = {key: value for key, value in order.items() if value is not None}
    unknown, missing = sorted(set(given) - known), [key for key in required if key not in given]
    if unknown:
        raise InvalidOrder(f"entry {number}: unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    if missing:
        raise InvalidOrder(f"entry {number}: {', '.join(missing)} missing")
    return given


def _require_account(world: World, number: int, name: str) -> Account:
    account = world.cloud.account(name)
    if account is None:
        raise InvalidOrder(f"entry {number}: no account {name!r}; there are {', '.join(world.cloud.accounts)}")
    return account


def _require_callable(world: World, number: int, account: str, deployment: str) -> None:
    """Traffic goes to an Azure account, or to a model that an OpenAI project can pay for."""
    if not account.startswith(OPENAI_PROJECT):
        _require_account(world, number, account)
        return
    try:
        openai_price(deployment, "input")
    except LookupError as error:
        raise InvalidOrder(f"entry {number}: OpenAI has no model {deployment!r}") from error


def _declare(world: World, account: Account, order: Mapping[str, Any]) -> None:
    name, base = str(order["model"]), order.get("base_model")
    parts = split_tuned(name)
    if parts:
        world.publish_model(account.name, name, *parts)
    elif base:
        world.publish_model(account.name, name, str(base), str(order.get("version", "")))


def _instant(number: int, text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_instant(str(text))
    except ValueError as error:
        raise InvalidOrder(f"entry {number}: {text!r} is not an ISO 8601 instant") from error
