"""Legacy completion models are called by their names, although no list of deployments shows them."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.mark.parametrize("name", ["babbage-002", "openai:proj_default/davinci-002"])
def test_a_base_model_that_only_completes_answers(run: Run, name: str) -> None:
    assert run("deployment", "call", name, "Once upon a time").stdout.strip()
