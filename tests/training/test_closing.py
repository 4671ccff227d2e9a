"""What OpenAI closes is known before anything is uploaded: by its dates, by its list, and by asking it."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from deployer.domain.catalog import ModelList, OfferedModel
from deployer.errors import CloudError, Refused
from deployer.sandbox.process import Sandbox
from deployer.training import closing
from deployer.training.estimate import Estimate
from deployer.training.order import estimates
from deployer.training.start import start
from tests.conftest import BEGINNING
from tests.training.world import World

NOW = datetime(2026, 9, 1, tzinfo=UTC)
NANO = "gpt-4.1-nano-2025-04-14"
Ask = Callable[[], Estimate]


@pytest.fixture
def ask(world: World) -> Ask:
    """Estimate the job at OpenAI, at the sandbox's present instant."""

    def run() -> Estimate:
        order = world.order(provider="openai", account="")
        [found] = estimates(world.providers, world.context.book, world.clock.now(), order)
        return found

    return run


def listing(name: str, **ends: datetime) -> ModelList:
    return ModelList("openai", "proj_1", (OfferedModel(name, default=True, **ends),), "its list", NOW)  # type: ignore[arg-type]


def uploads(world: World) -> int:
    return int(world.sandbox.client.requests()["by_operation"].get("openai.files.create", 0))


def test_while_it_is_open_the_vendor_was_asked_and_nothing_was_made(world: World, ask: Ask) -> None:
    found = ask()
    assert (found.obstacle, found.closing.asked) == ("", True)
    assert found.closing.base == found.closing.tuned == date(2027, 1, 14)
    assert "OpenAI, list of models, asked 2026-09-01" in found.closing.source
    assert (world.jobs("openai"), uploads(world)) == ((), 0)


@pytest.mark.parametrize(
    ("at", "allowed"),
    [(datetime(2027, 1, 6, 23, 59, tzinfo=UTC), True), (datetime(2027, 1, 7, tzinfo=UTC), False)],
)
def test_the_last_day_for_new_jobs_is_the_sixth_of_january(world: World, ask: Ask, at: datetime, allowed: bool) -> None:
    world.sandbox.client.advance(to=at)
    assert (ask().obstacle == "") is allowed


def test_an_organisation_that_may_not_train_any_more_is_told_before_an_upload(world: World, ask: Ask) -> None:
    world.sandbox.client.reset(seed=0, start=BEGINNING, frozen=True, training_available=False)
    found = ask()
    assert "training_not_available" in found.obstacle
    with pytest.raises(Refused, match="training_not_available") as refused:
        start(world.context, world.order(provider="openai", account=""), who="me")
    assert (uploads(world), world.ledger.journal.acts()) == (0, ())
    assert refused.value.next_step.startswith("fine-tune on Azure OpenAI with --provider azure (standard $0.01, then $")


def test_the_same_job_on_azure_is_offered_with_the_price_of_each_tier_and_its_hosting(ask: Ask) -> None:
    instead = ask().instead
    assert [one.tier for one in instead] == ["standard", "globalStandard", "developerTier"]
    assert [str(one.hosting_monthly) for one in instead] == ["$1,241.00", "$1,241.00", "$0.00"]


def test_a_base_that_was_shut_down_is_refused_by_its_date_although_it_is_still_listed(world: World) -> None:
    world.sandbox.client.advance(to=datetime(2026, 10, 23, tzinfo=UTC))
    with pytest.raises(Refused, match=r"shut gpt-4\.1-nano and its fine-tunes down on 2026-10-23"):
        start(world.context, world.order(provider="openai", account="", model=NANO), who="me")
    assert uploads(world) == 0


def test_the_list_is_believed_over_the_pages_and_the_earliest_end_holds() -> None:
    sooner = closing.listed("openai", "gpt-4.1", listing("gpt-4.1", inference_until=datetime(2026, 12, 1, tzinfo=UTC)))
    later = closing.listed("openai", "gpt-4.1", listing("gpt-4.1", inference_until=datetime(2027, 10, 1, tzinfo=UTC)))
    assert (sooner.base, sooner.tuned) == (date(2026, 12, 1), date(2026, 12, 1))
    assert (later.base, later.tuned) == (date(2027, 10, 1), date(2027, 1, 14))
    assert "(the base itself on 2027-10-01)" in next(closing.warnings("openai", "gpt-4.1", NOW, later))


def test_azures_list_says_until_when_a_model_can_be_trained() -> None:
    found = closing.listed("azure", "gpt-x", listing("gpt-x", fine_tune_until=datetime(2026, 8, 31, tzinfo=UTC)))
    assert closing.obstacle("azure", "gpt-x", NOW, found) == "Azure OpenAI trains gpt-x no more since 2026-08-31"


def test_a_list_without_dates_and_a_list_without_the_model_leave_what_the_pages_say() -> None:
    printed = closing.printed("openai", "gpt-4.1")
    assert closing.listed("openai", "gpt-4.1", listing("gpt-4.1")) == printed
    assert closing.listed("openai", "gpt-4.1", listing("another")) == printed


def test_a_list_that_cannot_be_read_is_said_and_the_pages_hold(world: World, sandbox: Sandbox, ask: Ask) -> None:
    sandbox.client.fault({"path": "/v1/models", "kind": "status", "status": 403})
    found = ask()
    assert found.inference_until == date(2027, 1, 14)
    assert any("because the list could not be read" in warning for warning in found.warnings)


def test_a_vendor_that_cannot_be_asked_is_no_yes(world: World, sandbox: Sandbox, ask: Ask) -> None:
    sandbox.client.fault({"method": "POST", "path": "/v1/fine_tuning/jobs", "kind": "status", "status": 401})
    found = ask()
    assert (found.obstacle, found.closing.asked) == ("", False)
    with pytest.raises(CloudError):
        start(world.context, world.order(provider="openai", account=""), who="me")
    assert uploads(world) == 0


def test_what_nobody_knows_the_end_of_has_no_end_and_no_warning() -> None:
    unknown = closing.printed("azure", "gpt-4.1")
    assert (unknown.tuned, list(closing.warnings("azure", "gpt-4.1", NOW, unknown))) == (None, [])
