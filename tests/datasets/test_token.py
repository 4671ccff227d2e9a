"""Tokens as the services bill them."""

import json

import pytest

from deployer.datasets.encoding import CL100K, O200K, counter, reading_of
from deployer.datasets.token import TokenCounter
from deployer.datasets.tool import render_tools
from tests.datasets.files import ABSENT, REFERENCE, chat

DRONE = REFERENCE / "cookbook" / "drone_training.jsonl"


@pytest.mark.parametrize(
    ("model", "encoding"),
    [
        ("gpt-4o-mini", O200K),
        ("gpt-4.1-nano-2025-04-14", O200K),
        ("o4-mini", O200K),
        ("ft:gpt-4.1-mini-2025-04-14:org:suffix:abc", O200K),
        ("gpt-4.1-mini-2025-04-14.ft-0123456789abcdef0123456789abcdef-support", O200K),
        ("gpt-35-turbo-0125", CL100K),
        ("gpt-3.5-turbo", CL100K),
        ("gpt-4-0613", CL100K),
    ],
)
def test_a_models_encoding_is_found_behind_every_spelling(model: str, encoding: str) -> None:
    assert (reading_of(model).encoding, reading_of(model).assumed) == (encoding, False)


def test_a_message_costs_three_tokens_a_name_one_an_example_one() -> None:
    words = TokenCounter(lambda text: len(text.split()))
    example = {
        "messages": [
            {"role": "user", "name": "ann", "content": "one two"},
            {"role": "assistant", "content": "three"},
        ]
    }
    role, name = 1, 1 + 1
    assert words.example(example) == 1 + (3 + role + 2 + name) + (3 + role + 1)


def test_the_count_is_two_below_the_cookbooks_for_each_example() -> None:
    count = counter(CL100K)
    example = chat("How much is it?", "Four dollars.", "Be brief.")
    cookbook = 3 + sum(3 + count(m["role"]) + count(m["content"]) for m in example["messages"])
    assert TokenCounter(count).example(example) == cookbook - 2


def test_special_tokens_in_a_text_are_counted_as_text() -> None:
    assert TokenCounter(counter(O200K)).example(chat("<|endoftext|>", "ok")) > 10


def test_tools_are_counted_as_a_typescript_namespace() -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "take_off",
            "description": "Start",
            "parameters": {
                "properties": {
                    "altitude": {"type": "integer"},
                    "mode": {"type": "string", "enum": ["slow", "fast"]},
                    "points": {"type": "array", "items": {"type": "number"}},
                },
                "required": ["altitude"],
            },
        },
    }
    assert 'type take_off = (_: {\naltitude: number,\nmode?: "slow" | "fast",\npoints?: number[],\n}) => any;' in (
        render_tools([tool])
    )


@pytest.mark.skipif(not DRONE.exists(), reason=ABSENT)
def test_a_public_tool_calling_set_is_counted_within_three_percent_of_what_was_billed() -> None:
    counted = TokenCounter(counter(reading_of("gpt-3.5-turbo").encoding))
    tokens = 3 * sum(counted.example(json.loads(line)) for line in DRONE.read_text().splitlines())
    assert tokens == pytest.approx(145_983, rel=0.03)
