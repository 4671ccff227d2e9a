"""When an answer of Azure Monitor is the whole truth, and when it is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from deployer.domain.period import Period
from deployer.errors import CloudError
from deployer.providers.azure.metric import HOUR, Evidence, Question, judge, parse_batch, parse_single

START = datetime(2026, 9, 1, tzinfo=UTC)
WINDOW = Period(START, START + timedelta(hours=2, minutes=50))
METRICS = ("AzureOpenAIRequests", "ModelRequests")
QUESTION = Question(WINDOW, HOUR, METRICS, top=3)
TRIAGE = ("triage",)


def series(name: str, *totals: float | None) -> dict[str, Any]:
    hours = [f"2026-09-01T{hour:02}:00:00Z" for hour in range(len(totals))]
    return {
        "metadatavalues": [{"name": {"value": "modeldeploymentname", "localizedValue": "x"}, "value": name}],
        "data": [
            {"timeStamp": at} | ({} if total is None else {"total": total})
            for at, total in zip(hours, totals, strict=True)
        ],
    }


def metric(name: str, *found: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"id": "x", "name": {"value": name}, "timeseries": list(found), "errorCode": "Success"} | changes


def answer(*metrics: dict[str, Any], **changes: Any) -> Evidence:
    result = {
        "starttime": "2026-09-01T00:00:00Z",
        "endtime": "2026-09-01T02:50:00Z",
        "interval": "PT1H",
        "resourceid": "/r",
        "value": list(metrics),
    }
    content = msgspec.json.encode({"values": [result | changes]})
    return judge(parse_batch(content, "read metrics")[0], QUESTION)


def quiet(name: str = "ModelRequests") -> dict[str, Any]:
    return metric(name)


def test_whole_answer_is_complete_and_its_numbers_are_kept_by_grain() -> None:
    evidence = answer(metric("AzureOpenAIRequests", series("Triage", 0.0, 4.0, None)), quiet())

    assert evidence.complete
    assert evidence.counts[TRIAGE] == {"AzureOpenAIRequests": {START: 0, START + HOUR: 4}}
    assert evidence.last_number == START + HOUR


def test_nulls_are_no_numbers() -> None:
    evidence = answer(metric("AzureOpenAIRequests", series("triage", None, None, None)), quiet())

    assert evidence.complete
    assert evidence.counts == {}
    assert evidence.last_number is None


def test_error_code_inside_a_200_is_not_absence() -> None:
    failed = metric("AzureOpenAIRequests", errorCode="InternalServerError", errorMessage="try later")

    evidence = answer(failed, quiet())

    assert evidence.cause == "the metric AzureOpenAIRequests failed: InternalServerError try later"


def test_metric_without_error_code_is_not_trusted() -> None:
    evidence = answer(metric("AzureOpenAIRequests", errorCode=None), quiet())

    assert evidence.cause == "the metric AzureOpenAIRequests failed: no error code"


def test_metric_that_is_missing_is_not_absence() -> None:
    assert answer(quiet()).cause == "the answer lacks the metric AzureOpenAIRequests"


def test_a_series_without_its_data_is_no_absence_of_calls() -> None:
    bare = {"metadatavalues": series("triage")["metadatavalues"]}
    evidence = answer(metric("AzureOpenAIRequests", bare), quiet())

    assert evidence.cause == "a series of the metric AzureOpenAIRequests came without its data"


def test_numbers_that_are_nobodys_leave_all_unknown() -> None:
    nameless = {"data": series("triage", 4.0)["data"]}
    undated = {**series("triage"), "data": [{"total": 4.0}]}

    assert "does not say whose it is" in answer(metric("AzureOpenAIRequests", nameless), quiet()).cause
    assert "came without their instants" in answer(metric("AzureOpenAIRequests", undated), quiet()).cause


def test_a_series_of_nobody_without_a_number_says_nothing() -> None:
    nobody = {"data": series("triage", None)["data"]}

    assert answer(metric("AzureOpenAIRequests", nobody), quiet()).complete


def test_as_many_series_as_asked_for_is_truncation() -> None:
    full = metric("AzureOpenAIRequests", *(series(f"d{number}", 1.0) for number in range(3)))

    evidence = answer(full, quiet())

    assert evidence.cause == "the answer was cut at 3 series of the metric AzureOpenAIRequests"
    assert len(evidence.counts) == 3


def test_shorter_span_than_asked_for_is_not_complete() -> None:
    evidence = answer(quiet("AzureOpenAIRequests"), quiet(), endtime="2026-09-01T01:00:00Z")

    assert evidence.cause == "the answer covers 2026-09-01T00:00:00Z to 2026-09-01T01:00:00Z only"


def test_answer_that_does_not_say_its_span_is_not_complete() -> None:
    evidence = answer(quiet("AzureOpenAIRequests"), quiet(), starttime="", endtime="")

    assert evidence.cause == "the answer does not say which span it covers"


def test_other_grain_than_asked_for_is_not_complete() -> None:
    evidence = answer(quiet("AzureOpenAIRequests"), quiet(), interval="P1D")

    assert evidence.cause == "the answer has grain P1D, not PT1H"


def test_answer_in_another_casing_means_the_same() -> None:
    document = {
        "VALUES": [
            {
                "StartTime": "2026-09-01T00:00:00Z",
                "EndTime": "2026-09-01T02:50:00Z",
                "Value": [
                    {"Name": {"Value": "azureopenairequests"}, "ErrorCode": "success", "TimeSeries": []},
                    {"Name": {"Value": "modelrequests"}, "ErrorCode": "success", "TimeSeries": []},
                ],
            }
        ]
    }

    results = parse_batch(msgspec.json.encode(document), "read metrics")

    assert judge(results[0], QUESTION).complete


def test_answer_printed_as_a_string_is_read_too() -> None:
    document = msgspec.json.encode({"values": []}).decode()

    assert parse_batch(msgspec.json.encode(document), "read metrics") == []


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"values": null}', b"<html>busy</html>"])
def test_answer_that_is_none_is_an_error(content: bytes) -> None:
    with pytest.raises(CloudError, match="cannot read metrics"):
        parse_batch(content, "read metrics")


def test_single_resource_answer_is_judged_by_its_timespan() -> None:
    document = {
        "timespan": "2026-09-01T00:00:00Z/2026-09-01T02:50:00Z",
        "interval": "PT1H",
        "value": [metric("AzureOpenAIRequests", series("triage", 2.0)), quiet()],
    }

    evidence = judge(parse_single(msgspec.json.encode(document), "read metrics"), QUESTION)

    assert evidence.complete
    assert evidence.counts[TRIAGE] == {"AzureOpenAIRequests": {START: 2}}
