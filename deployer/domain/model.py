"""Names of models: the family in the price book behind what a vendor prints.

OpenAI writes `ft:gpt-4.1-mini-2025-04-14:org:suffix:id`, Azure
`gpt-4.1-mini-2025-04-14.ft-<32 hex>-suffix`, and both append versions as a date or as
month and day. Azure spells `gpt-35-turbo` what OpenAI calls `gpt-3.5-turbo`.
"""

import re

_VERSION = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{4})$")


def is_fine_tuned(name: str) -> bool:
    """Whether a model's name is that of a fine-tuned model or of one of its checkpoints."""
    lowered = name.lower()
    return lowered.startswith("ft:") or ".ft-" in lowered


def trained_on(name: str) -> str:
    """The model that was fine-tuned, with its version: `gpt-4.1-mini-2025-04-14`; a base model is itself."""
    lowered = name.strip().lower()
    if lowered.startswith("ft:"):
        lowered = lowered.split(":", 2)[1]
    return lowered.split(".ft-", 1)[0]


def split_version(name: str) -> tuple[str, str]:
    """`gpt-4.1-mini`, `2025-04-14` of `gpt-4.1-mini-2025-04-14`; without a version that part is empty."""
    family = _VERSION.sub("", name)
    return family, name[len(family) + 1 :]


def base_model(name: str) -> str:
    """The family, without version or fine-tune suffix: `gpt-4.1-mini`."""
    family = _VERSION.sub("", trained_on(name))
    return family.replace("gpt-35-", "gpt-3.5-")
