"""The policy language, declared once: the loader and the JSON Schema both come from here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from deployer.domain.plan import Mode
from deployer.domain.residency import Residency
from deployer.policy.document import (
    Alert,
    Budget,
    Exemption,
    Idle,
    Limits,
    Match,
    OverBudget,
    Policy,
    RetirementRule,
    Share,
    Then,
)
from deployer.policy.scalar import alert, choice, duration, flag, money, percent, text, until, url, whole, zone
from deployer.policy.shape import Field, Many, Nodes, Record, Scalar, Shape, Table, Unreadable
from deployer.policy.source import Reader

_MINUTE = timedelta(minutes=1)
_RETENTION = timedelta(days=90)
_LATER = ("scale_down", "pause", "trim", "cap")
_MANAGED = {"true": True, "false": False, "any": None, "deployer": True, "others": False}


@dataclass(frozen=True)
class Document:
    """One file; what it does not say is None."""

    version: int = 1
    policies: tuple[Policy, ...] = ()
    mode: Mode | None = None
    limits: Limits | None = None
    act_unwarned: bool = False


def _then() -> Scalar:
    return choice((Then.NOTIFY, Then.UNDEPLOY), later=_LATER)


def _version(written: Any) -> Any:
    if written != "1":
        raise Unreadable("1")
    return 1


def _never(key: str) -> Scalar:
    """A flag whose `true` is not available yet."""

    def parse(written: str) -> bool:
        if flag().parse(written):
            raise Unreadable(seen=f"{key}: true is not available in this version")
        return False

    return Scalar("false", parse, {"const": False, "type": "boolean"})


def _names(what: str) -> Many:
    return Many(text(f"a name or glob of {what}"), single=True, least=1)


def _managed() -> Scalar:
    words = choice(_MANAGED)
    return Scalar(words.expected, words.parse, {"enum": [True, False, "any", "deployer", "others"]})


def _build_match(*, managed: str = "any", **values: Any) -> Match:
    return Match(managed=_MANAGED[managed], **values)


def _build_idle(*, after: timedelta, warn: timedelta | None = None, **values: Any) -> Idle:
    values.pop("probe", None)
    return Idle(after, min(Idle.warn, after) if warn is None else warn, **values)


def _check_idle(nodes: Nodes, values: Mapping[str, Any], reader: Reader) -> None:
    if "warn" in values and "after" in values and values["warn"] > values["after"]:
        reader.refuse(nodes["warn"][1], "warn is longer than after", "a warning after the last request")


def _check_policy(nodes: Nodes, values: Mapping[str, Any], reader: Reader) -> None:
    for key in ("alerts", "over_budget"):
        if key in nodes and "budget" not in nodes:
            reader.refuse(nodes[key][0], f"{key} without a budget", "a key budget in the same policy")


def _check_alerts(nodes: Nodes, values: Mapping[str, Any], reader: Reader) -> None:
    alerts: tuple[Alert, ...] = values.get("alerts", ())
    for alert_given in dict.fromkeys(alerts):
        if alerts.count(alert_given) > 1:
            reader.refuse(nodes["alerts"][1], f"{alert_given} is given twice in alerts", "each threshold once")


def _check_whole_policy(nodes: Nodes, values: Mapping[str, Any], reader: Reader) -> None:
    _check_policy(nodes, values, reader)
    _check_alerts(nodes, values, reader)


def _fields(*fields: tuple[str, Shape | None, str]) -> tuple[Field, ...]:
    """Fields from (key, shape, about); a key that ends with `!` is required."""
    return tuple(Field(key.rstrip("!"), shape, about, required=key.endswith("!")) for key, shape, about in fields)


MATCH = Record(
    "match",
    _build_match,
    _fields(
        ("provider", _names("a provider"), "azure or openai"),
        ("account", _names("an account"), "the Azure OpenAI resource or OpenAI project, by name or glob"),
        ("deployment", _names("a deployment"), "name or glob"),
        ("model", _names("a model"), "the full model name or its family, by name or glob"),
        ("tags", Table(_names("a tag's value")), "tags that must be there with one of these values"),
        ("fine_tuned", flag(), "only fine-tuned models, or only others"),
        ("managed", _managed(), "created by deployer (true), by others (false), or any"),
    ),
)
BUDGET = Record(
    "budget",
    Budget,
    _fields(
        ("amount!", money(), "the limit per period, such as 300 USD"),
        ("period", choice(("day", "week", "month", "quarter", "year")), "a calendar period; default month"),
        ("timezone", zone(), "in which the period begins; default UTC"),
        ("share", choice((Share.TOGETHER, Share.EACH)), "one sum for all that is matched, or one per deployment"),
    ),
)
OVER_BUDGET = Record(
    "over_budget",
    OverBudget,
    _fields(
        ("at", percent(), "of the budget; default 100%"),
        ("then", _then(), "default notify"),
        ("warn", duration(), "how long before; default 1h; 0h acts at once"),
    ),
)
IDLE = Record(
    "idle",
    _build_idle,
    _fields(
        ("after!", duration(least=_MINUTE, most=_RETENTION, because=" and up to 90d: metrics are kept 93 days"), ""),
        ("warn", duration(), "how long before; default 2h; 0h acts at once"),
        ("then", _then(), "default notify"),
        ("grace", duration(), "younger deployments are never idle; default 6h"),
        ("probe", _never("probe"), "not available in this version"),
    ),
    check=_check_idle,
)
RETIREMENT = Record(
    "retirement",
    RetirementRule,
    _fields(("warn", duration(least=_MINUTE), "how long before it stops answering; default 60d")),
)
EXEMPT = Record(
    "exempt",
    Exemption,
    _fields(
        ("deployment!", _names("a deployment"), "name or glob"),
        ("until!", until(), "the last day of the exemption (UTC)"),
        ("reason!", text("a reason"), "why, for those who read it later"),
    ),
)
LIMITS = Record(
    "limits",
    Limits,
    _fields(
        ("max_actions", whole(0), "undeploys per sweep at most; default 5"),
        ("max_share", percent(most=100), "of the matched deployments per sweep at most, but always one; default 30%"),
        ("max_actions_per_day", whole(0), "default 4 times max_actions"),
    ),
)
POLICY = Record(
    "policy",
    Policy,
    _fields(
        ("name!", text("a name", longest=100), "names the policy in plans, messages and the journal"),
        ("match!", MATCH, "what it is about; all that is given must hold; {} is everything"),
        ("budget", BUDGET, "what may be spent"),
        ("alerts", Many(alert()), "tell at these shares of the budget, spent or forecast"),
        ("over_budget", OVER_BUDGET, "what to do when the budget is used up"),
        ("idle", IDLE, "what to do when nobody calls it"),
        ("ttl", duration(least=_MINUTE), "undeploy this long after creation"),
        ("retirement", RETIREMENT, "tell before the vendor retires the model behind it"),
        ("residency", choice(Residency), "how far data may travel: its region, its data zone, or any"),
        ("exempt", Many(EXEMPT), "deployments that no act touches until a day"),
        ("notify", Many(url(), single=True), "Apprise URLs told besides the configured ones"),
        ("act_unwarned", flag(), "act although nobody received the warning; default false"),
        ("approve", None, ""),
        ("hours", None, ""),
    ),
    check=_check_whole_policy,
    located=True,
)
DOCUMENT = Record(
    "the document",
    Document,
    _fields(
        ("version!", Scalar("1, the version of the language", _version, {"const": 1}), "of the language"),
        ("mode", choice((Mode.OBSERVE, Mode.ENFORCE)), "observe (default) plans and tells, enforce also acts"),
        ("limits", LIMITS, "the blast radius"),
        ("policies!", Many(POLICY, least=1), "any number; the most specific match holds, rule by rule"),
        ("act_unwarned", flag(), "for all policies of this file"),
    ),
    lenient=True,
)


def json_schema() -> dict[str, Any]:
    """The language as JSON Schema, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "deployer policies",
        **DOCUMENT.schema(),
    }
