"""How caps and their changes look in tables and documents."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deployer.cli.render import say, tell
from deployer.domain.cap import CapKind, describe

if TYPE_CHECKING:
    from deployer.domain.cap import AccountCaps
    from deployer.guard.cap import CapResult


def row(caps: "AccountCaps") -> dict[str, Any]:
    """One account's caps as a document; what could not be read is null, with its cause in `not_observed`."""
    limit = caps.find(CapKind.SPEND_LIMIT)
    permissions = caps.find(CapKind.PERMISSIONS)
    return {
        "provider": caps.account.provider,
        "account": caps.account.name,
        "name": caps.account.tags.get("name"),
        "spend_limit": limit.value,
        "enforcing": caps.enforcing,
        "alerts": _of(caps, CapKind.ALERT),
        "permissions": permissions.value,
        "models": None if CapKind.PERMISSIONS in caps.unread or permissions.value is None else describe(permissions),
        "rate_limits": _of(caps, CapKind.RATE_LIMIT),
        "not_observed": {kind.value: cause for kind, cause in caps.unread.items()},
        "as_of": caps.as_of,
        "budget": None,
    }


def _of(caps: "AccountCaps", kind: CapKind) -> list[Mapping[str, Any]] | None:
    if kind in caps.unread:
        return None
    return [{"id": cap.key, **cap.value} for cap in caps.of(kind) if cap.value is not None]


def print_caps(found: "Sequence[AccountCaps]") -> None:
    """Every cap of few accounts, one a line."""
    for one in found:
        say(f"{one.account.provider}:{one.account.name} {one.account.tags.get('name', '')}".rstrip())
        for cap in sorted(one.caps, key=lambda cap: (list(CapKind).index(cap.kind), describe(cap))):
            refusing = " (refuses calls now)" if cap.kind is CapKind.SPEND_LIMIT and one.enforcing else ""
            say(f"  {describe(cap)}{refusing}")
        if not one.caps and not one.unread:
            tell("  nothing is capped")


def result_row(result: "CapResult") -> dict[str, Any]:
    act = result.act
    return {
        "account": result.account.name,
        "act": act.act_id if act else None,
        "phase": act.phase.value if act else "done",
        "changed": act is not None and not act.failed,
        "was": result.was,
        "wanted": result.wanted,
        "detail": act.detail if act else "it was so already",
        "undo": f"deployer cap restore {act.act_id}" if act and not act.failed else None,
    }


def result_text(result: "CapResult") -> str:
    act = result.act
    if act is None:
        return f"{result.account.name}: nothing to change: {result.wanted}"
    if act.failed:
        return f"{result.account.name}: FAILED: {act.detail} (journal entry {act.act_id})"
    return (
        f"{result.account.name}: {result.wanted} (was: {result.was})\n"
        f"  journal entry {act.act_id}; to put it back: deployer cap restore {act.act_id}"
    )
