"""Which policies are about a deployment or a job, and which of them rules.

Names are compared without case, as the vendors do; the values of tags with it, as Azure does
(learn.microsoft.com/azure/azure-resource-manager/management/tag-resources).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache

from deployer.domain.deployment import account_names
from deployer.domain.subject import Subject, SubjectKind
from deployer.policy.document import Match, Policy

ANYTHING = "*"
_WILDCARDS = frozenset("*?[")
_RULES: Mapping[str, Callable[[Policy], object]] = {
    "budget": lambda policy: policy.budget,
    "alerts": lambda policy: policy.alerts and (policy.budget, policy.alerts),
    "over_budget": lambda policy: policy.over_budget and (policy.budget, policy.over_budget),
    "idle": lambda policy: policy.idle,
    "ttl": lambda policy: policy.ttl,
    "retirement": lambda policy: policy.retirement,
    "residency": lambda policy: policy.residency,
}


@dataclass(frozen=True)
class Conflict:
    """Equally specific policies that say different things about one rule: nothing is done by it."""

    rule: str
    subject: str
    policies: tuple[str, ...]

    def __str__(self) -> str:
        names = " and ".join(self.policies)
        return (
            f"{self.subject}: policies {names} match it equally and differ in {self.rule}, so {self.rule} "
            f"does nothing there; make one match more specific, or set the same value"
        )


def matching(policies: Iterable[Policy], subject: Subject) -> tuple[Policy, ...]:
    """All policies that are about `subject`, in the order of the files."""
    return tuple(policy for policy in policies if matches(policy.match, subject))


def governing(policies: Iterable[Policy], subject: Subject, rule: str) -> Policy | Conflict | None:
    """The most specific policy that has `rule` and is about `subject`; None when there is none.

    `rule` is one of budget, alerts, over_budget, idle, ttl, retirement, residency.
    """
    return most_specific(matching(policies, subject), subject, rule)


def most_specific(matched: Iterable[Policy], subject: Subject, rule: str) -> Policy | Conflict | None:
    """As `governing`, among policies that are known to match."""
    value = _RULES[rule]
    having = [policy for policy in matched if value(policy)]
    if len(having) < 2:
        return having[0] if having else None
    ranked = [(specificity(policy.match, subject), policy) for policy in having]
    highest = max(rank for rank, _ in ranked)
    best = [policy for rank, policy in ranked if rank == highest]
    if any(value(policy) != value(best[0]) for policy in best):
        return Conflict(rule, subject.key, tuple(policy.name for policy in best))
    return best[0]


def matches(match: Match, subject: Subject) -> bool:
    """Whether all that is given holds. A fine-tune job is matched by provider, account and model only."""
    named = any(_any_fits(match.account, one) for one in account_names(subject.account))
    where = named and _any_fits(match.provider, subject.provider)
    what = _any_fits(match.model, subject.model) or _any_fits(match.model, subject.base_model)
    if subject.kind is SubjectKind.JOB:
        return where and what
    return where and what and _any_fits(match.deployment, subject.name) and _traits_hold(match, subject)


def specificity(match: Match, subject: Subject) -> tuple[int, int, int]:
    """Exact name before glob before none; then more keys before fewer; then exact before glob in the rest."""
    name = _exactness(match.deployment, subject.name)
    others = (
        _exactness(match.provider, subject.provider),
        max(_exactness(match.account, one) for one in account_names(subject.account)),
        max(_exactness(match.model, subject.model), _exactness(match.model, subject.base_model)),
    )
    flags = (match.fine_tuned is not None) + (match.managed is not None)
    keys = sum(1 for score in (name, *others) if score) + len(match.tags) + flags
    return name, keys, sum(others)


def fits(pattern: str, name: str) -> bool:
    """Whether a name fits a glob, without case."""
    return _compiled(pattern).match(name.lower()) is not None


def _any_fits(patterns: tuple[str, ...], name: str) -> bool:
    return not patterns or any(fits(pattern, name) for pattern in patterns)


def _traits_hold(match: Match, subject: Subject) -> bool:
    if match.fine_tuned is not None and match.fine_tuned != subject.fine_tuned:
        return False
    if match.managed is not None and match.managed != subject.managed:
        return False
    return not match.tags or _tags_hold(match.tags, {key.lower(): value for key, value in subject.tags.items()})


def _tags_hold(wanted: Mapping[str, tuple[str, ...]], tags: Mapping[str, str]) -> bool:
    return all(
        key.lower() in tags and any(_compiled_exact(value).match(tags[key.lower()]) for value in values)
        for key, values in wanted.items()
    )


def _exactness(patterns: tuple[str, ...], name: str) -> int:
    """2 when named exactly, 1 by a glob, 0 when not given; a bare `*` says nothing."""
    if not patterns or ANYTHING in patterns:
        return 0
    return 2 if any(not _WILDCARDS & set(pattern) and fits(pattern, name) for pattern in patterns) else 1


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern.lower()))


@lru_cache(maxsize=4096)
def _compiled_exact(pattern: str) -> re.Pattern[str]:
    return re.compile(translate(pattern))
