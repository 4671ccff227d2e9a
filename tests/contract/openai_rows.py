"""The rows of OpenAI."""

from typing import Any

from deployer.domain.cap import Cap, CapKind
from deployer.ports.cloud import Caps, Provider
from tests.contract.acting import bills, call, check, models, observe, read, usage
from tests.contract.operation import DONE, EMPTY, GONE, LATE, UNPROVEN, Nature, Operation, target
from tests.contract.outcome import (
    billed,
    capped,
    checked,
    is_capped,
    not_refused,
    offers,
    said,
    some,
    stands,
    used,
    whole,
)
from tests.contract.stage import BASE, Stage
from tests.contract.training_rows import training_rows

HUNDRED = {"amount": "100.00", "currency": "USD"}
ALERT = HUNDRED | {"recipients": ["team@example.com"], "subject_prefix": ""}
DENIED = {"mode": "deny_list", "models": ["gpt-4.1-2025-04-14"]}


def _caps(provider: Provider) -> Caps:
    assert provider.caps is not None
    return provider.caps


def _read_caps(provider: Provider, stage: Stage, _: Any) -> Any:
    return _caps(provider).read(stage.account)


def _set_cap(provider: Provider, stage: Stage, cap: Any) -> Any:
    return _caps(provider).set(stage.account, cap)


def _standing_cap(cap: Cap) -> Any:
    """Sees to it that there is a cap of the kind, and names the kind."""

    def prepare(stage: Stage) -> CapKind:
        caps = _caps(stage.open())
        if not caps.read(stage.account).of(cap.kind):
            caps.set(stage.account, cap)
        return cap.kind

    return prepare


def _no_cap(cap: Cap) -> Any:
    """Sees to it that what is wanted is not so yet."""

    def prepare(stage: Stage) -> Cap:
        caps = _caps(stage.open())
        for one in caps.read(stage.account).of(cap.kind):
            caps.set(stage.account, Cap(cap.kind, None, one.key))
        return cap

    return prepare


def _other_rate(stage: Stage) -> Cap:
    there = next(iter(_caps(stage.open()).read(stage.account).of(CapKind.RATE_LIMIT)))
    assert there.value is not None
    wanted = {name: value + 1 for name, value in there.value.items() if name == "max_requests_per_1_minute"}
    return Cap(CapKind.RATE_LIMIT, {"model": there.value["model"], **wanted}, there.key)


def _limit_to_lift(stage: Stage) -> Cap:
    _standing_cap(Cap(CapKind.SPEND_LIMIT, HUNDRED))(stage)
    return Cap(CapKind.SPEND_LIMIT, None)


def _alerts(stage: Stage, _: Any) -> int:
    return len(_caps(stage.open()).read(stage.account).of(CapKind.ALERT))


OPENAI = (
    Operation("inventory.observe", target("openai.models.list"), Nature.OBSERVES, observe, whole),
    Operation("inventory.observe, projects", target("openai.projects.list"), Nature.OBSERVES, observe, whole),
    Operation("inventory.read", target("openai.models.get"), Nature.READS, read, stands, otherwise=GONE),
    Operation("catalog.models", target("openai.models.list"), Nature.READS, models, offers, fresh=True),
    Operation("usage.observe", target("openai.usage.completions"), Nature.OBSERVES, usage, used),
    Operation("deployments.call", target("openai.chat"), Nature.READS, call, said),
    Operation("billing.billed", target("openai.costs"), Nature.OBSERVES, bills, billed),
    Operation("check", target("openai.projects.list"), Nature.OBSERVES, check, checked, lambda _: "openai projects"),
    Operation(
        "caps.accounts", target("openai.projects.list"), Nature.READS,
        lambda provider, stage, _: _caps(provider).accounts(), some,
    ),
    Operation(
        "caps.owners", target("openai.users.list"), Nature.READS,
        lambda provider, stage, _: _caps(provider).owners(), some,
    ),
    Operation(
        "caps.read, alerts", target("openai.spend_alerts.list"), Nature.OBSERVES, _read_caps, capped,
        prepare=_standing_cap(Cap(CapKind.ALERT, ALERT)),
    ),
    Operation(
        "caps.read, rate limits", target("openai.rate_limits.list"), Nature.OBSERVES, _read_caps, capped,
        prepare=lambda _: CapKind.RATE_LIMIT,
    ),
    Operation(
        "caps.read, permissions", target("openai.model_permissions.get"), Nature.OBSERVES, _read_caps, capped,
        prepare=_standing_cap(Cap(CapKind.PERMISSIONS, DENIED)), otherwise=GONE,
    ),
    Operation(
        "caps.read, spend limit", target("openai.spend_limit.get"), Nature.OBSERVES, _read_caps, capped,
        prepare=_standing_cap(Cap(CapKind.SPEND_LIMIT, HUNDRED)), otherwise=GONE,
    ),
    Operation(
        "caps.set, alert", target("openai.spend_alerts.create"), Nature.MAKES, _set_cap, is_capped,
        prepare=_no_cap(Cap(CapKind.ALERT, ALERT)), count=_alerts, otherwise=LATE | EMPTY,
    ),
    Operation(
        "caps.set, rate limit", target("openai.rate_limits.update"), Nature.SAME, _set_cap, is_capped,
        prepare=_other_rate, otherwise=EMPTY,
    ),
    Operation(
        "caps.set, permissions", target("openai.model_permissions.set"), Nature.SAME, _set_cap, is_capped,
        prepare=_no_cap(Cap(CapKind.PERMISSIONS, DENIED)), otherwise=EMPTY,
    ),
    Operation(
        "caps.set, spend limit", target("openai.spend_limit.set"), Nature.SAME, _set_cap, is_capped,
        prepare=_no_cap(Cap(CapKind.SPEND_LIMIT, HUNDRED)), otherwise=EMPTY,
    ),
    Operation(
        "caps.set, no spend limit", target("openai.spend_limit.delete"), Nature.SAME, _set_cap, is_capped,
        prepare=_limit_to_lift, otherwise={"404": UNPROVEN} | EMPTY,
    ),
    Operation(
        "training.refusal", target("openai.jobs.create"), Nature.READS,
        lambda provider, stage, _: provider.training.refusal(stage.account, BASE), not_refused,
        otherwise={"404": DONE},
    ),
    *training_rows("openai"),
)  # fmt: skip
"""`billing.forecast` is no row: OpenAI makes none, and is not asked."""
