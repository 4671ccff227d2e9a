"""When a deployment stops answering: the earliest date that the vendor gives for what stands behind it."""

from dataclasses import replace
from datetime import UTC, datetime

from deployer.domain.catalog import ModelList, OfferedModel, OfferedSku
from deployer.domain.retirement import retirement_of, retirement_of_model
from tests.policy.world import NOW, deployment

SOON, LATER, LATEST = (datetime(2027, month, 14, tzinfo=UTC) for month in (4, 8, 10))
MINI = OfferedModel(
    "gpt-4.1-mini",
    "2025-04-14",
    default=True,
    inference_until=LATEST,
    fine_tune_until=SOON,
    skus=(OfferedSku("Standard", tuned=True, retires=LATER), OfferedSku("Standard", retires=LATEST)),
)
TUNED = deployment("bot")
BASE = deployment("base", fine_tuned=False, model="gpt-4.1-mini", model_version="2025-04-14")


def offered(*models: OfferedModel) -> ModelList:
    return ModelList("azure", "eastus2", models, "ARM", NOW)


def test_fine_tune_ends_with_its_base_and_its_sku_whichever_is_first() -> None:
    end = retirement_of(TUNED, offered(MINI))

    assert (end.at, end.retrain_until, end.model, end.cause) == (LATER, SOON, "gpt-4.1-mini-2025-04-14", "")
    assert (end.source, end.as_of) == ("ARM", NOW)


def test_base_model_has_the_date_of_its_own_sku() -> None:
    assert retirement_of(BASE, offered(MINI)).at == LATEST


def test_version_that_is_deployed_counts_not_the_default() -> None:
    older = replace(MINI, version="2024-01-01", default=False, inference_until=SOON, skus=())

    assert retirement_of(replace(BASE, model_version="2024-01-01"), offered(MINI, older)).at == SOON


def test_gpt_35_turbo_is_found_as_azure_spells_it() -> None:
    old = OfferedModel("gpt-35-turbo", "0125", inference_until=SOON)
    tuned = deployment("old", model="gpt-35-turbo-0125.ft-0123456789abcdef0123456789abcdef-x")

    assert retirement_of(tuned, offered(MINI, old)).at == SOON


def test_fine_tune_at_openai_ends_with_its_base_although_its_own_date_is_missing() -> None:
    name = "ft:gpt-4.1-nano-2025-04-14:org::abc"
    base = OfferedModel("gpt-4.1-nano-2025-04-14", default=True, inference_until=SOON)
    own = OfferedModel(name, default=True)

    assert retirement_of(deployment("ft", model=name), offered(own, base)).at == SOON


def test_openai_trains_nothing_after_its_last_day_and_no_base_that_has_ended() -> None:
    early = OfferedModel("gpt-4.1-nano-2025-04-14", default=True, inference_until=datetime(2026, 10, 23, tzinfo=UTC))
    late = OfferedModel("gpt-4.1-2025-04-14", default=True, inference_until=datetime(2027, 1, 14, tzinfo=UTC))
    models = ModelList("openai", "proj_default", (early, late), "OpenAI, list of models", NOW)

    last = retirement_of_model("ft:gpt-4.1-2025-04-14:org::a", models).retrain_until
    assert last is not None
    assert datetime(2027, 1, 6, 12, tzinfo=UTC) < last < datetime(2027, 1, 7, tzinfo=UTC)
    tuned = deployment("ft", model="ft:gpt-4.1-nano-2025-04-14:org::b")
    assert retirement_of(tuned, models).retrain_until == datetime(2026, 10, 23, tzinfo=UTC)


def test_model_that_is_not_listed_is_unknown_and_says_so() -> None:
    end = retirement_of(TUNED, offered())

    assert (end.at, end.cause) == (None, "gpt-4.1-mini-2025-04-14 is not in the list of eastus2")


def test_no_date_at_all_is_unknown_and_says_so() -> None:
    end = retirement_of(TUNED, offered(replace(MINI, inference_until=None, skus=())))

    assert (end.at, end.cause) == (None, "the vendor's list gives no date")


def test_date_that_cannot_be_read_never_reads_as_no_end() -> None:
    unreadable = replace(MINI, inference_until=None, skus=(), unreadable=("deprecation.inference 'soon'",))
    half = replace(unreadable, skus=MINI.skus)

    assert retirement_of(TUNED, offered(unreadable)).cause == "cannot be read: deprecation.inference 'soon'"
    assert (retirement_of(TUNED, offered(half)).at, retirement_of(TUNED, offered(half)).cause) == (
        LATER,
        "cannot be read: deprecation.inference 'soon'",
    )


def test_model_of_a_job_ends_whatever_serves_it() -> None:
    assert retirement_of_model("gpt-4.1-mini-2025-04-14", offered(MINI)).at == LATEST
    assert retirement_of_model(TUNED.model, offered(MINI)).retrain_until == SOON
    assert retirement_of_model("gpt-9", offered(MINI)).cause == "gpt-9 is not in the list of eastus2"
