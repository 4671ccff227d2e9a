"""Jobs in virtual time, orders, uploads and answers of the sandbox, without a server."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deployer.sandbox.dataplane.azure_dialect import resolve_base, round_billed, tier_of, tuned_name
from deployer.sandbox.dataplane.chat import answer_generally, read_chat, say
from deployer.sandbox.dataplane.demand import BadChat
from deployer.sandbox.training.file import BadUpload, parse_upload
from deployer.sandbox.training.order import BadOrder, Wanted, decide, parse_order
from deployer.sandbox.training.schedule import Phase, Schedule, training_time

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def schedule(**given: Any) -> Schedule:
    """Two minutes of validation, five of queue, twenty of training."""
    return Schedule(created=NOON, queueing=5 * MINUTE, training=20 * MINUTE, **given)


def test_job_validates_queues_runs_and_succeeds() -> None:
    plan = schedule()
    phases = [plan.phase(NOON + minutes * MINUTE) for minutes in (0, 2, 7, 26, 27)]
    assert phases == [Phase.VALIDATING, Phase.QUEUED, Phase.RUNNING, Phase.RUNNING, Phase.SUCCEEDED]
    assert plan.work(NOON + 17 * MINUTE) == pytest.approx(0.5)


def test_job_with_bad_data_fails_when_it_was_validated() -> None:
    plan = schedule(fails=True)
    assert plan.phase(NOON + MINUTE) is Phase.VALIDATING
    assert plan.phase(NOON + 2 * MINUTE) is Phase.FAILED
    assert plan.work(NOON + 60 * MINUTE) == 0


def test_pause_moves_the_end_by_as_long_as_it_lasts() -> None:
    plan = schedule()
    plan.pause(NOON + 17 * MINUTE)
    assert plan.ends() is None
    assert plan.phase(NOON + 18 * MINUTE) is Phase.PAUSED
    plan.resume(NOON + 77 * MINUTE)
    assert plan.ends() == NOON + 87 * MINUTE
    assert plan.work(NOON + 82 * MINUTE) == pytest.approx(0.75)


def test_cancelled_job_keeps_the_work_done() -> None:
    plan = schedule(cancelled=NOON + 12 * MINUTE)
    assert plan.phase(NOON + 13 * MINUTE) is Phase.CANCELLED
    assert plan.work(NOON + 60 * MINUTE) == pytest.approx(0.25)


def test_job_cancelled_before_training_has_done_no_work() -> None:
    plan = schedule(cancelled=NOON + 3 * MINUTE)
    assert plan.work(NOON + 60 * MINUTE) == 0


def test_training_takes_a_quarter_of_an_hour_to_fifty_minutes() -> None:
    assert training_time(1_000) == timedelta(seconds=910)
    assert training_time(10_000_000) == timedelta(minutes=50)


def test_what_is_left_to_the_vendor_is_decided_by_its_rules() -> None:
    few, many = decide(Wanted(), 20, 1.0, 0), decide(Wanted(), 20_000, 1.0, 0)
    assert (few.epochs, few.batch_size) == (5, 1)
    assert (many.epochs, many.batch_size) == (1, 40)
    assert decide(Wanted(4, 8, 0.5), 20, 1.0, 0).rate_multiplier == 0.5


def test_hyperparameters_are_read_from_the_method_and_from_the_legacy_field() -> None:
    body = {"model": "gpt-4.1", "training_file": "file-1"}
    nested = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 4, "batch_size": "auto"}}}
    assert parse_order(body | {"method": nested}).wanted == Wanted(epochs=4)
    assert parse_order(body | {"hyperparameters": {"n_epochs": -1, "batch_size": 8}}).wanted == Wanted(batch_size=8)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"training_file": "file-1"}, "model"),
        ({"model": "gpt-4.1"}, "training_file"),
        ({"model": "m", "training_file": "f", "suffix": "no/slash"}, "suffix"),
        ({"model": "m", "training_file": "f", "method": {"type": "magic"}}, "method"),
        ({"model": "m", "training_file": "f", "hyperparameters": {"n_epochs": 51}}, "n_epochs"),
    ],
)
def test_wrong_orders_are_refused_with_their_field(body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadOrder) as refused:
        parse_order(body)
    assert refused.value.param == param


def test_base_model_is_taken_by_name_or_by_name_and_version_until_its_date() -> None:
    assert resolve_base("gpt-4.1-mini", NOON) == resolve_base("gpt-4.1-mini-2025-04-14", NOON)
    with pytest.raises(BadOrder):
        resolve_base("gpt-4.1-mini", datetime(2027, 5, 1, tzinfo=UTC))
    with pytest.raises(BadOrder):
        resolve_base("gpt-9", NOON)
    assert tuned_name(resolve_base("gpt-4.1", NOON), "ab" * 16, "") == f"gpt-4.1-2025-04-14.ft-{'ab' * 16}"


def test_azure_bills_the_nearest_thousand_and_never_nothing_for_work() -> None:
    assert [round_billed(tokens) for tokens in (0, 1, 4_980, 5_499, 5_500)] == [0, 1000, 5000, 5000, 6000]


def test_training_type_names_the_price_tier() -> None:
    assert [tier_of(name) for name in ("", "globalStandard", "developerTier")] == ["regional", "global", "developer"]
    with pytest.raises(BadOrder):
        tier_of("cheapest")


def test_multipart_upload_keeps_every_byte() -> None:
    content = b'{"a": 1}\r\n--not the boundary\r\n\r\n\x00\xff'
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nfine-tune\r\n'
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="t.jsonl"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" + content + b"\r\n--edge--\r\n"
    )
    upload = parse_upload('multipart/form-data; boundary="edge"', body)
    assert (upload.filename, upload.content, upload.fields) == ("t.jsonl", content, {"purpose": "fine-tune"})
    with pytest.raises(BadUpload):
        parse_upload("application/json", b"{}")


def test_base_model_chooses_among_options_and_else_says_polite_words() -> None:
    classify = [{"role": "user", "content": "Answer with one of: billing, technical, sales. My card is charged twice."}]
    assert answer_generally(classify) in {"billing", "technical", "sales"}
    assert answer_generally([{"role": "user", "content": "Hello"}]).startswith("Thank you")


def test_answer_is_cut_at_the_asked_length() -> None:
    body = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}
    answer = say(read_chat(body), None)
    assert (answer.finish, answer.completion_tokens) == ("length", 3)


@pytest.mark.parametrize("body", [[], {}, {"messages": []}, {"messages": ["hi"]}, {"messages": [{"content": "hi"}]}])
def test_request_that_is_no_chat_is_refused(body: object) -> None:
    with pytest.raises(BadChat):
        read_chat(body)
