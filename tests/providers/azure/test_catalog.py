"""What an Azure region offers, read from ARM's list of models."""

from datetime import UTC, datetime, timedelta

import pytest

from deployer.domain.deployment import Account
from deployer.errors import CloudError, Forbidden
from deployer.ports.cloud import Provider
from deployer.providers.azure.catalog import to_model, to_models, to_sku
from deployer.sandbox.process import Sandbox
from tests.conftest import SandboxTestClock


def test_models_carry_the_dates_on_which_they_end(azure: Provider, account: Account) -> None:
    model = azure.catalog.models(account).find("gpt-4.1-mini", "2025-04-14")

    assert model is not None
    assert (model.lifecycle, model.tunable, model.unreadable) == ("GenerallyAvailable", True, ())
    assert model.inference_until == datetime(2027, 10, 14, tzinfo=UTC)
    assert model.fine_tune_until == datetime(2027, 4, 14, tzinfo=UTC)


def test_fine_tuned_model_is_found_by_what_it_was_made_of(azure: Provider, account: Account) -> None:
    models = azure.catalog.models(account)

    assert models.find("gpt-4.1-mini-2025-04-14") == models.find("gpt-4.1-mini", "2025-04-14")
    assert models.find("gpt-4o") == models.find("gpt-4o", "2024-08-06")
    assert models.find("gpt-9") is None


def test_skus_say_which_of_them_pay_hosting(azure: Provider, account: Account) -> None:
    model = azure.catalog.models(account).find("gpt-4.1-mini")
    assert model is not None

    regional, developer = (model.sku(name, tuned=True) for name in ("standard", "DeveloperTier"))

    assert regional is not None
    assert developer is not None
    assert (regional.hosted, developer.hosted) == (True, False)
    base = model.sku("GlobalStandard", tuned=False)
    assert base is not None
    assert (base.hosted, base.usage_name) == (None, "OpenAI.GlobalStandard.gpt-4.1-mini")
    assert base.capacity == {"minimum": 1, "maximum": 1_000_000, "step": 1, "default": 10}


def test_list_says_where_and_when_it_was_read(azure: Provider, account: Account, clock: SandboxTestClock) -> None:
    models = azure.catalog.models(account)

    assert (models.provider, models.place, models.as_of) == ("azure", "eastus2", clock.now())


def test_region_is_asked_once_a_day(
    azure: Provider, account: Account, clock: SandboxTestClock, sandbox: Sandbox
) -> None:
    for hours in (0, 23, 1):
        clock.sleep(timedelta(hours=hours).total_seconds())
        azure.catalog.models(account)
        azure.catalog.models(account)

    assert sandbox.client.requests()["by_operation"]["models.list"] == 2


def test_failure_is_told_and_not_kept(azure: Provider, account: Account, sandbox: Sandbox) -> None:
    sandbox.client.fault({"operation": "models.list", "kind": "status", "status": 403})
    with pytest.raises(Forbidden):
        azure.catalog.models(account)
    sandbox.client.clear_faults()

    assert azure.catalog.models(account).models


def test_page_that_leads_elsewhere_is_refused(azure: Provider, account: Account, sandbox: Sandbox) -> None:
    body = {"value": [], "nextLink": "https://elsewhere.example/models"}
    sandbox.client.fault({"operation": "models.list", "kind": "status", "status": 200, "body": body})

    with pytest.raises(CloudError, match="another server"):
        azure.catalog.models(account)


@pytest.mark.parametrize("said", ["soon", "2027-13-40T00:00:00Z", 20271014, "9999-12-31T23:59:59-08:00"])
def test_date_that_cannot_be_read_is_unknown_and_said(said: object) -> None:
    model = to_model({"name": "gpt-4.1", "version": "1", "deprecation": {"inference": said}})

    assert model.inference_until is None
    assert model.unreadable == (f"deprecation.inference {said!r}",)


@pytest.mark.parametrize("unset", [None, "", "0001-01-01T00:00:00Z"])
def test_date_that_was_never_set_is_absent(unset: object) -> None:
    model = to_model({"name": "gpt-4.1", "deprecation": {"inference": unset}})

    assert (model.inference_until, model.unreadable) == (None, ())


def test_model_that_is_listed_for_every_kind_of_account_is_one_model() -> None:
    rows = [{"kind": kind, "model": {"name": "gpt-4.1", "version": "1"}} for kind in ("OpenAI", "AIServices")]

    assert [model.full_name for model in to_models([*rows, {"kind": "Speech"}])] == ["gpt-4.1-1"]


def test_lower_cased_keys_and_unknown_fields_break_nothing() -> None:
    item = {
        "name": "gpt-x",
        "lifecyclestatus": "Retiring",
        "deprecation": {"inference": "2027-01-02T03:04:05Z", "finetune": "2026-01-02"},
        "skus": [{"name": "Standard", "deprecationdate": "never", "mystery": 1}],
        "mystery": {},
    }

    model = to_model(item)

    assert (model.lifecycle, model.tunable) == ("Retiring", None)
    assert model.fine_tune_until == datetime(2026, 1, 2, tzinfo=UTC)
    assert model.skus[0].unreadable == "deprecationDate 'never'"


def test_the_only_sizes_of_a_sku_are_read_where_they_are_listed() -> None:
    sku = to_sku({"name": "Standard", "capacity": {"Minimum": 100, "step": 100, "allowedvalues": [100, 200, "x"]}})

    assert (sku.capacity, sku.allowed) == ({"minimum": 100, "step": 100}, (100, 200))
    assert to_sku({"name": "Standard", "capacity": {"allowedValues": None}}).allowed == ()
