"""How long a server may make us wait, by which of its headers."""

from datetime import UTC, datetime

import pytest
from requests.exceptions import InvalidHeader

from deployer.providers.azure.endpoint import Endpoints, same_origin
from deployer.providers.azure.session import DirectSession
from deployer.providers.azure.transport import asked_wait
from deployer.providers.heading import http_date

NOW = datetime(2026, 9, 1, tzinfo=UTC)
COST = "x-ms-ratelimit-microsoft.costmanagement"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"x-ms-retry-after-ms": "250"}, 0.25),
        ({"Retry-After": "Tue, 01 Sep 2026 00:01:00 GMT"}, 60),
        ({"Retry-After": "Mon, 31 Aug 2026 00:00:00 GMT"}, 0),
        ({f"{COST}-qpu-retry-after": "12"}, 12),
        ({f"{COST}-entity-retry-after": "9", f"{COST}-tenant-retry-after": "31"}, 31),
        ({"Retry-After": "2", f"{COST}-clienttype-retry-after": "40"}, 40),
    ],
)
def test_longest_of_the_servers_headers_is_the_wait(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(headers, NOW) == seconds


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "soon"}, {f"{COST}-qpu-remaining": "3"}])
def test_server_that_names_no_time_leaves_it_to_us(headers: dict[str, str]) -> None:
    assert asked_wait(headers, NOW) is None


@pytest.mark.parametrize("zone", ["GMT", "-0000", "+0000"])
def test_date_of_an_answer_is_an_instant_in_utc(zone: str) -> None:
    assert http_date(f"Tue, 01 Sep 2026 00:00:00 {zone}") == NOW


@pytest.mark.parametrize("text", ["", "yesterday", "Tue, 99 Sep 2026 00:00:00 GMT"])
def test_date_that_cannot_be_read_is_none(text: str) -> None:
    assert http_date(text) is None


def test_endpoints_default_to_the_public_cloud() -> None:
    endpoints = Endpoints.from_settings({})

    assert endpoints.resource_manager == "https://management.azure.com"
    assert endpoints.metrics_of("eastus2") == "https://eastus2.metrics.monitor.azure.com"
    assert endpoints.openai_of("a", "https://a.openai.azure.com/") == "https://a.openai.azure.com"
    assert endpoints.is_public_authority


def test_subscriptions_may_be_several() -> None:
    assert Endpoints.from_settings({"AZURE_SUBSCRIPTION_ID": " one, two,,one "}).subscriptions == ("one", "two")


def test_token_is_sent_to_no_other_server() -> None:
    assert same_origin("https://Management.azure.com:443/next?page=2", "https://management.azure.com")
    assert same_origin("https://westus.management.azure.com/next", "https://management.azure.com")
    assert not same_origin("https://management.azure.com.evil.example/next", "https://management.azure.com")
    assert not same_origin("http://management.azure.com/next", "https://management.azure.com")


def test_nothing_that_would_end_a_header_early_is_sent() -> None:
    with pytest.raises(InvalidHeader):
        DirectSession(1, "").request("GET", "https://localhost:1/", headers={"x": "a\r\nb: c"}, timeout=(1.0, 1.0))
