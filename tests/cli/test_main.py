"""The entry point: cheap help, every error in words with its exit code, never a traceback."""

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from deployer.cli.main import NOUNS, Deployer, cli
from deployer.errors import DeployerError, InvalidFile, NotObserved, Problem, Refused

PYTHON = sys.executable
LOADED = """
import sys
from deployer.cli.main import cli
try:
    cli.main(["--help"], prog_name="deployer")
except SystemExit:
    pass
import json
tops = {name.partition(".")[0] for name in sys.modules}
ours = sorted(name for name in sys.modules if name.startswith("deployer"))
print(json.dumps({"foreign": sorted(tops - sys.stdlib_module_names), "ours": ours}))
"""


def raising(error: BaseException) -> Deployer:
    @click.command()
    def fail() -> None:
        raise error

    return Deployer("deployer", commands={"fail": fail})


def fail_with(error: BaseException, *options: str) -> Result:
    return CliRunner().invoke(raising(error), [*options, "fail"])


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        with click.Context(command, info_name="deployer") as context:
            names = command.list_commands(context)
            children = {name: command.get_command(context, name) for name in names}
        for name, child in children.items():
            assert child is not None
            yield from walk(child, (*path, name))


COMMANDS = dict(walk(cli))


# --- help -------------------------------------------------------------------------------------


def test_help_imports_nothing_but_click() -> None:
    answer = subprocess.run([PYTHON, "-c", LOADED], capture_output=True, text=True, check=True)
    loaded = json.loads(answer.stdout.splitlines()[-1])

    assert set(loaded["ours"]) == {"deployer", "deployer.cli", "deployer.cli.main"}
    assert [name for name in loaded["foreign"] if not name.startswith(("__", "_"))] in (
        ["click", "deployer"],
        ["click", "deployer", "distutils-precedence"],
    )


def test_help_is_nearly_as_fast_as_click_itself() -> None:
    """The fastest of several runs each, taken in turn: what else the machine does slows both."""
    ours = ("-c", "from deployer.cli.main import main; import sys; sys.argv[1:] = ['--help']; main()")
    clicks = ("-c", "import click")

    def once(*arguments: str) -> float:
        start = time.perf_counter()
        subprocess.run([PYTHON, *arguments], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - start

    runs = [(once(*ours), once(*clicks)) for _ in range(7)]
    assert min(first for first, _ in runs) < 2.5 * min(second for _, second in runs)


def test_help_lists_every_noun_with_its_purpose() -> None:
    shown = " ".join(CliRunner().invoke(cli, ["--help"]).stdout.split())

    assert [noun for noun, (_, text) in NOUNS.items() if f"{noun} {text}" not in shown] == []


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_of_every_command_has_examples(path: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli, [*path, "--help"])

    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert f"deployer {' '.join(path)}".strip() in result.stdout.partition("Examples:")[2]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_option_says_what_it_does(path: tuple[str, ...]) -> None:
    options = [param for param in COMMANDS[path].params if isinstance(param, click.Option)]

    assert [option.name for option in options if not option.help] == []


def test_the_package_runs_as_a_module() -> None:
    answer = subprocess.run([PYTHON, "-m", "deployer", "--version"], capture_output=True, text=True, check=True)

    assert answer.stdout.startswith("deployer 0.")


def test_output_that_is_closed_is_not_missed() -> None:
    command = f"'{PYTHON}' -m deployer price show gpt-4.1-mini >&-"
    answer = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)

    assert (answer.returncode, "defect" in answer.stderr) == (0, False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here that is always full")
def test_output_without_room_is_told_as_that() -> None:
    command = f"'{PYTHON}' -m deployer price show gpt-4.1-mini > /dev/full"
    answer = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)

    assert answer.returncode == 1
    assert "No space left on device" in answer.stderr
    assert "defect" not in answer.stderr


def test_version_is_printed() -> None:
    assert CliRunner().invoke(cli, ["--version"]).stdout.startswith("deployer 0.")


# --- errors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DeployerError("it broke"), 1),
        (Refused("it broke"), 3),
        (InvalidFile((Problem("a.yaml:1:2", "it broke"),)), 4),
        (NotObserved("it broke"), 5),
    ],
)
def test_error_for_people_ends_with_its_exit_code(error: Exception, code: int) -> None:
    result = fail_with(error)

    assert result.exit_code == code
    assert result.stdout == ""
    assert "it broke" in result.stderr
    assert "Traceback" not in result.stderr


def test_error_shows_the_next_step() -> None:
    result = fail_with(DeployerError("the ledger is locked", next_step="end the other process"))

    assert result.stderr == "Error: the ledger is locked\nNext: end the other process\n"


def test_every_problem_of_a_file_has_its_line() -> None:
    result = fail_with(InvalidFile((Problem("a:1", "one"), Problem("a:2", "two"))))

    assert result.stderr == "Error:\n  a:1: one\n  a:2: two\n"


def test_unexpected_error_is_called_a_defect_in_one_line() -> None:
    result = fail_with(KeyError("endpoint"))

    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: this is a defect of deployer: KeyError: 'endpoint'",
        "Next: run the same command with --debug and report the traceback",
    ]


def test_debug_shows_the_traceback() -> None:
    result = fail_with(KeyError("endpoint"), "--debug")

    assert result.exit_code == 1
    assert "Traceback" in result.stderr


@pytest.mark.parametrize(
    "error",
    [
        DeployerError("key canary-4711", next_step="key canary-4711"),
        InvalidFile((Problem("a:1", "canary-4711"), Problem("a:2", "canary-4711"))),
        ValueError("canary-4711"),
        click.UsageError("canary-4711"),
        click.FileError("canary-4711", "gone"),
    ],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("options", [(), ("--debug",)], ids=str)
def test_no_error_shows_a_secret(error: Exception, options: tuple[str, ...]) -> None:
    result = CliRunner().invoke(raising(error), [*options, "fail"], env={"OPENAI_API_KEY": "canary-4711"})

    assert result.exit_code != 0
    assert "********" in result.stderr
    assert "canary" not in result.output


def test_debug_may_stand_behind_the_command(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["price", "show", "none", "--debug"], env={"DEPLOYER_HOME": str(tmp_path)})

    assert result.exit_code == 1
    assert "Traceback" in result.stderr


def test_interrupt_ends_with_130() -> None:
    result = fail_with(KeyboardInterrupt())

    assert result.exit_code == 130
    assert result.stderr == "Interrupted.\n"


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["price", "nonsense"], ["price", "show"], ["price", "list", "--meter", "water"], ["--nonsense"]],
    ids=" ".join,
)
def test_wrong_arguments_are_usage_errors(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_mistyped_noun_gets_a_suggestion() -> None:
    assert "Did you mean 'deployment'?" in CliRunner().invoke(cli, ["deploymet"]).stderr


def test_closed_pipe_is_quiet(tmp_path: Path) -> None:
    command = f"{PYTHON} -c 'from deployer.cli.main import main; main()' price list | head -1"
    settings = {"DEPLOYER_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    answer = subprocess.run(["/bin/bash", "-c", command], capture_output=True, text=True, check=True, env=settings)

    assert answer.stdout.startswith("PROVIDER")
    assert "Traceback" not in answer.stderr
    assert "BrokenPipe" not in answer.stderr


# --- logs -------------------------------------------------------------------------------------


def logging_command() -> Deployer:
    @click.command()
    def work() -> None:
        logger = logging.getLogger("library")
        logger.warning("token canary-4711 expires")
        try:
            raise ValueError("canary-4711")
        except ValueError:
            logger.exception("failed with %s", "canary-4711")

    return Deployer("deployer", commands={"work": work})


def test_libraries_warnings_are_not_shown_and_their_errors_without_secrets() -> None:
    result = CliRunner().invoke(logging_command(), ["work"], env={"OPENAI_API_KEY": "canary-4711"})

    assert result.stderr == "library: failed with ********\n"


def test_debug_shows_libraries_warnings_and_tracebacks_without_secrets() -> None:
    result = CliRunner().invoke(logging_command(), ["work", "--debug"], env={"OPENAI_API_KEY": "canary-4711"})

    assert "library: token ******** expires" in result.stderr
    assert "ValueError: ********" in result.stderr
    assert "canary" not in result.output


# --- completion -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "expected"),
    [("deployer depl", "deployment"), ("deployer price l", "list"), ("deployer price list --me", "--meter")],
)
def test_shell_completes(typed: str, expected: str) -> None:
    words = typed.split()
    env = {"_DEPLOYER_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(len(words) - 1)}
    result = CliRunner().invoke(cli, env=env, prog_name="deployer")

    assert expected in result.stdout
