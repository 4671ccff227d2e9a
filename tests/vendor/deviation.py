"""Where the wire departs from the documents on purpose: the one table of what is allowed, and why.

What is not named here fails; what is named and does not happen fails too, so that the table stays true.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from tests.vendor.exchange import Finding


@dataclass(frozen=True)
class Deviation:
    """A departure; `operation` (of the document) and `at` are patterns in which `*` fits anything."""

    operation: str
    side: str
    at: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        return (
            self.side == finding.side
            and fnmatchcase(finding.operation, self.operation)
            and fnmatchcase(finding.at, self.at)
        )


_LINK = "a link to the next page is followed as the service gave it"
_V1 = "the surface below /openai/v1 takes no api-version; the document is of the older one"
_NEWER = "newer than the document (2024-10-21)"

DEVIATIONS = (
    # Azure Resource Manager
    Deviation("*_List", "request", "query.$skiptoken", _LINK),
    Deviation("Query_Usage", "request", "query.$skiptoken", _LINK),
    Deviation("Deployments_*", "answer", "body.*ratelimits", "recorded: the service writes `rateLimits` in lower case"),
    Deviation("Deployments_*", "answer", "body.*deploymentState", "reads ask with a preview that shows what is paused"),
    Deviation("*_List*", "answer", "body.*.skus.*.scope", "recorded 2026-09-01: SKUs of fine-tunes say `Finetune`"),
    Deviation("*_List*", "answer", "body.*.skus.*.costs", "recorded 2026-09-01: SKUs say which of them pay hosting"),
    Deviation(
        "UsageDetails_List", "answer", "body.value.*.properties", "the document tells kinds apart by their `kind`"
    ),
    # Azure OpenAI's data plane
    Deviation("ChatCompletions_Create", "request", "query.api-version", _V1),
    Deviation("Completions_Create", "request", "query.api-version", _V1),
    Deviation("Files_*", "request", "query.api-version", _V1),
    Deviation("FineTuning_*", "request", "query.api-version", _V1),
    Deviation("Models_Get", "request", "query.api-version", _V1),
    Deviation("Completions_Create", "request", "body.model", "below /openai/v1 the body names the deployment"),
    Deviation("ChatCompletions_Create", "request", "body.model", "below /openai/v1 the body names the deployment"),
    Deviation("ChatCompletions_Create", "answer", "body.usage.*", f"details of tokens are {_NEWER}"),
    Deviation("ChatCompletions_Create", "answer", "event.*content_filter_results", "the document describes no streams"),
    Deviation("ChatCompletions_Create", "answer", "event.prompt_filter_results", "the document describes no streams"),
    Deviation("Files_List", "answer", "body.has_more", "files are paged as OpenAI's are"),
    Deviation("Files_List", "answer", "body.*_id", "files are paged as OpenAI's are"),
    Deviation("FineTuning_GetCheckpoints", "answer", "body.*_id", "checkpoints are paged as OpenAI's are"),
    Deviation("FineTuning_*", "request", "body.method", _NEWER),
    Deviation("FineTuning_*", "request", "body.metadata", _NEWER),
    Deviation("FineTuning_*", "request", "body.trainingType", f"{_NEWER}; the price tier of the training"),
    Deviation("FineTuning_*", "answer", "body.*method", _NEWER),
    Deviation("FineTuning_*", "answer", "body.*metadata", _NEWER),
    Deviation("FineTuning_*", "answer", "body.*trainingType", f"{_NEWER}; seen on the service"),
    # OpenAI
    Deviation("*FineTuningJob*", "answer", "body.*user_provided_suffix", "the service tells it; the document does not"),
    Deviation("*Checkpoints", "answer", "body.*_mean_reward", "reinforcement has rewards; the document lists losses"),
    Deviation("pauseFineTuningJob", "answer", "body.status", "the service sends `paused`; the enum omits it"),
    Deviation("*hat*ompletion*", "answer", "event.usage", "its words say null until the last chunk, its type does not"),
    Deviation("createCompletion", "answer", "event.*finish_reason", "null until the last piece of a choice"),
    Deviation("*Response", "answer", "*store", "the service tells whether a response is kept"),
    Deviation("*Response", "answer", "*user", "the service writes null where no user was named"),
    Deviation("createResponse", "answer", "event.response.usage", "null until the response is complete"),
    Deviation("deleteResponse", "answer", "body", "its example shows what its type leaves out"),
    Deviation("listFiles", "answer", "body.*_id", "an empty list has no first and no last file: null"),
)

UNDOCUMENTED = {
    "entra.": "Entra ID has no document of this kind; the vendor's own sign-in library is the judge",
    "graph.": "the folder has no document of Resource Graph; the vendor's typed client is the judge",
    "locks.": "the folder has no document of Microsoft.Authorization",
    "permissions.": "the folder has no document of Microsoft.Authorization",
    "subscriptions.": "the folder has no document of Microsoft.Resources",
    "operations.": "ARM describes its asynchronous operations in words, not in the document",
    "azure.jobs.pause": f"pausing a job is {_NEWER}",
    "azure.jobs.resume": f"resuming a job is {_NEWER}",
    "deployments.pause": "pausing a deployment is a preview (2026-09-15-preview)",
    "deployments.resume": "resuming a deployment is a preview (2026-09-15-preview)",
}
"""Operations that no document at hand describes, by the beginning of the sandbox's name of them."""
