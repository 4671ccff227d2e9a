"""Budgets over deployments whose use could not be read: what was not counted is not nothing.

A deployment that pays by the token spends without a trace where its use cannot be read (OpenAI without an
admin key, Azure without the right to read metrics). So every such budget says what it does not see.
"""

from collections.abc import Iterable

from deployer.domain.snapshot import Gap
from deployer.policy.document import Policy
from deployer.policy.roster import Member
from deployer.policy.view import View


def unmetered(policy: Policy, members: Iterable[Member], view: View) -> tuple[Gap, ...]:
    """One gap for each account and cause: the use that this policy's budget does not know of.

    Where a rule of idleness stands on the same reading, that rule says so of each deployment.
    """
    if policy.budget is None:
        return ()
    blind: dict[tuple[str, str], int] = {}
    for member in members:
        reading = view.snapshot.usage.get(member.key)
        if reading is not None and not reading.complete and member.ruled_by("idle") is None:
            account = member.deployment.account
            key = (f"{account.provider}:{account.name}", reading.cause)
            blind[key] = blind.get(key, 0) + 1
    return tuple(
        Gap("use", f"{count} deployment{'s' if count > 1 else ''} of {where}, which policy {policy.name} limits", cause)
        for (where, cause), count in blind.items()
    )
