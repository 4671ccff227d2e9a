"""How deployments and what was done to them look in tables and documents."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from deployer.cli.render import Column, days_ago, duration, emit, moment, money, say, tell, warn
from deployer.domain.act import Phase
from deployer.domain.money import Money
from deployer.domain.plan import Mode
from deployer.domain.retirement import Retirement
from deployer.reports.inventory import SHORT_LIVED, Line, total_hourly
from deployer.spend.price import Unpriced

if TYPE_CHECKING:
    from datetime import timedelta

    from deployer.guard.deploy import Deployed
    from deployer.guard.outcome import ActResult

UNGUARDED = "UNGUARDED"
_CAUSES_SHOWN = 3


def _amount(value: Any) -> str:
    return money(value) if isinstance(value, Money) else "unknown"


def _short_model(name: str) -> str:
    """`gpt-4.1-mini.ft-01234567…-bot`: the base model's date and Azure's 32 digits leave no room for the rest."""
    return re.sub(r"(?:-\d{4}-\d\d-\d\d)?(\.ft-[0-9a-f]{8})[0-9a-f]{24}", r"\1…", name)


def _read_on(text: str) -> str:
    """The day on which the price was read: `deployment show` says where."""
    return text.rpartition(" (")[2].rstrip(")")


COLUMNS = (
    Column("account"),
    Column("name", "deployment"),
    Column("model", show=_short_model),
    Column("sku", spare=True),
    Column("state", spare=True),
    Column("age", show=lambda value: duration(value)),
    Column("hourly", "$/h", right=True, show=_amount),
    Column("monthly", "$/month", right=True, show=_amount, spare=True),
    Column("use"),
    Column("retires", show=lambda value: value if isinstance(value, str) else f"{value:%Y-%m-%d}", spare=True),
    Column("policy"),
    Column("price_source", "price of", show=_read_on, spare=True),
)


def row(line: Line) -> dict[str, Any]:
    """One line of the inventory; an unknown price is null and named under `unpriced`."""
    deployment, end = line.deployment, line.retirement
    return {
        "provider": deployment.id.provider,
        "account": deployment.id.account,
        "name": deployment.name,
        "model": deployment.model,
        "base_model": deployment.base_model,
        "fine_tuned": deployment.fine_tuned,
        "sku": deployment.sku,
        "capacity": deployment.capacity,
        "region": deployment.account.region,
        "state": deployment.state,
        "created_at": deployment.created_at,
        "age": line.age,
        "hourly": known(line.hourly),
        "monthly": known(line.monthly),
        "unpriced": line.hourly.what if isinstance(line.hourly, Unpriced) else None,
        "use": line.use.state if line.use else None,
        "use_reason": line.use.reason if line.use else None,
        "retires": end.at if end else None,
        "retires_unknown": end.cause or None if end else None,
        "retires_source": _told_by(end) if end else None,
        "retrain_until": end.retrain_until if end else None,
        "policy": ", ".join(line.policies) or UNGUARDED,
        "policies": line.policies,
        "managed": deployment.managed,
        "locked": deployment.locked,
        "price_source": f"{line.rate.source} ({line.rate.read_on})" if line.rate else None,
    }


def _told_by(end: Retirement) -> str | None:
    return f"{end.source} ({end.as_of:%Y-%m-%d})" if end.as_of else end.source or None


def listed(line: Line, output: str) -> dict[str, Any]:
    """As `row`; for people a date that is not known is said, not left out."""
    found = row(line)
    return found | {"retires": found["retires"] or "unknown"} if output == "table" else found


def warn_undated(lines: Sequence[Line]) -> None:
    """Why it is not known of some when they retire: a warning, for nothing else depends on it."""
    undated = [line.retirement for line in lines if line.retirement and line.retirement.at is None]
    causes = Counter(retirement.cause for retirement in undated)
    for cause, count in causes.most_common(_CAUSES_SHOWN):
        warn(f"when {count} deployment{'s retire' if count > 1 else ' retires'} is unknown: {cause}")
    if len(causes) > _CAUSES_SHOWN:
        warn(f"and {len(causes) - _CAUSES_SHOWN} more reasons; `-o json` has each under retires_unknown")


def tell_paused(lines: Sequence[Line]) -> None:
    """Paused ones look harmless; no vendor's document says that pausing stops the hosting fee."""
    paused = [str(line.deployment.id) for line in lines if line.deployment.paused]
    if paused:
        shown = ", ".join(paused[:_CAUSES_SHOWN]) + (", ..." if len(paused) > _CAUSES_SHOWN else "")
        tell(f"{len(paused)} paused ({shown}): no calls are answered, but what it costs by the hour is taken to go on")


def document(line: Line) -> dict[str, Any]:
    """One deployment in full."""
    deployment = line.deployment
    return row(line) | {
        "id": str(deployment.id),
        "model_version": deployment.model_version or None,
        "tags": deployment.tags,
        "endpoint": deployment.account.endpoint or None,
    }


def known(amount: Money | Unpriced) -> Money | None:
    return amount if isinstance(amount, Money) else None


def summary(lines: Sequence[Line]) -> str:
    """`3 deployments, $3.40 an hour, $2,482.00 a month; 1 unguarded; 1 without a known price`."""
    total, unpriced = total_hourly(lines)
    unguarded = sum(1 for line in lines if not line.policies)
    least = "at least " if unpriced else ""
    parts = [
        f"{len(lines)} deployment{'s' if len(lines) != 1 else ''}, {least}{total} an hour, {least}{total * 730} a month"
    ]
    parts += [f"{unguarded} unguarded"] if unguarded else []
    parts += [f"{unpriced} without a known price"] if unpriced else []
    return "; ".join(parts)


def emit_deployed(made: "Deployed", output: str, now: datetime, verb: str, mode: Mode) -> None:
    """What a create or restore came to: dollars an hour and a month, the price's age, when a policy will end it."""
    for warning in made.warnings:
        warn(warning)
    if output != "table":
        emit(_deployed(made) | {"mode": mode}, output)
        return
    if not made.created:
        say(f"Nothing to create: {made.deployment.id} can be called at once, by that name")
        say(f"  {_cost(made, now)}")
        say(f'  next: deployer deployment call "{made.deployment.id}" "..."')
        return
    say(f"{verb} {made.deployment.id} ({made.deployment.model}, {made.deployment.sku})")
    for line in (_cost(made, now), _end(made, now, mode)):
        say(f"  {line}")
    if made.deployment.expires:
        say(f"  {SHORT_LIVED}: at {moment(made.deployment.expires)}")
    if made.deployment.paused:
        say(f"  it is paused, as it was: `deployer deployment resume {made.deployment.id}` lets it answer")
    say(f"  journal entry {made.act_id}")


def _deployed(made: "Deployed") -> dict[str, Any]:
    rate = made.rate
    return {
        "id": str(made.deployment.id),
        "model": made.deployment.model,
        "sku": made.deployment.sku,
        "state": made.deployment.state,
        "created_at": made.deployment.created_at,
        "hourly": known(made.hourly),
        "monthly": known(made.monthly),
        "unpriced": made.hourly.what if isinstance(made.hourly, Unpriced) else None,
        "price": {"source": rate.source, "read_on": rate.read_on} if rate else None,
        "policies": made.policies,
        "undeploy_at": made.undeploy_at,
        "undeploy_reason": made.undeploy_reason or None,
        "expires": made.deployment.expires,
        "created": made.created,
        "act": made.act_id or None,
    }


def _cost(made: "Deployed", now: datetime) -> str:
    if isinstance(made.hourly, Unpriced):
        return f"{made.hourly}: its cost is unknown, not zero"
    if not made.hourly.amount:
        return "costs nothing while it is not used: it pays by the token"
    age = f"; price read {days_ago(made.rate.read_on, now)} at {made.rate.source}" if made.rate else ""
    return f"costs {made.hourly} an hour, {made.monthly} a month even when unused{age}"


def _end(made: "Deployed", now: datetime, mode: Mode) -> str:
    if not made.policies:
        return f"{UNGUARDED}: no policy will ever undeploy it"
    names = ", ".join(made.policies)
    if made.undeploy_at is None:
        return f"guarded by {names}; nothing will undeploy it"
    will = "will be" if mode is Mode.ENFORCE else "the mode is observe, in mode enforce it would be"
    return (
        f"guarded by {names}; {will} undeployed at {moment(made.undeploy_at)} "
        f"(in {duration(_until(made.undeploy_at, now))}): {made.undeploy_reason}"
    )


def _until(instant: datetime, now: datetime) -> "timedelta":
    return instant - now


def emit_act(result: "ActResult", output: str) -> int:
    """What a delete came to, and how to undo it; the exit code."""
    restore = f"deployer deployment restore {result.subject}"
    done = result.phase is Phase.DONE
    if output != "table":
        body = {"kind": result.kind, "subject": result.subject, "phase": result.phase, "detail": result.detail}
        emit(body | {"act": result.act_id, "restore": restore if done else None}, output)
    elif done:
        say(f"Deleted {result.subject}: {result.detail}")
        say(f"Undo: {restore}")
    if not done:
        tell(f"Error: {result.subject}: {result.phase}: {result.detail}")
        tell(f"Next: `deployer deployment show {result.subject}` says whether it still stands; then delete it again")
    return 0 if done else 1
