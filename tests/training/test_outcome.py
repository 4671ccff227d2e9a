"""What an ended job is charged: what the vendor says, or the most that it can be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from deployer import pricebook
from deployer.domain.charge import Bound, Charge, Meter
from deployer.domain.deployment import Account
from deployer.domain.job import Job, JobEvent
from deployer.domain.money import Money
from deployer.training.metric import parse_metrics, summarise
from deployer.training.outcome import Trained, charge_of, says_enough, trained

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
ACCOUNT = Account("azure", "aoai", "/aoai", region="eastus2")


def job(status: str, provider: str = "azure", tokens: int | None = None, **facts: str) -> Job:
    model = facts.get("model", "gpt-4.1-mini-2025-04-14")
    return Job("ftjob-1", provider, "aoai", model, status, NOW, NOW, trained_tokens=tokens, training_tier="standard")


def events(*messages: str) -> tuple[JobEvent, ...]:
    return tuple(JobEvent(str(number), NOW, "info", message) for number, message in enumerate(messages))


def test_the_event_that_prints_the_billed_tokens_stands_above_trained_tokens() -> None:
    done = trained(job("succeeded", tokens=6720), events("Training tokens billed: 5,000"), None)
    assert (done.tokens, done.bound) == (5000, Bound.EXACT)


def test_azures_trained_tokens_are_an_upper_bound_and_openais_are_exact() -> None:
    assert trained(job("succeeded", tokens=6720), (), None).bound is Bound.UPPER
    assert trained(job("succeeded", "openai", tokens=6720), (), None).bound is Bound.EXACT


def test_until_the_vendor_says_the_estimate_is_the_upper_bound() -> None:
    done = trained(job("succeeded"), (), 9000)
    assert (done.tokens, done.bound) == (9000, Bound.UPPER)


def test_a_failed_job_is_not_billed() -> None:
    assert trained(job("failed"), events("Step 10: training loss=1"), 9000).tokens == 0


def test_a_job_cancelled_before_training_is_not_billed() -> None:
    assert trained(job("cancelled"), events("Job enqueued."), 9000).tokens == 0


def test_a_job_cancelled_while_it_trained_is_charged_for_the_work_at_most() -> None:
    done = trained(job("cancelled"), events("Step 20/100: training loss=0.5", "Step 40/100: training loss=0.4"), 9000)
    assert (done.tokens, done.bound) == (4500, Bound.UPPER)


def test_reinforcement_is_charged_by_the_hour_at_most_since_it_was_created() -> None:
    trained_for = replace(
        job("succeeded", model="o4-mini"), method="reinforcement", created_at=NOW - timedelta(hours=2, minutes=30)
    )
    made = charge(Trained(None, Bound.UPPER, "x"), trained_for)
    assert (made.meter, made.quantity, made.amount) == (Meter.TRAINING_HOURS, Decimal("2.51"), Money.of("276.10"))
    assert made.bound is Bound.UPPER
    assert "graders" in made.source


def test_failed_reinforcement_costs_nothing_and_one_of_unknown_length_is_unpriced() -> None:
    failed = replace(job("failed", model="o4-mini"), method="reinforcement")
    assert charge(Trained(0, Bound.EXACT, "x"), failed).amount == Money.zero()
    undated = replace(job("succeeded", model="o4-mini"), method="reinforcement", created_at=None)
    assert charge(Trained(None, Bound.UPPER, "x"), undated).amount is None


def test_events_are_read_only_where_they_tell_more_than_the_job() -> None:
    assert says_enough(job("failed"), NOW)
    assert says_enough(job("succeeded", "openai", tokens=5), NOW)
    assert not says_enough(job("succeeded", "openai"), NOW)
    assert not says_enough(job("succeeded", tokens=5), NOW)
    assert says_enough(job("succeeded", tokens=5), NOW + timedelta(days=90))


def test_without_an_estimate_and_without_a_word_the_quantity_is_unknown_not_zero() -> None:
    done = trained(job("succeeded"), (), None)
    assert (done.tokens, charge(done).amount) == (None, None)


def charge(done: Trained, ended: Job | None = None) -> Charge:
    return charge_of(ended or job("succeeded"), ACCOUNT, done, pricebook.load(), NOW)


def test_a_charge_has_the_price_of_the_jobs_tier_and_region() -> None:
    made = charge(Trained(9000, Bound.EXACT, "x"))
    assert made.amount == Money(Decimal("0.0495"))
    assert (made.subject, made.quantity) == ("job:azure:ftjob-1", Decimal(9000))


def test_an_upper_bound_is_rounded_up_to_azures_thousand() -> None:
    assert charge(Trained(8001, Bound.UPPER, "x")).amount == Money(Decimal("0.0495"))


def test_nothing_billed_is_a_charge_of_zero_that_says_why() -> None:
    made = charge(Trained(0, Bound.EXACT, "failed jobs are not billed"))
    assert (made.amount, made.source) == (Money.zero(), "failed jobs are not billed")


def test_an_unknown_price_makes_an_unpriced_charge() -> None:
    made = charge(Trained(9000, Bound.EXACT, "x"), job("succeeded", model="grand-model-9"))
    assert made.amount is None
    assert "grand-model-9" in made.source


AZURE_CSV = (
    b"step,train_loss,train_mean_token_accuracy,valid_loss,validation_mean_token_accuracy,full_valid_loss\n"
    b"1,2.0,0.1,,,\n2,1.0,0.5,1.5,0.4,1.4\n3,0.5,0.9,1.8,0.3,1.9\n"
)


def test_the_result_file_tells_where_validation_was_best() -> None:
    summary = summarise(parse_metrics(AZURE_CSV))
    assert (summary["steps"], summary["train_loss"]) == (3, 0.5)
    assert (summary["best_full_valid_loss"], summary["best_full_valid_loss_step"]) == (1.4, 2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no,steps\n1,2\n", b"step,train_loss\nx,y\n"])
def test_a_result_file_that_is_none_is_no_error(content: bytes) -> None:
    assert parse_metrics(content) == ()
