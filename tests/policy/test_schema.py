"""The JSON Schema that editors use says the same as the loader, and the examples are valid by both."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deployer.domain.plan import Mode
from deployer.errors import InvalidFile
from deployer.policy.language import json_schema
from deployer.policy.load import load_policies

POLICIES = Path(__file__).parents[2] / "policies"
STARTER = Path(__file__).parents[2] / "deployer" / "cli" / "starter.yaml"
EXAMPLES = sorted(POLICIES.glob("*.yaml"))


def as_an_editor_reads(text: str) -> Any:
    """YAML as JSON has it: dates are text."""
    return json.loads(json.dumps(yaml.safe_load(text), default=str))


def test_the_schema_is_a_valid_schema() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_the_committed_schema_is_the_one_that_policy_schema_prints() -> None:
    assert json.loads((POLICIES / "schema.json").read_text(encoding="utf-8")) == json_schema()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_valid_names_the_schema_and_only_observes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert "# yaml-language-server: $schema=schema.json" in text
    assert list(Draft202012Validator(json_schema()).iter_errors(as_an_editor_reads(text))) == []
    assert load_policies(path).mode is Mode.OBSERVE


def test_all_examples_hold_together() -> None:
    assert len(load_policies(POLICIES).policies) >= len(EXAMPLES) >= 3


def test_the_starter_of_init_is_valid() -> None:
    text = STARTER.read_text(encoding="utf-8")

    assert list(Draft202012Validator(json_schema()).iter_errors(as_an_editor_reads(text))) == []
    assert load_policies(STARTER).mode is Mode.OBSERVE


@pytest.mark.parametrize(
    ("rule", "valid"),
    [
        ("ttl: 14d", True),
        ("ttl: 14 days", False),
        ("budget: {amount: 300 USD}", True),
        ("budget: {amount: 300}", False),
        ("budget: {}", False),
        ("idle: {after: 24h, probe: false}", True),
        ("idle: {after: 24h, probe: true}", False),
        ("idle: {after: 24h, then: pause}", False),
        ("idel: {after: 24h}", False),
        ("retirement: {warn: 60d}", True),
        ("retirement: {}", True),
        ("retirement: {warn: two months}", False),
        ("retirement: {then: undeploy}", False),
        ("residency: zone", True),
        ("residency: region", True),
        ("residency: any", True),
        ("residency: europe", False),
        ("residency: null", False),
        ("notify: 'mailto://a@example.org'", True),
        ("notify: [nobody]", False),
        ("act_unwarned: 'true'", False),
        ("exempt: [{deployment: a, until: 2026-12-31, reason: b}]", True),
        ("exempt: [{deployment: a, until: 2026-12-31}]", False),
        ("exempt: [{deployment: a, until: soon, reason: b}]", False),
    ],
)
def test_schema_and_loader_agree(tmp_path: Path, rule: str, valid: bool) -> None:
    text = f"version: 1\npolicies:\n  - name: a\n    match: {{}}\n    {rule}\n"
    path = tmp_path / "p.yaml"
    path.write_text(text, encoding="utf-8")

    assert Draft202012Validator(json_schema()).is_valid(as_an_editor_reads(text)) is valid
    assert loads(path) is valid


def loads(path: Path) -> bool:
    try:
        load_policies(path)
    except InvalidFile:
        return False
    return True
