"""With one cloud out of order the other one is shown and guarded all the same; the exit code says what is missing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.sandbox.process import Sandbox
from tests.contract.stage import open_stage

Run = Callable[..., Any]
CLOUDS = {"azure": "subscriptions|ResourceGraph|/accounts/", "openai": "^/v1/"}
"""What of the sandbox's paths is whose."""
POLICY = {"version": 1, "policies": [{"name": "all", "match": {"provider": "*"}, "idle": {"after": "24h"}}]}
TROUBLES = [{"kind": "status", "status": 500}, {"kind": "cut_before"}]
COMMANDS = [
    ("deployment list -o json", 5),
    ("finetune list -o json", 5),
    ("guard plan -o json", 5),
    ("guard apply -o json", 5),
    ("spend show --billed --by account -o json", 0),
    ("doctor -o json", 1),
]


@pytest.mark.parametrize("order", TROUBLES, ids=lambda order: order["kind"])
@pytest.mark.parametrize("down", CLOUDS)
def test_other_cloud_goes_on(run: Run, sandbox: Sandbox, tmp_path: Path, down: str, order: dict[str, Any]) -> None:
    (up,) = set(CLOUDS) - {down}
    stage = open_stage(up, sandbox, tmp_path)
    (tmp_path / "work" / "policies").mkdir(parents=True, exist_ok=True)
    (tmp_path / "work" / "policies" / "all.yaml").write_text(json.dumps(POLICY))
    sandbox.client.fault({**order, "path": CLOUDS[down]})

    ended = {words: run(*words.split(), expect=None) for words, _ in COMMANDS}

    sandbox.client.clear_faults()
    assert {words: result.exit_code for words, result in ended.items()} == dict(COMMANDS)
    for words, result in ended.items():
        json.loads(result.stdout)
        assert "Traceback" not in result.stdout + result.stderr
        assert result.stderr.strip() or words.startswith("doctor")
    assert stage.standing.name in ended["deployment list -o json"].stdout
    assert stage.job.id in ended["finetune list -o json"].stdout
    assert stage.standing.name in ended["guard plan -o json"].stdout
    stage.close()
