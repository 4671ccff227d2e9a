"""A fine-tune in the sandbox learns: what its numbers show follows from the data and the hyperparameters."""

import time
from pathlib import Path
from statistics import fmean

import pytest

from deployer.sandbox.token import count_prompt, count_tokens
from deployer.sandbox.training.example import BadData, Example, parse_examples, require_enough
from deployer.sandbox.training.fit import Fit, Recipe, count_steps, fit
from tests.sandbox.learning_data import Row, as_jsonl, shuffle_labels, tickets

REFERENCE = Path(__file__).parents[2].parent / "shared" / "data"
SOUND = Recipe(epochs=5, batch_size=4, rate_multiplier=1.0, seed=7)


def examples(rows: list[Row]) -> tuple[Example, ...]:
    parsed = parse_examples(as_jsonl(rows))
    assert not isinstance(parsed, BadData)
    return parsed


def last_validation(run: Fit) -> tuple[float, float]:
    full = run.steps[-1].full_valid
    assert full is not None
    return full.loss, full.accuracy


def mean_loss(run: Fit, first: int, last: int) -> float:
    return fmean(step.train.loss for step in run.steps[first:last])


def test_learnable_labels_are_learnt_and_answered() -> None:
    run = fit(examples(tickets(200, 1)), examples(tickets(80, 2)), SOUND)
    assert mean_loss(run, -50, len(run.steps)) < 0.5 * mean_loss(run, 0, 50)
    assert last_validation(run)[1] > 0.95
    assert run.final.answer([{"role": "user", "content": "my card shows a wrong charge"}]) == "billing"


def test_learning_rate_a_hundred_times_too_high_diverges() -> None:
    wild = Recipe(epochs=5, batch_size=4, rate_multiplier=100.0, seed=7)
    run = fit(examples(tickets(200, 1)), examples(tickets(80, 2)), wild)
    assert mean_loss(run, -50, len(run.steps)) > 20 * run.steps[0].train.loss
    assert last_validation(run)[1] < 0.5


def test_learning_rate_far_too_low_learns_next_to_nothing() -> None:
    timid = Recipe(epochs=5, batch_size=4, rate_multiplier=0.001, seed=7)
    run = fit(examples(tickets(200, 1)), (), timid)
    assert mean_loss(run, -50, len(run.steps)) > 0.95 * mean_loss(run, 0, 50)


def test_shuffled_labels_leave_validation_at_chance() -> None:
    run = fit(examples(shuffle_labels(tickets(200, 1))), examples(tickets(200, 2)), SOUND)
    loss, accuracy = last_validation(run)
    assert accuracy < 0.4
    assert loss > run.steps[0].train.loss


def test_leaked_rows_look_better_than_data_allows() -> None:
    nonsense = shuffle_labels(tickets(200, 1))
    run = fit(examples(nonsense), examples(nonsense[:60]), Recipe(8, 1, 1.0, 7))
    assert last_validation(run)[1] > 0.95


def test_same_seed_gives_the_same_numbers_and_another_seed_others() -> None:
    train, valid = examples(tickets(60, 1)), examples(tickets(20, 2))
    assert fit(train, valid, SOUND).steps == fit(train, valid, SOUND).steps
    other = Recipe(SOUND.epochs, SOUND.batch_size, SOUND.rate_multiplier, seed=8)
    assert fit(train, valid, other).steps != fit(train, valid, SOUND).steps


def test_free_text_is_answered_as_the_most_similar_question_was() -> None:
    rows = [
        (f"how do I reset the {thing} in the house", f"Hold the {thing} button for ten seconds.")
        for thing in (
            "boiler",
            "router",
            "alarm",
            "fridge",
            "doorbell",
            "thermostat",
            "printer",
            "camera",
            "lamp",
            "oven",
        )
    ]
    run = fit(examples(rows), (), Recipe(3, 1, 1.0, 0))
    answer = run.final.answer([{"role": "user", "content": "tell me how to reset my printer"}])
    assert answer == "Hold the printer button for ten seconds."


def test_three_hundred_examples_of_five_epochs_train_within_a_second() -> None:
    train, valid = examples(tickets(300, 1)), examples(tickets(80, 2))
    started = time.perf_counter()
    fit(train, valid, Recipe(5, 1, 1.0, 0))
    assert time.perf_counter() - started < 1.0


def test_steps_and_checkpoints_follow_epochs_and_batch_size() -> None:
    recipe = Recipe(epochs=5, batch_size=16, rate_multiplier=1.0, seed=0)
    run = fit(examples(tickets(100, 1)), (), recipe)
    assert len(run.steps) == count_steps(100, recipe) == 32
    assert list(run.checkpoints) == [7, 13, 19, 25, 32]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not json", "Line 1 is not a dictionary"),
        (b'{"prompt": "a", "completion": "b"}', 'Example 1 is missing key "messages"'),
        (b'{"messages": [{"content": "hi"}]}', 'missing key "role"'),
        (b'{"messages": [{"role": "king", "content": "hi"}]}', "invalid role"),
        (b'{"messages": [{"role": "user", "content": "hi"}]}', "must end with an assistant message"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_bad_training_data_is_refused_in_the_vendors_words(content: bytes, says: str) -> None:
    refused = parse_examples(content)
    assert isinstance(refused, BadData)
    assert says in refused.message


def test_fewer_than_ten_examples_are_refused() -> None:
    refused = require_enough(examples(tickets(9, 1)))
    assert refused is not None
    assert refused.message == "Training file has 9 example(s), but must have at least 10 examples"
    assert require_enough(examples(tickets(10, 1))) is None


def test_byte_order_mark_and_blank_lines_are_accepted() -> None:
    assert len(examples(tickets(10, 1))) == 10
    parsed = parse_examples(b"\xef\xbb\xbf" + as_jsonl(tickets(10, 1)) + b"\n\n")
    assert not isinstance(parsed, BadData)
    assert len(parsed) == 10


def test_tokens_are_counted_by_the_written_rule() -> None:
    assert count_tokens("The invoice of 2026 was wrong!") == 8
    assert count_tokens("responsibilities") == 3
    assert count_prompt([{"role": "user", "content": "Hi"}]) == 3 + 3 + 1


def test_token_count_comes_near_the_real_encoding() -> None:
    path = REFERENCE / "azure" / "chat_train.jsonl"
    if not path.exists():
        pytest.skip("the reference data folder is absent")
    parsed = parse_examples(path.read_bytes())
    assert not isinstance(parsed, BadData)
    assert sum(example.tokens for example in parsed) == pytest.approx(77_591 + 449 * 10, rel=0.03)
