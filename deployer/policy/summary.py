"""A policy in a few words, for lists."""

from deployer.policy.document import Budget, Idle, Match, OverBudget, Policy, Then
from deployer.policy.phrase import percent, span, whole


def match_text(match: Match) -> str:
    """`account=aoai-dev-*, fine_tuned=yes`; `everything` when nothing is given."""
    parts = [
        f"{key}={'|'.join(values)}"
        for key, values in (
            ("provider", match.provider),
            ("account", match.account),
            ("deployment", match.deployment),
            ("model", match.model),
            *((f"tags.{key}", values) for key, values in match.tags.items()),
        )
        if values
    ]
    flags = (("fine_tuned", match.fine_tuned), ("managed", match.managed))
    parts += [f"{key}={'yes' if value else 'no'}" for key, value in flags if value is not None]
    return ", ".join(parts) or "everything"


def rule_texts(policy: Policy) -> dict[str, str]:
    """The rules that the policy has, each in a few words; addresses are counted, not shown."""
    texts = {
        "budget": _budget(policy.budget),
        "alerts": ", ".join(str(alert) for alert in policy.alerts),
        "over_budget": _over_budget(policy.over_budget),
        "idle": _idle(policy.idle),
        "ttl": span(policy.ttl) if policy.ttl else "",
        "retirement": f"warned {span(policy.retirement.warn)} before" if policy.retirement else "",
        "residency": policy.residency or "",
        "exempt": str(len(policy.exempt)) if policy.exempt else "",
        "notify": str(len(policy.notify)) if policy.notify else "",
        "act_unwarned": "yes" if policy.act_unwarned else "",
    }
    return {rule: text for rule, text in texts.items() if text}


def _budget(budget: Budget | None) -> str:
    if budget is None:
        return ""
    each = " each" if budget.share == "each" else ""
    return f"{whole(budget.amount)} a {budget.period}{each} ({budget.timezone})"


def _over_budget(rule: OverBudget | None) -> str:
    return f"at {percent(rule.at)} {_then(rule)}" if rule else ""


def _idle(rule: Idle | None) -> str:
    return f"after {span(rule.after)} {_then(rule)}, grace {span(rule.grace)}" if rule else ""


def _then(rule: Idle | OverBudget) -> str:
    if rule.then is Then.NOTIFY:
        return "notify"
    return f"{rule.then}, warned {span(rule.warn)} before" if rule.warn else f"{rule.then}, unwarned"
