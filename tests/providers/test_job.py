"""What both clouds send about fine-tunes, as it really comes: with fields missing, new or null."""

import base64
from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.domain.job import Hyperparameters, JobSpec
from deployer.providers.job import (
    decode_result,
    in_order,
    job_request,
    to_checkpoint,
    to_event,
    to_instant,
    to_job,
)

CSV = b"step,train_loss\n1,0.5\n"


def test_a_real_azure_job_lacks_what_the_sdk_requires() -> None:
    job = to_job({"id": "ftjob-1", "model": "gpt-4o-mini", "status": "running", "created_at": 1756684800}, "azure", "a")
    assert (job.id, job.status, job.error, job.validation_file, job.result_files) == ("ftjob-1", "running", "", "", ())
    assert job.created_at == datetime(2025, 9, 1, tzinfo=UTC)


def test_an_empty_document_is_a_job_of_unknown_status() -> None:
    job = to_job({}, "openai", "default")
    assert (job.status, job.ended, job.created_at) == ("unknown", False, None)


@pytest.mark.parametrize("status", ["paused", "pausing", "resuming", "pending", "preemptied-somehow"])
def test_an_unknown_status_is_kept_and_is_no_end(status: str) -> None:
    job = to_job({"id": "1", "status": status}, "azure", "a")
    assert (job.status, job.ended) == (status, False)


GIVEN = {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5}


@pytest.mark.parametrize(
    "document",
    [{"hyperparameters": GIVEN}, {"method": {"type": "supervised", "supervised": {"hyperparameters": GIVEN}}}],
)
def test_hyperparameters_are_found_in_both_places(document: dict[str, Any]) -> None:
    assert to_job(document, "openai", "a").hyperparameters == Hyperparameters(3, None, 0.5)


def test_the_error_of_a_job_is_one_line_and_an_empty_one_is_none() -> None:
    failed = to_job({"error": {"code": "invalid", "message": "line 3", "param": "training_file"}}, "openai", "a")
    assert failed.error == "invalid: line 3"
    assert to_job({"error": {}}, "openai", "a").error == ""
    assert to_job({"error": {"code": None, "message": None}}, "openai", "a").error == ""


@pytest.mark.parametrize("rubbish", ["soon", None, True, float("nan"), float("inf"), -1, 0, 10**18])
def test_what_is_no_instant_is_unknown(rubbish: Any) -> None:
    assert to_instant(rubbish) is None


def test_events_come_oldest_first_also_within_one_second() -> None:
    newest_first = [to_event({"id": name, "created_at": at}) for name, at in (("d", 5), ("c", 3), ("b", 3), ("a", 1))]
    assert [event.id for event in in_order(iter(newest_first))] == ["a", "b", "c", "d"]


def test_an_event_without_anything_is_an_event() -> None:
    event = to_event({"data": None})
    assert (event.level, event.message, event.data) == ("info", "", {})


def test_a_checkpoint_keeps_the_numbers_that_the_vendor_sent() -> None:
    checkpoint = to_checkpoint(
        {
            "id": "ftckpt-1",
            "step_number": 30,
            "fine_tuned_model_checkpoint": "m:ckpt-step-30",
            "metrics": {"step": 30, "train_loss": 0.5, "full_valid_loss": None, "note": "x"},
        }
    )
    assert (checkpoint.step, checkpoint.metrics) == (30, {"step": 30.0, "train_loss": 0.5})


@pytest.mark.parametrize("content", [CSV, base64.b64encode(CSV), b'"' + base64.b64encode(CSV) + b'"\n'])
def test_a_result_file_may_come_base64_encoded(content: bytes) -> None:
    assert decode_result(content) == CSV


def test_an_empty_result_file_stays_empty() -> None:
    assert decode_result(b"") == b""


def test_a_request_names_only_what_is_set() -> None:
    assert job_request(JobSpec("a", "gpt-4o-mini", "file-1")) == {
        "model": "gpt-4o-mini",
        "training_file": "file-1",
        "method": {"type": "supervised", "supervised": {}},
    }
    full = job_request(
        JobSpec("a", "m", "f", "v", "s", 7, Hyperparameters(3, 4, 0.5), "globalStandard", {"deployer_act": "x"})
    )
    assert full["method"]["supervised"]["hyperparameters"] == {
        "n_epochs": 3,
        "batch_size": 4,
        "learning_rate_multiplier": 0.5,
    }
    assert full["extra_body"] == {"trainingType": "globalStandard"}
    assert (full["seed"], full["suffix"], full["metadata"]) == (7, "s", {"deployer_act": "x"})
