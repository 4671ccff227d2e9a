"""The rows of commands on OpenAI."""

from pathlib import Path
from typing import Any

from deployer.deadline import CALL
from deployer.domain.cap import Cap, CapKind
from tests.contract.command import Act, Count, Given, Look, target
from tests.contract.console import Console
from tests.contract.openai_rows import ALERT, DENIED, HUNDRED
from tests.contract.shared_commands import (
    ESTIMATE,
    LOOK,
    finetune_commands,
    guard_policy,
    is_found,
    is_well,
    knows_dates,
    knows_use,
    lists_standing,
    new_job,
    place,
)

PROJECTS = target("openai.projects.list")
MODELS = target("openai.models.list")
USE = target("openai.usage.completions")
VERIFY = 120.0
SET = "cap set {account} -o json --reason cell "
RATE_MODEL = "gpt-4.1-mini-2025-04-14"


def _watched(console: Console, home: Path) -> Given:
    guard_policy(home, match={"provider": "openai"}, idle={"after": "24h", "warn": "0h"})
    return place(console, home)


def _without(kind: CapKind) -> Any:
    """Lifts every cap of the kind, so that there is one to set."""

    def prepare(console: Console, home: Path) -> Given:
        stage = console.stage
        caps = stage.open().caps
        assert caps is not None
        for cap in caps.read(stage.account).of(kind):
            caps.set(stage.account, Cap(kind, None, cap.key))
        return place(console, home)

    return prepare


def _with_caps(console: Console, home: Path) -> Given:
    """One of each kind, as `cap show` shows them."""
    stage = console.stage
    caps = stage.open().caps
    assert caps is not None
    there = {cap.kind for cap in caps.read(stage.account).caps}
    wanted = (Cap(CapKind.ALERT, ALERT), Cap(CapKind.PERMISSIONS, DENIED), Cap(CapKind.SPEND_LIMIT, HUNDRED))
    for cap in wanted:
        if cap.kind not in there:
            caps.set(stage.account, cap)
    return place(console, home)


def _limited(console: Console, home: Path) -> Given:
    """A spend limit that the journal knows how to lift."""
    given = _without(CapKind.SPEND_LIMIT)(console, home)
    made = console.run(home, "cap", "set", given["account"], "--spend-limit", "100 USD", "-o", "json")
    return {**given, "act": str(made.document["act"])}


def _other_rate(console: Console, home: Path) -> Given:
    now = next(cap for cap in _caps(console, CapKind.RATE_LIMIT) if cap.value and cap.value["model"] == RATE_MODEL)
    assert now.value is not None
    return {**place(console, home), "rate": str(now.value["max_requests_per_1_minute"] + 1)}


def _caps(console: Console, kind: CapKind) -> tuple[Cap, ...]:
    caps = console.stage.open().caps
    assert caps is not None
    return caps.read(console.stage.account).of(kind)


def _number_of(kind: CapKind) -> Count:
    return lambda console, given: len(_caps(console, kind))


def _is_lifted(console: Console, given: Given) -> int:
    return int(not _caps(console, CapKind.SPEND_LIMIT))


def _has_rate(console: Console, given: Given) -> int:
    wanted = int(given["rate"])
    limits = [cap.value for cap in _caps(console, CapKind.RATE_LIMIT) if cap.value]
    return sum(1 for one in limits if (one["model"], one["max_requests_per_1_minute"]) == (RATE_MODEL, wanted))


def _shows_cap(name: str) -> Any:
    def shows(document: Any, console: Console, given: Given) -> bool:
        found = [row for row in document if row["account"] == given["account"]]
        return bool(found) and found[0][name] not in (None, [])

    return shows


def _has_bill(document: Any, console: Console, given: Given) -> bool:
    return any(row["billed"] is not None for row in document)


def _cap_set(name: str, words: str, operation: str, kind: CapKind, after: int = 0, **given: Any) -> Act:
    options = {"prepare": _without(kind), "count": _number_of(kind)} | given
    where: dict[str, Any] = {**target(f"openai.{operation}"), "after": after}
    return Act(name, SET + words, where, 1, 4 * CALL + VERIFY, **options)


SHOW_CAPS = "cap show {account} -o json"
CALL_ONE = "deployment call {standing} hello -o json"
CREATE = "deployment create any --model {standing} --unguarded -o json"
BILLS = "spend show --billed --period all --by account -o json"

OPENAI = (
    Look("doctor", "doctor -o json", PROJECTS, 1, LOOK, place, shows=is_well("openai projects"), reports=True),
    Look("doctor, models", "doctor -o json", MODELS, 1, LOOK, place, shows=is_well("openai key"), reports=True),
    Look(
        *("doctor, costs", "doctor -o json", target("openai.costs"), 0, LOOK, place),
        shows=is_well("openai costs"), reports=True,
    ),
    Look("deployment list, projects", "deployment list -o json", PROJECTS, 1, LOOK, place, shows=lists_standing),
    Look("deployment list", "deployment list -o json", MODELS, 1, LOOK, place, shows=lists_standing),
    Look("deployment list, use", "deployment list -o json", USE, 5, 2 * LOOK, place, shows=knows_use),
    Look("deployment show", "deployment show {standing} -o json", MODELS, 1, LOOK, place),
    Look("deployment show, use", "deployment show {standing} -o json", USE, 5, 2 * LOOK, place, shows=knows_use),
    Look("deployment protect", "deployment protect {standing} -o json", MODELS, 1, LOOK, place),
    Look("deployment call", CALL_ONE, target("openai.chat"), 1, LOOK + CALL, place),
    Look("deployment create", CREATE, target("openai.models.get"), 1, LOOK + CALL, place),
    Look("finetune estimate", ESTIMATE, PROJECTS, 1, LOOK, new_job),
    Look("finetune estimate, dates", ESTIMATE, MODELS, 0, LOOK + 2 * CALL, new_job, shows=knows_dates),
    Look(
        *("finetune estimate, asking", ESTIMATE, target("openai.jobs.create"), 0, LOOK + 2 * CALL, new_job),
        shows=lambda document, console, given: document["endings"]["openai"]["can_start"] is True, vanishes=True,
    ),
    *finetune_commands("openai"),
    Look("spend show", BILLS, target("openai.costs"), 0, LOOK, place, shows=_has_bill),
    Look("spend show, projects", BILLS, PROJECTS, 0, LOOK, place, shows=_has_bill),
    Look("guard plan", "guard plan -o json", MODELS, 1, LOOK, _watched, shows=is_found),
    Look("guard apply, use", "guard apply -o json", USE, 5, 3 * LOOK, _watched, shows=is_found),
    Look("guard plan, use", "guard plan -o json", USE, 5, 2 * LOOK, _watched, shows=is_found),
    Look("cap show", "cap show -o json", PROJECTS, 1, LOOK, _with_caps, shows=_shows_cap("spend_limit")),
    Look(
        *("cap show, alerts", SHOW_CAPS, target("openai.spend_alerts.list"), 5, LOOK, _with_caps),
        shows=_shows_cap("alerts"),
    ),
    Look(
        *("cap show, rate limits", SHOW_CAPS, target("openai.rate_limits.list"), 5, LOOK, _with_caps),
        shows=_shows_cap("rate_limits"),
    ),
    Look(
        *("cap show, permissions", SHOW_CAPS, target("openai.model_permissions.get"), 5, LOOK, _with_caps),
        shows=_shows_cap("permissions"), vanishes=True,
    ),
    Look(
        *("cap show, spend limit", SHOW_CAPS, target("openai.spend_limit.get"), 5, LOOK, _with_caps),
        shows=_shows_cap("spend_limit"), vanishes=True,
    ),
    _cap_set(
        *("cap set, alert", "--alert 80USD --email team@example.com", "spend_alerts.create", CapKind.ALERT)
    ),
    _cap_set(
        *("cap set, alert to the owners", "--alert 80USD", "users.list", CapKind.ALERT), changes=False
    ),
    _cap_set(
        *("cap set, model", "--deny-model gpt-4.1-2025-04-14", "model_permissions.set", CapKind.PERMISSIONS)
    ),
    _cap_set(*("cap set, spend limit", "--spend-limit 100USD", "spend_limit.set", CapKind.SPEND_LIMIT)),
    _cap_set(
        *("cap set, proving", "--spend-limit 100USD", "spend_limit.get", CapKind.SPEND_LIMIT),
        changes=False, after=1,
    ),
    _cap_set(
        *("cap set, rate limit", f"--rate-limit {RATE_MODEL}={{rate}}", "rate_limits.update", CapKind.RATE_LIMIT),
        prepare=_other_rate, count=_has_rate,
    ),
    Act(
        *("cap restore", "cap restore {act} -o json", target("openai.spend_limit.delete"), 1, 4 * CALL + VERIFY),
        prepare=_limited, count=_is_lifted,
    ),
)  # fmt: skip
