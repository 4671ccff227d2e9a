"""Fine-tuned models at OpenAI can be called as soon as they exist: there is nothing to deploy or undeploy."""

from __future__ import annotations

from deployer.domain.deployment import Account, Deployment
from deployer.domain.model import base_model
from deployer.errors import CloudError
from deployer.ports.cloud import DeploymentRequest, Quota
from deployer.providers.chat import said
from deployer.providers.openai.cloud import Cloud

_COMPLETION_MODELS = {"davinci-002", "babbage-002"}
MOST_TOKENS = 256


class Pointless(CloudError):
    """An act that would save nothing, or make nothing, at OpenAI (exit 3)."""

    exit_code = 3


class OpenAIDeployments:
    deploys = False

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def create(self, request: DeploymentRequest) -> Deployment:
        raise Pointless(
            f"OpenAI has no deployments to create: a fine-tuned model such as {request.model} can be called as it is",
            next_step=f'deployer deployment call "openai:{request.account.name}/{request.model}" "..."',
        )

    def delete(self, account: Account, name: str) -> bool:
        """Never done: there is no hosting fee, and deleting a model destroys it for good."""
        raise Pointless(
            f"not deleted: {name} costs nothing while it is not called (OpenAI has no hosting fee), "
            "and deleting a fine-tuned model cannot be undone",
            next_step=f"to cap its cost set a spend limit on project {account.name}; to destroy it use the dashboard",
        )

    def scale(self, deployment: Deployment, capacity: int) -> Deployment:
        raise Pointless(f"OpenAI has no capacity to set: {deployment.name} is limited by its project's rate limits")

    def pause(self, deployment: Deployment, paused: bool) -> Deployment:
        raise Pointless(
            f"OpenAI cannot pause a model: {deployment.name} can be called as long as its project may call it",
            next_step=f"set a spend limit on project {deployment.account.name}, or take the model from its permissions",
        )

    def call(self, account: Account, name: str, text: str) -> str:
        client, attempts = self._cloud.client(account), self._cloud.attempts
        what = f"call {name} in {account.name}"
        if base_model(name) in _COMPLETION_MODELS:
            legacy = attempts(what, lambda: client.completions.create(model=name, prompt=text, max_tokens=MOST_TOKENS))
            return said(what, legacy)
        answer = attempts(
            what,
            lambda: client.chat.completions.create(model=name, messages=[{"role": "user", "content": text}]),
        )
        return said(what, answer)


class OpenAIQuotas:
    """Nothing is deployed at OpenAI, so nothing can be out of room."""

    def quota(self, account: Account, name: str) -> Quota | None:
        return None

    def places(self, account: Account, model: str, version: str, sku: str, *, tuned: bool) -> tuple[str, ...]:
        return ()
