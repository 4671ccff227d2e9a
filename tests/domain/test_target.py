"""What a person means by a name."""

from dataclasses import dataclass

import pytest

from deployer.domain.deployment import DeploymentId
from deployer.domain.target import resolve
from deployer.errors import InvalidUsage, NotFound


@dataclass(frozen=True)
class Thing:
    id: DeploymentId


def thing(account: str, name: str, provider: str = "azure") -> Thing:
    return Thing(DeploymentId(provider, account, name))


DEV, PROD, OTHER = thing("Dev", "Bot"), thing("prod", "bot"), thing("dev", "search")
THINGS = [DEV, PROD, OTHER]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("search", OTHER),
        ("SEARCH", OTHER),
        ("dev/bot", DEV),
        ("azure:prod/bot", PROD),
        ("Azure:DEV/bot", DEV),
    ],
)
def test_name_is_resolved_without_case(text: str, found: Thing) -> None:
    assert resolve(text, THINGS) is found


def test_model_name_with_slashes_and_colons_is_a_name_too() -> None:
    tuned = thing("proj_default", "ft:gpt-4.1-mini:org:bot:id", "openai")

    assert resolve("ft:gpt-4.1-mini:org:bot:id", [*THINGS, tuned]) is tuned


def test_ambiguous_name_lists_the_candidates() -> None:
    with pytest.raises(InvalidUsage, match="'bot' names 2 deployments: azure:Dev/Bot, azure:prod/bot"):
        resolve("bot", THINGS)


@pytest.mark.parametrize("text", ["serch", "dev/serch", "azure:other/search"])
def test_unknown_name_suggests_near_ones(text: str) -> None:
    with pytest.raises(NotFound, match=r"did you mean azure:dev/search\?"):
        resolve(text, THINGS)


def test_few_deployments_are_all_suggested() -> None:
    with pytest.raises(NotFound, match=r"did you mean azure:prod/bot\?"):
        resolve("zzz", [PROD])


def test_many_deployments_without_a_near_name_are_not_listed() -> None:
    with pytest.raises(NotFound) as caught:
        resolve("zzz", [*THINGS, thing("dev", "other")])

    assert caught.value.message == "there is no deployment 'zzz'"


def test_many_candidates_are_cut() -> None:
    with pytest.raises(InvalidUsage, match=r"names 12 deployments: .* and 2 more"):
        resolve("bot", [thing(f"account-{number}", "bot") for number in range(12)])
