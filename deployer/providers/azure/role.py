"""The least that a credential must be allowed in Azure, for each of three jobs, as a custom role.

A watcher reads, a reaper also undeploys, an operator does everything. Microsoft's own role "Cognitive
Services OpenAI Contributor" allows more than a reaper needs. Action names from "Azure permissions for AI +
machine learning" (learn.microsoft.com/azure/role-based-access-control/permissions/ai-machine-learning);
Azure refuses a role that names an action it does not know, so what is in preview (pause, resume) is
allowed by `deployments/*`, never by a guessed name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from deployer.errors import InvalidUsage

_SERVICE = "Microsoft.CognitiveServices"
_DEPLOYMENTS = f"{_SERVICE}/accounts/deployments"
_OPENAI = f"{_SERVICE}/accounts/OpenAI"
WATCH = (
    f"{_SERVICE}/accounts/read",
    f"{_DEPLOYMENTS}/read",
    f"{_SERVICE}/locations/models/read",
    "Microsoft.Insights/metrics/read",
    "Microsoft.CostManagement/*/read",
    "Microsoft.Consumption/*/read",
    "Microsoft.Resources/subscriptions/read",
    "Microsoft.ResourceGraph/resources/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Authorization/permissions/read",
)
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "watcher": WATCH,
    "reaper": (*WATCH, f"{_DEPLOYMENTS}/delete"),
    "operator": (*WATCH, f"{_DEPLOYMENTS}/*", f"{_SERVICE}/*/read"),
}
DATA_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "watcher": (f"{_OPENAI}/fine-tunes/read",),
    "reaper": (f"{_OPENAI}/fine-tunes/read",),
    "operator": (
        f"{_OPENAI}/fine-tunes/*",
        f"{_OPENAI}/files/*",
        f"{_OPENAI}/models/read",
        f"{_OPENAI}/deployments/chat/completions/action",
        f"{_OPENAI}/deployments/completions/action",
    ),
}
_ABOUT = {
    "watcher": "Reads deployments, their use, prices and costs; changes nothing.",
    "reaper": "As a watcher, and deletes deployments that policies end; models are kept.",
    "operator": "As a reaper, and deploys, restores, pauses, fine-tunes and calls models.",
}
ROLES = tuple(ACTIONS)


@dataclass(frozen=True)
class Right:
    """One action, what it is for, and the humblest role that has it; `data`: on the data plane."""

    action: str
    purpose: str
    role: str = "watcher"
    data: bool = False


RIGHTS = (
    Right(f"{_SERVICE}/accounts/read", "see accounts"),
    Right(f"{_DEPLOYMENTS}/read", "see deployments"),
    Right("Microsoft.Insights/metrics/read", "tell use from idleness"),
    Right("Microsoft.CostManagement/query/read", "read bills"),
    Right(f"{_SERVICE}/locations/models/read", "read retirement dates"),
    Right("Microsoft.Authorization/locks/read", "respect resource locks"),
    Right(f"{_OPENAI}/fine-tunes/read", "see fine-tune jobs", data=True),
    Right(f"{_DEPLOYMENTS}/delete", "undeploy", "reaper"),
    Right(f"{_DEPLOYMENTS}/write", "create, scale and restore deployments", "operator"),
    Right(f"{_SERVICE}/locations/usages/read", "read quotas before a create or restore", "operator"),
    Right(f"{_OPENAI}/files/write", "upload training data", "operator", data=True),
    Right(f"{_OPENAI}/fine-tunes/write", "start and cancel fine-tune jobs", "operator", data=True),
    Right(f"{_OPENAI}/deployments/chat/completions/action", "call models", "operator", data=True),
)


def definition(role: str, subscriptions: Sequence[str]) -> dict[str, Any]:
    """The role as `az role definition create --role-definition` takes it. Raises InvalidUsage without a scope."""
    if not subscriptions:
        raise InvalidUsage(
            "no subscription is configured, and a role must say where it may be assigned",
            next_step="set AZURE_SUBSCRIPTION_ID to one or several ids, separated by commas",
        )
    return {
        "Name": f"deployer {role}",
        "IsCustom": True,
        "Description": _ABOUT[role],
        "Actions": list(ACTIONS[role]),
        "NotActions": [],
        "DataActions": list(DATA_ACTIONS[role]),
        "NotDataActions": [],
        "AssignableScopes": [f"/subscriptions/{one}" for one in subscriptions],
    }


@dataclass(frozen=True)
class Permission:
    """One entry of what Azure says a credential may do; each assignment of a role is one."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    def allows(self, right: Right) -> bool:
        """`*` stands for anything; what is excluded is excluded within the same role only."""
        granted, excluded = self.actions, self.not_actions
        if right.data:
            granted, excluded = self.data_actions, self.not_data_actions
        return _any(granted, right.action) and not _any(excluded, right.action)


def missing(permissions: Sequence[Permission]) -> tuple[Right, ...]:
    """The rights that no assignment gives."""
    return tuple(right for right in RIGHTS if not any(one.allows(right) for one in permissions))


def _any(patterns: Sequence[str], action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)
