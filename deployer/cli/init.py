"""`deployer init`: the files a newcomer starts from. Nothing that exists is ever overwritten."""

import json
import os
from pathlib import Path

import click

from deployer.cli.render import emit, output_option, say
from deployer.errors import DeployerError

STARTER = Path(__file__).with_name("starter.yaml")
POLICY_FILE = "example.yaml"
SCHEMA_FILE = "schema.json"


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path), default=Path())
@output_option
def init(folder: Path, output: str) -> None:
    """Write a commented .env and policies (in mode observe) into DIR, the working folder by default.

    What exists is kept as it is and listed.

    \b
    Examples:
      deployer init
      deployer init ~/ai-costs
    """
    from deployer.setting import env_example

    wrote: list[str] = []
    kept: list[str] = []
    _write(folder / ".env", env_example(), wrote, kept)
    existing = _policies(folder / "policies")
    if existing:
        kept += existing
    else:
        _write(folder / "policies" / POLICY_FILE, STARTER.read_text(encoding="utf-8"), wrote, kept)
        _write(folder / "policies" / SCHEMA_FILE, _schema(), wrote, kept)
    _show(wrote, kept, output)


def _schema() -> str:
    """What an editor checks the policies against; the example names it."""
    from deployer.policy.language import json_schema

    return json.dumps(json_schema(), indent=2) + "\n"


def _policies(folder: Path) -> list[str]:
    """Policy files that are there: a starter beside them would match the same deployments twice."""
    return sorted(str(path) for pattern in ("*.yaml", "*.yml") for path in folder.glob(pattern))


def _write(path: Path, text: str, wrote: list[str], kept: list[str]) -> None:
    """Create a file for its owner only: `.env` will hold secrets."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        kept.append(str(path))
        return
    except OSError as error:
        raise DeployerError(
            f"cannot write {path}: {error.strerror}", next_step="name a folder that you may write"
        ) from error
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        target.write(text)
    wrote.append(str(path))


def _show(wrote: list[str], kept: list[str], output: str) -> None:
    if output != "table":
        emit({"wrote": wrote, "kept": kept}, output)
        return
    for path in wrote:
        say(f"wrote {path}")
    for path in kept:
        say(f"kept  {path} (it exists)")
    say("Next: fill in .env, then `deployer doctor`, then `deployer guard plan`")
