"""Arguments: what cannot be is refused before anything is asked of a cloud."""

from typing import Any

import click
import pytest

from deployer.cli.parameter import NAME, FiniteType


@pytest.mark.parametrize("name", ["", " ", "a/b", "a b", "..\\x", "what?", "50%"])
def test_name_that_no_path_can_hold_is_refused(name: str) -> None:
    with pytest.raises(click.BadParameter, match="is no name"):
        NAME.convert(name, None, None)


@pytest.mark.parametrize("name", ["support-bot", "gpt-4.1_mini", "ft:gpt-4.1-mini:acme::1"])
def test_name_of_a_deployment_or_model_is_taken(name: str) -> None:
    assert NAME.convert(name, None, None) == name


@pytest.mark.parametrize("number", ["nan", "inf", "1e999"])
def test_number_that_is_none_is_in_no_range(number: Any) -> None:
    with pytest.raises(click.BadParameter, match="no finite number"):
        FiniteType(0).convert(number, None, None)


def test_number_in_its_range_is_taken() -> None:
    assert FiniteType(0, 1).convert("0.5", None, None) == 0.5
