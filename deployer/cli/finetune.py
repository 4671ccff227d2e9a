"""`deployer finetune`: jobs on either cloud, priced before they start and gated by budget."""

import click

from deployer.cli.intervention import cancel_job, pause_job, resume_job
from deployer.cli.job import list_all, show, watch_job
from deployer.cli.order import estimate_job, start_job


@click.group()
def finetune() -> None:
    """Estimate, start and watch fine-tune jobs.

    \b
    Examples:
      deployer finetune estimate train.jsonl --model gpt-4.1-mini
      deployer finetune start train.jsonl --model gpt-4.1-mini-2025-04-14 --suffix support --watch
      deployer finetune list
    """


for command in (estimate_job, start_job, list_all, show, watch_job, cancel_job, pause_job, resume_job):
    finetune.add_command(command)
