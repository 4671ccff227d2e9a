"""Calling a deployment: what was just made is waited for, and every refusal says what to do."""

from datetime import timedelta

import pytest

from deployer.errors import CloudError, Forbidden, NotFound, Throttled
from deployer.guard.call import call, unlisted
from deployer.guard.readiness import READY_LIMIT
from tests.fakes import FakeClock, FakeCloud


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def cloud(clock: FakeClock) -> FakeCloud:
    return FakeCloud(clock)


MISSING = NotFound("no such deployment", status=404)


def test_an_answer_is_given_without_a_word(clock: FakeClock, cloud: FakeCloud) -> None:
    said: list[str] = []
    assert call(clock, cloud, cloud.deploy("bot"), "hello", said.append) == "hello"
    assert said == []


def test_a_deployment_that_was_just_made_is_waited_for_with_one_word(clock: FakeClock, cloud: FakeCloud) -> None:
    said: list[str] = []
    bot = cloud.deploy("bot")
    cloud.fail("call", MISSING, times=4)
    assert call(clock, cloud, bot, "hello", said.append) == "hello"
    assert len(said) == 1
    assert 30 < clock.monotonic() < 60


def test_one_that_never_answers_is_waited_for_only_so_long(clock: FakeClock, cloud: FakeCloud) -> None:
    bot = cloud.deploy("bot")
    cloud.fail("call", MISSING, times=1000)
    with pytest.raises(NotFound):
        call(clock, cloud, bot, "hello", lambda _: None)
    assert clock.monotonic() <= READY_LIMIT + 30


def test_an_old_deployment_that_is_gone_is_not_waited_for(clock: FakeClock, cloud: FakeCloud) -> None:
    bot = cloud.deploy("bot")
    clock.advance(timedelta(days=3))
    before = clock.monotonic()
    cloud.fail("call", MISSING)
    with pytest.raises(NotFound) as caught:
        call(clock, cloud, bot, "hello", lambda _: None)
    assert clock.monotonic() == before
    assert "may be undeployed" in caught.value.next_step


def test_a_model_whose_base_was_shut_down_is_told_as_such(clock: FakeClock, cloud: FakeCloud) -> None:
    bot = cloud.deploy("bot", state="retired")
    clock.advance(timedelta(days=3))
    cloud.fail("call", MISSING)
    with pytest.raises(NotFound) as caught:
        call(clock, cloud, bot, "hello", lambda _: None)
    assert caught.value.next_step.startswith("its base is shut down")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CloudError("locked", status=423), "not known to stop its hosting fee"),
        (Throttled("too many", retry_after=7), "try again in 7 seconds"),
        (Forbidden("no", status=401), "Cognitive Services OpenAI User on aoai-dev"),
    ],
)
def test_a_refusal_says_what_to_do(clock: FakeClock, cloud: FakeCloud, error: CloudError, words: str) -> None:
    bot = cloud.deploy("bot")
    cloud.fail("call", error)
    with pytest.raises(CloudError) as caught:
        call(clock, cloud, bot, "hello", lambda _: None)
    assert words in caught.value.next_step


def test_a_paused_deployment_is_called_paused(clock: FakeClock, cloud: FakeCloud) -> None:
    bot = cloud.deploy("bot")
    cloud.fail("call", CloudError("cannot call bot: 423 Locked", status=423))
    with pytest.raises(CloudError, match=r"azure:aoai-dev/bot is paused"):
        call(clock, cloud, bot, "hello", lambda _: None)


@pytest.mark.parametrize("text", ["ft:gpt:org:x:1", "team/ft:gpt:org:x:1", "openai:team/ft:gpt:org:x:1"])
def test_a_model_that_no_list_shows_is_called_by_its_name(clock: FakeClock, text: str) -> None:
    openai = FakeCloud(clock, "openai", accounts=("team",))
    openai.deployments.deploys = False
    found = unlisted({"azure": FakeCloud(clock), "openai": openai}, text)
    assert found is not None
    assert str(found.id) == "openai:team/ft:gpt:org:x:1"


@pytest.mark.parametrize("text", ["bot", "aoai-dev/bot", "azure:aoai-dev/ft:x", "openai:nowhere"])
def test_what_is_no_models_name_is_not_taken_for_one(clock: FakeClock, text: str) -> None:
    openai = FakeCloud(clock, "openai", accounts=("team",))
    openai.deployments.deploys = False
    assert unlisted({"azure": FakeCloud(clock), "openai": openai}, text) is None
