"""Fine-tuning at OpenAI: the protocol both clouds share, and the question whether it is still offered.

OpenAI closes job creation organisation by organisation, and no list says for whom. So a job is asked
for with a training file that cannot exist: who may not create jobs is refused for that reason (403
`training_not_available`), anybody else because of the file. Nothing is created either way.
"""

from __future__ import annotations

from typing import ClassVar

from deployer.domain.deployment import Account
from deployer.domain.job import JobSpec
from deployer.errors import CloudError
from deployer.providers.finetuning import FineTuning
from deployer.providers.job import job_request
from deployer.providers.page import identified

NO_FILE = "file-deployer-asks-whether-jobs-are-taken"
CLOSED = "training_not_available"
ANY_GRADER = {
    "type": "string_check",
    "name": "any",
    "input": "{{sample.output_text}}",
    "reference": "any",
    "operation": "eq",
}
"""Reinforcement jobs are refused without one before anything else is looked at."""
NO_MODEL = {"model_not_available", "model_not_found"}


class OpenAITraining(FineTuning):
    keep_files: ClassVar[int | None] = 30 * 86_400
    """The longest that OpenAI takes (`expires_after`): a net below the removal when the job has ended."""

    def refusal(self, account: Account, model: str, method: str = "supervised") -> str:
        """Why no such job of this model is taken. Raises CloudError when that cannot be asked.

        It may be asked again, because nothing comes of it: there is no such file.
        """
        jobs, what = self._client(account).fine_tuning.jobs, f"ask whether {account.name} may fine-tune {model}"
        grader = ANY_GRADER if method == "reinforcement" else None
        request = job_request(JobSpec(account.name, model, NO_FILE, method=method, grader=grader))
        try:
            taken = str(identified(what, self._attempts(what, lambda: jobs.create(**request)))["id"])
        except CloudError as error:
            if error.code == CLOSED:
                return f"OpenAI takes no fine-tunes from this organisation any more (code {CLOSED})"
            if error.code in NO_MODEL:
                how = "" if method == "supervised" else f" with method {method}"
                return f"OpenAI does not fine-tune {model}{how} (code {error.code})"
            if error.status in {400, 404, 422}:
                return ""
            raise
        self._attempts(f"cancel {taken}", lambda: jobs.cancel(taken))
        return ""
