"""Which models are trained by which method, as far as the vendors say so (their pages, read 2026-11-20).

Azure trains gpt-4o, gpt-4o-mini and the gpt-4.1 family with supervised and preference training, o4-mini (and gpt-5,
gated) by reinforcement, open-weight models supervised. OpenAI trains o4-mini by reinforcement only, and its two
completion models on pairs of prompt and completion only. What is not named here is left to the vendor.
"""

from __future__ import annotations

from deployer.domain.model import base_model

_BOTH = ("supervised", "dpo")
_TRAINED: dict[str, dict[str, tuple[str, ...]]] = {
    "azure": {
        "gpt-4.1": _BOTH,
        "gpt-4.1-mini": _BOTH,
        "gpt-4.1-nano": _BOTH,
        "gpt-4o": _BOTH,
        "gpt-4o-mini": _BOTH,
        "o4-mini": ("reinforcement",),
        "gpt-5": ("reinforcement",),
        "gpt-oss-20b": ("supervised",),
    },
    "openai": {
        "gpt-4.1": _BOTH,
        "gpt-4.1-mini": _BOTH,
        "gpt-4.1-nano": _BOTH,
        "gpt-4o": _BOTH,
        "gpt-4o-mini": _BOTH,
        "gpt-3.5-turbo": ("supervised",),
        "davinci-002": ("supervised",),
        "babbage-002": ("supervised",),
        "o4-mini": ("reinforcement",),
    },
}


def unsuited(provider: str, model: str, method: str) -> str:
    """Why the vendor does not train this model by this method; "" when it does, or it is not known."""
    methods = _TRAINED.get(provider, {}).get(base_model(model))
    if methods is None or method in methods:
        return ""
    others = [name for name, known in _TRAINED[provider].items() if method in known]
    name = base_model(model)
    return f"{name} is not trained by {method} but by {' or '.join(methods)} ({method} is for {', '.join(others)})"


def is_offered(provider: str, model: str, method: str) -> bool:
    """Whether the vendor is known to train this model by this method."""
    return method in _TRAINED.get(provider, {}).get(base_model(model), ())


def offered(provider: str, method: str) -> tuple[str, ...]:
    """The models that the vendor is known to train by this method."""
    return tuple(name for name, methods in _TRAINED.get(provider, {}).items() if method in methods)
