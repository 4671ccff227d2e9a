"""`init` writes what a newcomer starts from and never overwrites."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.cli.init import STARTER
from deployer.domain.plan import Mode
from deployer.policy.language import json_schema
from deployer.policy.load import load_policies
from deployer.setting import env_example

Run = Callable[..., Any]


def test_init_writes_settings_and_policies_into_the_named_folder(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path / "new"))

    assert (tmp_path / "new" / ".env").read_text() == env_example()
    assert (tmp_path / "new" / "policies" / "example.yaml").is_file()
    assert json.loads((tmp_path / "new" / "policies" / "schema.json").read_text()) == json_schema()


def test_policies_written_by_init_are_valid_and_only_observe(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path))

    policies = load_policies(tmp_path / "policies")

    assert policies.mode is Mode.OBSERVE
    assert [policy.name for policy in policies.policies] == ["fine-tunes", "everything-else"]


def test_policies_written_by_init_are_the_projects_own_example() -> None:
    assert STARTER.read_text() == (Path(__file__).parents[2] / "policies" / "example.yaml").read_text()


def test_settings_file_is_for_its_owner_only(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path))

    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_what_exists_is_kept_and_listed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "mine.yml").write_text("version: 1\n")
    (tmp_path / ".env").write_text("AZURE_TENANT_ID=mine\n")

    answer = json.loads(run("init", str(tmp_path), "-o", "json").stdout)

    assert answer == {"wrote": [], "kept": [str(tmp_path / ".env"), str(tmp_path / "policies" / "mine.yml")]}
    assert (tmp_path / ".env").read_text() == "AZURE_TENANT_ID=mine\n"
    assert sorted(path.name for path in (tmp_path / "policies").iterdir()) == ["mine.yml"]


def test_second_init_changes_nothing(run: Run, tmp_path: Path) -> None:
    run("init", str(tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    result = run("init", str(tmp_path))

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert "wrote" not in result.stdout


def test_dangling_link_is_not_followed(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to(tmp_path / "elsewhere")

    run("init", str(tmp_path))

    assert not (tmp_path / "elsewhere").exists()


def test_folder_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    result = run("init", str(tmp_path / "file" / "new"), expect=1)

    assert f"cannot write {tmp_path / 'file' / 'new' / '.env'}" in result.stderr


@pytest.mark.parametrize("word", ["--nonsense", "-x"])
def test_unknown_option_is_a_usage_error(run: Run, word: str) -> None:
    run("init", word, expect=2)
