"""What a call may ask for: the parameters with their kinds and bounds, refused in the vendors' words.

Both vendors validate alike, for the same models answer. The names are those of OpenAI's document of chat completions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CHAT = frozenset(
    {
        "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens",
        "max_tokens", "messages", "metadata", "modalities", "model", "moderation", "n", "parallel_tool_calls",
        "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention",
        "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream",
        "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
        "web_search_options",
    }
)  # fmt: skip
AZURE_ONLY = frozenset({"data_sources", "user_security_context"})


class BadChat(ValueError):
    """A request that is no call; `param` is what is wrong, `code` what clients switch on."""

    def __init__(self, message: str, param: str, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


@dataclass(frozen=True)
class Bound:
    """A number's kind and range."""

    kind: str
    low: float
    high: float | None = None


_BOUNDS = {
    "temperature": Bound("decimal", 0, 2),
    "top_p": Bound("decimal", 0, 1),
    "presence_penalty": Bound("decimal", -2, 2),
    "frequency_penalty": Bound("decimal", -2, 2),
    "n": Bound("integer", 1, 128),
    "best_of": Bound("integer", 1, 20),
    "max_tokens": Bound("integer", 1),
    "max_completion_tokens": Bound("integer", 1),
    "max_output_tokens": Bound("integer", 16),
    "top_logprobs": Bound("integer", 0, 20),
}
_KINDS = {"messages": list, "tools": list, "stream": bool, "stream_options": dict, "response_format": dict}
_NAMES = ((bool, "boolean"), (int, "integer"), (float, "decimal"), (str, "string"), (list, "array"), (dict, "object"))


def check_known(body: Mapping[str, Any], known: Iterable[str]) -> None:
    """Raises BadChat for what is no parameter at all."""
    unknown = sorted(set(body) - set(known))
    if unknown:
        several = "s" if len(unknown) > 1 else ""
        raise BadChat(f"Unrecognized request argument{several} supplied: {', '.join(unknown)}", "")


def check_values(body: Mapping[str, Any]) -> None:
    """Raises BadChat for the first value of a wrong kind or size."""
    for name, value in body.items():
        if value is None:
            continue
        if name in _KINDS and not isinstance(value, _KINDS[name]):
            raise _wrong_kind(name, _called(_KINDS[name]), value)
        if name in _BOUNDS:
            _check_bound(name, _BOUNDS[name], value)


def _check_bound(name: str, bound: Bound, value: Any) -> None:
    wanted = int if bound.kind == "integer" else (int, float)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise _wrong_kind(name, bound.kind, value)
    for over, sign, limit in ((False, ">=", bound.low), (True, "<=", bound.high)):
        if limit is not None and (value > limit if over else value < limit):
            side, word = ("above", "maximum") if over else ("below", "minimum")
            message = f"Invalid '{name}': {bound.kind} {side} {word} value. Expected a value {sign} {limit}, but got "
            raise BadChat(f"{message}{value} instead.", name, f"{bound.kind}_{side}_{word[:3]}_value")


def _wrong_kind(name: str, wanted: str, value: Any) -> BadChat:
    message = f"Invalid type for '{name}': expected {_article(wanted)}, but got {_article(kind_of(value))} instead."
    return BadChat(message, name, "invalid_type")


def _called(kind: type) -> str:
    return next(name for known, name in _NAMES if known is kind)


def kind_of(value: Any) -> str:
    """How an error calls a value's type."""
    return next((name for known, name in _NAMES if isinstance(value, known)), "null")


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def missing(name: str) -> BadChat:
    return BadChat(f"Missing required parameter: '{name}'.", name, "missing_required_parameter")
