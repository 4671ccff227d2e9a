"""Which tokenizer a model reads with, and how long a training example may be.

The tokenizers are package data of bpe-openai: nothing is downloaded. A model that is not
in the table is counted with an encoding that is said to be assumed, and has no known limit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from typing import Any

from deployer.domain.model import base_model, trained_on

O200K, CL100K = "o200k_base", "cl100k_base"


@dataclass(frozen=True)
class Reading:
    """How `model` reads an example: its encoding, and the longest example in tokens (None: not known).

    `assumed` is true when the encoding is a guess from nothing better than the present default.
    """

    model: str
    encoding: str
    longest: int | None
    assumed: bool = False


_NEWER = Reading("", O200K, 65_536)
_FAMILIES: tuple[tuple[str, Reading], ...] = (
    # Training context lengths: OpenAI's and Azure's fine-tuning guides, read 2026-11-20.
    ("gpt-4.1", _NEWER),
    ("gpt-4o", _NEWER),
    ("o4-mini", _NEWER),
    ("o3", _NEWER),
    ("o1", _NEWER),
    ("gpt-5", Reading("", O200K, None)),
    ("gpt-3.5-turbo", Reading("", CL100K, 16_385)),
    ("gpt-4", Reading("", CL100K, 8_192)),
    ("davinci-002", Reading("", CL100K, 16_384)),
    ("babbage-002", Reading("", CL100K, 16_384)),
)
_OLDER_LIMITS = {"gpt-3.5-turbo-0613": 4_096, "gpt-35-turbo-0613": 4_096}


def reading_of(model: str) -> Reading:
    """How `model` (base or fine-tuned, either vendor's spelling) reads; assumed when it is not known."""
    family = base_model(model)
    for prefix, reading in _FAMILIES:
        if family == prefix or family.startswith(prefix + "-"):
            longest = _OLDER_LIMITS.get(trained_on(model), reading.longest)
            return Reading(model, reading.encoding, longest)
    return Reading(model, O200K, None, assumed=True)


@lru_cache(maxsize=4)
def counter(encoding: str) -> Callable[[str], int]:
    """A function from text to its number of tokens; special tokens count as ordinary text."""
    count: Callable[[str], int] = _bindings().tokenizer_for_encoding(encoding).count
    return count


def _bindings() -> Any:
    """The compiled half of bpe-openai, which carries the ranks itself.

    Importing the package reads all its rank files again in Python, which takes half a second and
    that nobody here needs; so the extension is loaded from beside it.
    """
    package = find_spec("bpe_openai")
    folders = list(package.submodule_search_locations or ()) if package else []
    spec = PathFinder.find_spec("_bindings", folders)
    if spec is None or spec.loader is None:
        return import_module("bpe_openai._bindings")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
