"""What keeps a deployment from every act of the guard: exemptions, protection, locks."""

from dataclasses import dataclass
from datetime import datetime

from deployer.domain.deployment import Deployment
from deployer.domain.plan import History
from deployer.policy.document import Exemption, Policy
from deployer.policy.match import fits
from deployer.policy.phrase import instant

_DESTROYS = {"openai": "deleting a model on OpenAI destroys it for good and saves nothing, as there is no hosting fee"}
"""platform.openai.com/docs/api-reference/models/delete: there is no deployment apart from the model."""


@dataclass(frozen=True)
class Shield:
    """Why nothing is done, until when; `until` None is until a person says otherwise."""

    reason: str
    until: datetime | None = None


def shield_of(deployment: Deployment, matched: tuple[Policy, ...], history: History, now: datetime) -> Shield | None:
    """The shield that lasts longest; an exemption of any policy that matches holds against all of them."""
    if deployment.id.key in history.protected:
        return Shield("protected by a person")
    if deployment.locked or deployment.account.locked:
        return Shield("a resource lock on it forbids deletion")
    if deployment.id.provider in _DESTROYS:
        return Shield(_DESTROYS[deployment.id.provider])
    entries = [(entry, policy) for policy in matched for entry in policy.exempt if _covers(entry, deployment, now)]
    if not entries:
        return None
    entry, policy = max(entries, key=lambda pair: pair[0].until)
    return Shield(f"exempt until {instant(entry.until)} by policy {policy.name}: {entry.reason}", entry.until)


def _covers(entry: Exemption, deployment: Deployment, now: datetime) -> bool:
    return now < entry.until and any(fits(pattern, deployment.name) for pattern in entry.deployment)
