"""Finding what a person names: an account, a deployment that stands, one that stood."""

from dataclasses import dataclass

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.deployment import Account, Deployment, DeploymentId
from deployer.domain.target import is_bare, resolve
from deployer.errors import CloudError, DeployerError, InvalidUsage, NotFound
from deployer.guard.context import GuardContext
from deployer.guard.restoration import unpack
from deployer.policy.phrase import instant
from deployer.ports.cloud import Provider

JOURNAL_DEPTH = 10_000
"""How many journal entries a restore looks through, the newest first."""


def find_account(context: GuardContext, provider: str, name: str) -> Account:
    """The account of that name, or the only one there is. Raises InvalidUsage, or CloudError when it may be unseen."""
    cloud = find_provider(context, provider)
    reading = cloud.inventory.observe()
    if not name and len(reading.accounts) == 1 and reading.complete:
        return reading.accounts[0]
    if not name and reading.accounts:
        known = ", ".join(account.name for account in reading.accounts)
        many = "several accounts" if reading.complete else "not all accounts could be read"
        raise InvalidUsage(f"{many} of {provider}: {known}", next_step="choose one with --account")
    for account in reading.accounts:
        if account.name.lower() == name.lower():
            return account
    seen = ", ".join(account.name for account in reading.accounts) or "none"
    gaps = "".join(f"; not observed: {gap}" for gap in reading.gaps)
    message = f"there is no account {name!r} on {provider} (seen: {seen}{gaps})"
    if not reading.complete:
        raise CloudError(message, next_step="`deployer doctor` says what is missing")
    raise InvalidUsage(message, next_step="choose one of them with --account, or another cloud with --provider")


def find_provider(context: GuardContext, name: str) -> Provider:
    """The cloud of that name. Raises InvalidUsage when it is not configured."""
    cloud = context.providers.get(name)
    if cloud is None:
        known = ", ".join(context.providers) or "none"
        raise InvalidUsage(
            f"provider {name!r} is not configured (configured: {known})",
            next_step="`deployer doctor` says what is missing",
        )
    return cloud


def find_deployment(context: GuardContext, target: str) -> Deployment:
    """The one deployment that `target` names, as it is now. Raises DeployerError, also when there may be another."""
    readings = [provider.inventory.observe() for provider in context.providers.values()]
    gaps = "; ".join(str(gap) for reading in readings for gap in reading.gaps)
    try:
        found = resolve(target, [one for reading in readings for one in reading.deployments])
    except NotFound as absence:
        raise explained(context, target, _unseen(absence, gaps) if gaps else absence) from absence
    if gaps and is_bare(target, found.id):
        raise DeployerError(
            f"{target!r} is {found.id} among what could be read, but another may bear that name: {gaps}",
            next_step=f"name it as {found.id.account}/{found.name} if you mean that one",
        )
    fresh = context.providers[found.id.provider].inventory.read(found.account, found.name)
    if fresh is None:
        raise NotFound(f"{found.id} is gone already", status=404)
    return fresh


def _unseen(absence: NotFound, gaps: str) -> NotFound:
    step = "`deployer doctor` says what is missing"
    return NotFound(f"{absence.message}, but not everything could be read: {gaps}", next_step=step)


def last_undeploy(context: GuardContext, target: str) -> Act:
    """The newest undeploy under that name that took effect. Raises NotFound, InvalidUsage."""
    newest: dict[str, Act] = {}
    for act in context.ledger.journal.acts(limit=JOURNAL_DEPTH):
        if act.kind in {ActKind.UNDEPLOY, ActKind.REMOVED} and _took_effect(act):
            newest.setdefault(act.subject, act)
    remembered = [_Remembered(unpack(act.body).id, act) for act in newest.values()]
    try:
        return resolve(target, remembered).act
    except NotFound as error:
        raise NotFound(
            error.message.replace("there is no deployment", "the journal holds no undeploy of"),
            status=404,
            next_step="`deployer journal list` shows what was undeployed",
        ) from error


def explained(context: GuardContext, target: str, absence: NotFound) -> NotFound:
    """Why nothing stands under that name, when the journal knows: who undeployed it, when, how it comes back."""
    try:
        act = last_undeploy(context, target)
    except (NotFound, InvalidUsage):
        return absence
    newest = next(one for one in context.ledger.journal.acts(limit=JOURNAL_DEPTH) if one.subject == act.subject)
    if newest.id != act.id or act.at is None:
        return absence
    return NotFound(
        f"{unpack(act.body).id} was undeployed at {instant(act.at)} by {act.who}: {act.reason}",
        status=404,
        next_step=f"put it back with `deployer deployment restore {act.subject}`",
    )


def _took_effect(act: Act) -> bool:
    """Done, or accepted by the cloud: what was still there when the time was up may be gone by now."""
    return act.phase is Phase.DONE or any(step.phase is Phase.CALLED for step in act.steps)


@dataclass(frozen=True)
class _Remembered:
    id: DeploymentId
    act: Act
