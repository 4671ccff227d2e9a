"""The model that a job had made after so many steps: the last is often not the best one.

Azure and OpenAI keep the last checkpoints of a job as models that can be deployed or called by their own names,
those of a reinforcement job also while it is paused (fine-tuning guides, read 2026-11-20).
"""

from __future__ import annotations

from deployer.domain.deployment import Account
from deployer.errors import InvalidUsage
from deployer.ports.cloud import Training


def checkpoint_model(training: Training, account: Account, made: str, step: int) -> str:
    """The name of that checkpoint of the job `made`, or of the job that made the model `made`.

    Raises InvalidUsage with the steps that there are, or CloudError.
    """
    wanted = made.lower()
    job = next(
        (one for one in training.jobs(account) if wanted in (one.id.lower(), one.fine_tuned_model.lower())), None
    )
    if job is None:
        raise InvalidUsage(
            f"{account.name} has no job {made}, and none that made a model of that name",
            next_step="`deployer finetune list` shows the jobs and their models",
        )
    found = training.checkpoints(account, job.id)
    for one in found:
        if one.step == step and one.model:
            return one.model
    steps = ", ".join(str(one.step) for one in found if one.step is not None and one.model) or "none"
    raise InvalidUsage(
        f"{job.id} has no checkpoint at step {step} (there are: {steps})",
        next_step=f"`deployer finetune show {job.id}` shows how good each is",
    )
