"""Answers that are not as documented: the mapping neither breaks nor guesses, and what is unknown is never free.

Each document is changed in a seeded way, field by field: gone, null, of another type, of an unknown word, with
fields that nobody has heard of, with keys in lower case. Vendors do all of that without a new api-version.
"""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from deployer import pricebook
from deployer.domain.deployment import Account
from deployer.errors import DeployerError
from deployer.providers.azure.mapping import to_account, to_deployment
from deployer.providers.job import to_checkpoint, to_event, to_job
from deployer.providers.openai.inventory import to_deployment as to_model
from deployer.spend.price import Unpriced
from deployer.spend.standing import hourly

Document = dict[str, Any]
NOW = datetime(2026, 9, 1, tzinfo=UTC)
TUNED = "gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-support"
ACCOUNT_ID = "/subscriptions/s/resourceGroups/rg-models/providers/Microsoft.CognitiveServices/accounts/aoai-dev"
ACCOUNT = Account("azure", "aoai-dev", ACCOUNT_ID, "eastus2", "s", "rg-models")
PROJECT = Account("openai", "proj_default", "proj_default")
STRANGE: tuple[Any, ...] = (
    None,
    "",
    "Quixotic",
    0,
    -1,
    7.5,
    True,
    [],
    [None],
    [3],
    {},
    {"x": None},
    "9999-99-99T00:00:00Z",
    10**30,
)
"""What a field may hold one day."""

AZURE_ACCOUNT: Document = {
    "id": ACCOUNT_ID,
    "name": "aoai-dev",
    "kind": "OpenAI",
    "location": "East US 2",
    "tags": {"team": "support"},
    "properties": {"endpoint": "https://aoai-dev.openai.azure.com/", "provisioningState": "Succeeded"},
}
AZURE_DEPLOYMENT: Document = {
    "id": f"{ACCOUNT_ID}/deployments/support",
    "name": "support",
    "sku": {"name": "Standard", "capacity": 50},
    "tags": {"managed-by": "deployer"},
    "systemData": {"createdAt": "2026-08-01T12:34:56.1234567Z", "createdBy": "someone", "createdByType": "User"},
    "properties": {
        "model": {"format": "OpenAI", "name": TUNED, "version": "1"},
        "provisioningState": "Succeeded",
        "capabilities": {"chatCompletion": "true"},
        "rateLimits": [{"key": "request", "renewalPeriod": 10, "count": 50}],
    },
}
MODEL: Document = {
    "id": "ft:gpt-4.1-mini-2025-04-14:org:s:1",
    "object": "model",
    "created": 1785542400,
    "owned_by": "o",
}
JOB: Document = {
    "id": "ftjob-1",
    "object": "fine_tuning.job",
    "model": "gpt-4.1-mini-2025-04-14",
    "status": "succeeded",
    "created_at": 1785542400,
    "finished_at": 1785549600,
    "fine_tuned_model": "ft:gpt-4.1-mini-2025-04-14:org:s:1",
    "trained_tokens": 12345,
    "training_file": "file-1",
    "validation_file": None,
    "result_files": ["file-2"],
    "error": {"code": None, "message": None, "param": None},
    "metadata": {"team": "support"},
    "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 1.5},
    "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 3}}},
}
EVENT: Document = {"id": "e-1", "created_at": 1785542400, "level": "info", "message": "begun", "data": {"step": 1}}
CHECKPOINT: Document = {
    "id": "ftckpt-1",
    "step_number": 10,
    "fine_tuned_model_checkpoint": "ft:gpt-4.1-mini:org:s:1:ckpt-step-10",
    "metrics": {"step": 10, "train_loss": 0.5},
}
MAPPINGS: dict[str, tuple[Document, Callable[[Document], Any]]] = {
    "azure account": (AZURE_ACCOUNT, to_account),
    "azure deployment": (AZURE_DEPLOYMENT, lambda document: to_deployment(document, ACCOUNT)),
    "openai model": (MODEL, lambda document: to_model(PROJECT, document, NOW)),
    "job": (JOB, lambda document: to_job(document, "azure", "aoai-dev")),
    "event": (EVENT, to_event),
    "checkpoint": (CHECKPOINT, to_checkpoint),
}
each_mapping = pytest.mark.parametrize("kind", MAPPINGS)


def fields(document: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every field, those of inner objects too."""
    for name, value in document.items():
        yield (*path, name)
        if isinstance(value, Mapping):
            yield from fields(value, (*path, name))


def holder(document: Document, path: tuple[str, ...]) -> Document:
    for name in path[:-1]:
        document = document[name]
    return document


def lower(value: Any) -> Any:
    """The same with all keys in lower case."""
    return {key.lower(): lower(inner) for key, inner in value.items()} if isinstance(value, dict) else value


def mapped(kind: str, document: Document) -> Any:
    """What the mapping makes of it; None when it says in words that it cannot."""
    try:
        return MAPPINGS[kind][1](document)
    except DeployerError:
        return None


@each_mapping
def test_field_that_is_missing_breaks_nothing(kind: str) -> None:
    for path in fields(MAPPINGS[kind][0]):
        document = deepcopy(MAPPINGS[kind][0])
        del holder(document, path)[path[-1]]
        mapped(kind, document)


@each_mapping
def test_field_of_another_value_or_type_breaks_nothing(kind: str) -> None:
    for path in fields(MAPPINGS[kind][0]):
        for value in STRANGE:
            document = deepcopy(MAPPINGS[kind][0])
            holder(document, path)[path[-1]] = value
            mapped(kind, document)


@each_mapping
def test_many_changes_at_once_break_nothing(kind: str) -> None:
    random = Random(7)  # noqa: S311 - seeded on purpose
    for _ in range(500):
        document = deepcopy(MAPPINGS[kind][0])
        for path in random.sample(list(fields(document)), 2):
            inside: Any = document
            for name in path[:-1]:
                inside = inside.get(name) if isinstance(inside, dict) else None
            if isinstance(inside, dict):
                inside[path[-1]] = random.choice(STRANGE)
        mapped(kind, document)


@each_mapping
def test_field_that_nobody_has_heard_of_changes_nothing(kind: str) -> None:
    document = deepcopy(MAPPINGS[kind][0])
    document["novelty"] = {"of": ["some", 1, None]}

    made, plain = mapped(kind, document), mapped(kind, MAPPINGS[kind][0])

    assert made == (replace(plain, body=document) if hasattr(plain, "body") else plain)


@pytest.mark.parametrize("kind", ["azure account", "azure deployment"])
def test_keys_in_lower_case_are_the_same_keys(kind: str) -> None:
    document = lower(MAPPINGS[kind][0])

    made, plain = mapped(kind, document), mapped(kind, MAPPINGS[kind][0])

    assert made == (replace(plain, body=document) if hasattr(plain, "body") else plain)


@pytest.mark.parametrize("sku", [None, "", "Quixotic", "StandardPlus", "GlobalHosted", 7, {}, []])
@pytest.mark.parametrize("model", [TUNED, "gpt-4.1-mini"])
def test_deployment_of_an_unknown_sku_has_no_known_price(sku: Any, model: str) -> None:
    document = deepcopy(AZURE_DEPLOYMENT)
    document["sku"]["name"], document["properties"]["model"]["name"] = sku, model

    price = hourly(to_deployment(document, ACCOUNT), pricebook.load(), NOW)

    assert isinstance(price, Unpriced)


@pytest.mark.parametrize("capacity", [value for value in STRANGE if value != 10**30])
def test_provisioned_deployment_of_an_unknown_size_has_no_known_price(capacity: Any) -> None:
    document = deepcopy(AZURE_DEPLOYMENT)
    document["sku"] = {"name": "ProvisionedManaged", "capacity": capacity}

    price = hourly(to_deployment(document, ACCOUNT), pricebook.load(), NOW)

    assert isinstance(price, Unpriced)


@pytest.mark.parametrize("state", [None, "", "Quixotic", "Disabled", "Succeeded", 7])
def test_deployment_of_an_unknown_state_still_costs(state: Any) -> None:
    document = deepcopy(AZURE_DEPLOYMENT)
    document["properties"]["provisioningState"] = state
    made = to_deployment(document, ACCOUNT)

    price = hourly(made, pricebook.load(), NOW)

    assert made.serving
    assert isinstance(price, Unpriced) or price.amount > 0


@pytest.mark.parametrize("sku", ["Standard", "ProvisionedManaged"])
def test_deployment_as_documented_has_a_price(sku: str) -> None:
    """Else the tests above would show nothing."""
    document = {**AZURE_DEPLOYMENT, "sku": {"name": sku, "capacity": 50}}

    price = hourly(to_deployment(document, ACCOUNT), pricebook.load(), NOW)

    assert not isinstance(price, Unpriced)
    assert price.amount > 0


def test_job_of_an_unknown_status_has_not_ended() -> None:
    for status in ("quixotic", None, 7):
        assert not to_job({**JOB, "status": status}, "azure", "aoai-dev").ended


def test_creation_that_cannot_be_read_is_unknown() -> None:
    for value in STRANGE:
        document = deepcopy(AZURE_DEPLOYMENT)
        document["systemData"]["createdAt"] = value
        assert to_deployment(document, ACCOUNT).created_at is None
