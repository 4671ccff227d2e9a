"""Calls that fail: repeated when that is safe, waited for on our clock, told in words without secrets."""

import time
from pathlib import Path

import pytest

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.domain.job import JobSpec
from deployer.errors import CloudError, Forbidden, NotFound, Throttled, Unreachable
from deployer.ports.cloud import Connection, Provider
from deployer.providers.openai import connect
from deployer.sandbox.process import Sandbox
from tests.providers.opening import BASE, Connect


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_waited_out(sandbox: Sandbox, openai: Provider, account: Account, status: int) -> None:
    sandbox.client.fault({"path": "/v1/fine_tuning", "kind": "status", "status": status, "times": 2})
    assert openai.training.jobs(account) == ()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after-ms": "2500"}, 2.5),
        ({"x-ms-retry-after-ms": "3000"}, 3),
        ({"retry-after": "Tue, 01 Sep 2026 00:00:20 GMT"}, 20),
    ],
)
def test_the_wait_is_the_one_that_was_asked_for(
    sandbox: Sandbox, openai: Provider, account: Account, clock: Clock, headers: dict[str, str], seconds: float
) -> None:
    sandbox.client.fault({"path": "/v1/fine_tuning", "kind": "status", "status": 429, "headers": headers, "times": 1})
    before = clock.now()
    openai.training.jobs(account)
    assert (clock.now() - before).total_seconds() == pytest.approx(seconds, abs=0.2)


def test_a_certificate_that_nobody_trusts_is_said_at_once(
    sandbox: Sandbox, account: Account, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    settings = {name: value for name, value in sandbox.env.items() if "CA" not in name and "CERT" not in name}
    provider = connect(Connection(settings), clock)
    assert provider is not None
    before = clock.now()

    with pytest.raises(Unreachable) as caught:
        provider.training.jobs(account)

    assert "DEPLOYER_CA_BUNDLE" in caught.value.next_step
    assert (clock.now() - before).total_seconds() < 1


def test_a_wait_of_days_is_not_sat_out(sandbox: Sandbox, openai: Provider, account: Account, clock: Clock) -> None:
    headers = {"retry-after": "604800"}
    sandbox.client.fault({"path": "/v1/fine_tuning", "kind": "status", "status": 429, "headers": headers})
    before = clock.now()
    with pytest.raises(Throttled) as caught:
        openai.training.jobs(account)
    assert caught.value.retry_after == 604800
    assert (clock.now() - before).total_seconds() < 1


def test_attempts_are_bounded(sandbox: Sandbox, connect_openai: Connect, account: Account) -> None:
    sandbox.client.fault({"path": "/v1/fine_tuning", "kind": "status", "status": 503})
    before = sandbox.client.requests()["total"]
    with pytest.raises(CloudError) as caught:
        connect_openai(retries=2).training.jobs(account)
    assert sandbox.client.requests()["total"] - before == 3
    assert (caught.value.status, caught.value.maybe_done) == (503, False)


def test_waiting_takes_no_real_time(sandbox: Sandbox, openai: Provider, account: Account) -> None:
    headers = {"retry-after": "30"}
    sandbox.client.fault({"path": "/v1/fine_tuning", "kind": "status", "status": 429, "headers": headers, "times": 3})
    began = time.monotonic()
    openai.training.jobs(account)
    assert time.monotonic() - began < 5


def test_a_spend_limit_is_not_waited_for(sandbox: Sandbox, openai: Provider, account: Account, clock: Clock) -> None:
    body = {"error": {"message": "limit reached", "code": "project_spend_limit_exceeded"}}
    sandbox.client.fault({"path": "/v1/chat", "kind": "status", "status": 429, "body": body})
    before = clock.now()
    with pytest.raises(Throttled, match="limit reached") as caught:
        openai.deployments.call(account, BASE, "hello")
    assert caught.value.code == "project_spend_limit_exceeded"
    assert "spend limit" in caught.value.next_step
    assert clock.now() == before


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_cut_while_creating_is_never_repeated_and_says_that_it_may_be_done(
    sandbox: Sandbox, openai: Provider, account: Account, data: Path, kind: str
) -> None:
    file_id = openai.training.upload(account, data)
    sandbox.client.fault({"method": "POST", "path": "/v1/fine_tuning/jobs", "kind": kind, "times": 1})
    with pytest.raises(Unreachable) as caught:
        openai.training.start(account, JobSpec(account.name, BASE, file_id))
    assert caught.value.maybe_done
    assert len(openai.training.jobs(account)) == (1 if kind == "cut_after" else 0)


def creations(sandbox: Sandbox) -> int:
    """How often a job was asked for."""
    return sum(1 for line in sandbox.client.log() if line["operation"] == "openai.jobs.create")


@pytest.mark.parametrize(("status", "asked"), [(500, 1), (503, 1), (429, 2), (409, 2)])
def test_creating_is_repeated_only_after_an_answer_that_proves_that_nothing_was_done(
    sandbox: Sandbox, openai: Provider, account: Account, data: Path, status: int, asked: int
) -> None:
    file_id = openai.training.upload(account, data)
    fault = {"method": "POST", "path": "/v1/fine_tuning/jobs", "kind": "status", "status": status, "times": 1}
    sandbox.client.fault(fault)
    if asked == 1:
        with pytest.raises(CloudError) as caught:
            openai.training.start(account, JobSpec(account.name, BASE, file_id))
        assert caught.value.maybe_done
    else:
        openai.training.start(account, JobSpec(account.name, BASE, file_id))
    assert creations(sandbox) == asked


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_a_cut_while_reading_is_repeated(sandbox: Sandbox, openai: Provider, account: Account, kind: str) -> None:
    sandbox.client.fault({"method": "GET", "path": "/v1/fine_tuning/jobs", "kind": kind, "times": 1})
    assert openai.training.jobs(account) == ()


def test_an_unreachable_endpoint_is_told_and_nothing_can_have_been_done(
    connect_openai: Connect, account: Account
) -> None:
    openai = connect_openai(retries=0, OPENAI_BASE_URL="https://localhost:9/v1")
    with pytest.raises(Unreachable) as caught:
        openai.training.start(account, JobSpec(account.name, BASE, "file-1"))
    assert not caught.value.maybe_done


def test_a_wrong_key_is_told_without_the_key(connect_openai: Connect, account: Account) -> None:
    secret = "sk-canary-0123456789abcdef0123456789"
    openai = connect_openai(
        scrub=lambda text: text.replace(secret[:8], "***").replace(secret[-4:], "***"), OPENAI_API_KEY=secret
    )
    with pytest.raises(Forbidden) as caught:
        openai.training.jobs(account)
    assert caught.value.status == 401
    assert "doctor" in caught.value.next_step
    assert "sk-canary" not in caught.value.message


def test_what_does_not_exist_is_not_found(openai: Provider, account: Account) -> None:
    with pytest.raises(NotFound, match="ftjob-nowhere"):
        openai.training.job(account, "ftjob-nowhere")


def test_a_closed_organisation_is_told_where_to_go(
    sandbox: Sandbox, openai: Provider, account: Account, data: Path
) -> None:
    file_id = openai.training.upload(account, data)
    body = {"error": {"message": "no more", "code": "training_not_available"}}
    sandbox.client.fault(
        {"method": "POST", "path": "/v1/fine_tuning/jobs", "kind": "status", "status": 403, "body": body}
    )
    with pytest.raises(Forbidden) as caught:
        openai.training.start(account, JobSpec(account.name, BASE, file_id))
    assert "azure" in caught.value.next_step
