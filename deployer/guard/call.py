"""One call of a model, with an answer or with words that say what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from deployer.clock import Clock
from deployer.domain.deployment import Account, Deployment, DeploymentId
from deployer.domain.model import base_model, is_fine_tuned
from deployer.errors import CloudError, Forbidden, InvalidUsage, NotFound, Throttled
from deployer.guard.readiness import Say, is_awaited, is_fresh, when_ready
from deployer.ports.cloud import Provider

_TARGET = re.compile(
    r"(?:(?P<provider>[a-z]+):)?(?:(?P<account>[^/:]+)/)?(?P<name>ft:.+|davinci-002|babbage-002)", re.IGNORECASE
)
LOCKED = 423
"""What a paused deployment answers in Azure."""

_RESUME = "`deployer deployment resume {}`; pausing is not known to stop its hosting fee"


def call(clock: Clock, provider: Provider, found: Deployment, text: str, say: Say) -> str:
    """The answer's text; a deployment or model that was just made is waited for. Raises CloudError."""

    def awaited() -> bool:
        return is_fresh(clock, found.created_at) or is_awaited(clock, provider.training, found.account, found.model)

    try:
        return when_ready(
            clock, lambda: provider.deployments.call(found.account, found.name, text), awaited, str(found.id), say
        )
    except CloudError as error:
        if error.status == LOCKED:
            paused = f"{found.id} is paused and answers no calls (423)"
            raise CloudError(paused, status=LOCKED, code=error.code, next_step=_RESUME.format(found.id)) from None
        error.next_step = _next_step(error, found) or error.next_step
        raise


def unlisted(providers: Mapping[str, Provider], text: str) -> Deployment | None:
    """A model called by its own name, which no list shows: a checkpoint, a very new one, a legacy completion model."""
    match = _TARGET.fullmatch(text)
    if match is None:
        return None
    for provider in providers.values():
        if not provider.deployments.deploys and match["provider"] in (None, provider.name):
            account = _account(provider, match["account"] or "")
            return _model(account, match["name"])
    return None


def _account(provider: Provider, name: str) -> Account:
    accounts = [one for one in provider.inventory.observe().accounts if name.lower() in ("", one.name.lower())]
    if len(accounts) != 1:
        known = ", ".join(one.name for one in accounts) or "none"
        raise InvalidUsage(f"which account of {provider.name}? ({known})", next_step="name the model as account/name")
    return accounts[0]


def _model(account: Account, name: str) -> Deployment:
    identity = DeploymentId(account.provider, account.name, name)
    return Deployment(identity, account, name, base_model(name), is_fine_tuned(name))


def _next_step(error: CloudError, found: Deployment) -> str:
    if isinstance(error, NotFound) and found.state == "retired":
        return "its base is shut down: fine-tune another one; `deployer doctor` shows the dates"
    if isinstance(error, NotFound):
        return "it may be undeployed: `deployer deployment list` shows what stands, `deployer journal list` why"
    if isinstance(error, Throttled) and error.retry_after:
        return f"its limit of requests or tokens is reached: try again in {error.retry_after:.0f} seconds"
    if isinstance(error, Forbidden) and found.id.provider == "azure":
        return f"calls need the role Cognitive Services OpenAI User on {found.account.name}; try `deployer doctor`"
    if isinstance(error, Forbidden) and error.status == 403:
        return f"the key may not call it: look at the model permissions of project {found.account.name}"
    return ""
