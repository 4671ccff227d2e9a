"""The legacy endpoint of completions: a prompt, or several, that a model older than chat goes on with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.sandbox.dataplane.chat import Chat, read_stops
from deployer.sandbox.dataplane.demand import BadChat, check_known, check_values, missing

_KNOWN = frozenset(
    {
        "best_of", "echo", "frequency_penalty", "logit_bias", "logprobs", "max_tokens", "model", "n",
        "presence_penalty", "prompt", "seed", "stop", "stream", "stream_options", "suffix", "temperature", "top_p",
        "user",
    }
)  # fmt: skip
_DEFAULT_TOKENS = 16


@dataclass(frozen=True)
class Texts:
    """One request, read: a chat for each prompt, and what is put in front of what is said to it."""

    chats: list[Chat]
    prefixes: list[str]


def read_texts(body: Any) -> Texts:
    """Raises BadChat."""
    if not isinstance(body, dict):
        raise BadChat("We could not parse the JSON body of your request.", "")
    check_known(body, _KNOWN)
    check_values(body)
    prompts = _read_prompts(body.get("prompt"))
    return Texts(
        [_as_chat(prompt, body) for prompt in prompts], [prompt if body.get("echo") else "" for prompt in prompts]
    )


def _read_prompts(given: Any) -> list[str]:
    if given in (None, "", []):
        raise missing("prompt")
    if isinstance(given, str):
        return [given]
    if all(isinstance(item, int) for item in given):
        return [_decoded(given)]
    return [item if isinstance(item, str) else _decoded(item) for item in given]


def _decoded(tokens: list[int]) -> str:
    """Tokens by their numbers: what they say is not known here, so they stand for themselves."""
    return " ".join(map(str, tokens))


def _as_chat(prompt: str, body: Mapping[str, Any]) -> Chat:
    """A prompt as the chat that it stands for: it is all that was said."""
    return Chat(
        model=str(body.get("model") or ""),
        messages=[{"role": "user", "content": prompt}],
        most_tokens=body.get("max_tokens") or _DEFAULT_TOKENS,
        stream=bool(body.get("stream")),
        stream_usage=bool((body.get("stream_options") or {}).get("include_usage")),
        choices=body.get("n") or 1,
        stops=read_stops(body.get("stop")),
    )
