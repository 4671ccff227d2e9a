"""OpenAI's models: which exist, when they shut down, which can be tuned, and until when.

Read on 2026-11-20: fine-tuned gpt-3.5-turbo, davinci-002, babbage-002, gpt-4.1-nano and o4-mini shut
down on 2026-10-23, the gpt-4o and gpt-4.1 families on 2027-01-14; no job can be created after
2027-01-06 (announced 2026-05-07).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from deployer.sandbox.training.order import BadOrder
from deployer.sandbox.training.workshop import (
    METHODS_OF_CHATS,
    METHODS_OF_OTHERS,
    METHODS_OF_REASONING,
    BaseName,
)

LAST_TRAINING = datetime(2027, 1, 7, tzinfo=UTC)
"""From here on nobody can create jobs: 403 `training_not_available`."""


@dataclass(frozen=True)
class OfferedModel:
    """One dated model; `alias` is its name without a date. `chats`: else it only completes a prompt.

    `methods`: those by which it is trained (OpenAI's fine-tuning guides, read 2026-11-20).
    """

    id: str
    alias: str
    created: int
    shutdown_date: str
    methods: tuple[str, ...] = METHODS_OF_CHATS
    chats: bool = True


OFFERED = (
    OfferedModel("gpt-4.1-2025-04-14", "gpt-4.1", 1744315746, "2027-01-14"),
    OfferedModel("gpt-4.1-mini-2025-04-14", "gpt-4.1-mini", 1744317547, "2027-01-14"),
    OfferedModel("gpt-4.1-nano-2025-04-14", "gpt-4.1-nano", 1744321025, "2026-10-23"),
    OfferedModel("gpt-4o-2024-08-06", "gpt-4o", 1722814719, "2027-01-14"),
    OfferedModel("gpt-4o-mini-2024-07-18", "gpt-4o-mini", 1721172717, "2027-01-14"),
    OfferedModel("gpt-3.5-turbo-0125", "gpt-3.5-turbo", 1706048358, "2026-10-23", METHODS_OF_OTHERS),
    OfferedModel("o4-mini-2025-04-16", "o4-mini", 1744133506, "2026-10-23", METHODS_OF_REASONING),
    OfferedModel("davinci-002", "davinci-002", 1692634301, "2026-10-23", METHODS_OF_OTHERS, chats=False),
    OfferedModel("babbage-002", "babbage-002", 1692634615, "2026-10-23", METHODS_OF_OTHERS, chats=False),
)
_BY_NAME = {name: model for model in OFFERED for name in (model.id, model.alias)}


def find_offered(name: str) -> OfferedModel | None:
    """A base model by its dated or undated name."""
    return _BY_NAME.get(name)


def base_of(tuned: str) -> OfferedModel | None:
    """The base model of a fine-tuned model's name `ft:BASE:ORGANISATION:SUFFIX:ID`."""
    parts = tuned.split(":")
    return find_offered(parts[1]) if parts[0] == "ft" and len(parts) > 1 else None


def is_shut_down(model: OfferedModel, now: datetime) -> bool:
    return now.date().isoformat() >= model.shutdown_date


def resolve_base(model: str, now: datetime, method: str = "supervised") -> BaseName:
    """A model that can be tuned so now. Raises BadOrder."""
    found = find_offered(model)
    if found is None or method not in found.methods or is_shut_down(found, now):
        raise BadOrder(f"Model {model} is not available for fine-tuning or does not exist.", "model")
    return BaseName(found.alias, found.id.removeprefix(f"{found.alias}-"), found.id)
