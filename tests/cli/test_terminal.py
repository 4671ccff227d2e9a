"""On a terminal: colour unless it is not wanted, questions, progress; the same facts as elsewhere."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

PLAY = """
import sys
from deployer.cli.render import Column, confirm, emit, progress, warn
with progress("asking the clouds, key canary-4711") as update:
    update("still asking")
warn("careful")
emit([{"name": "bot [bold]", "cost": "$1.70"}], "table", [Column("name"), Column("cost", "$/h", right=True)])
confirm("Delete bot?", yes=False)
print("deleted")
"""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def play(typed: str, tmp_path: Path, script: str = PLAY, **env: str) -> tuple[str, int]:
    """What a person sees who runs the script in a terminal and types an answer."""
    ours, theirs = pty.openpty()
    settings = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "COLUMNS": "100", "OPENAI_API_KEY": "canary-4711"}
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=settings | {"PYTHONPATH": str(Path(__file__).parents[2])} | env,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    seen = _read(ours)
    os.close(ours)
    return seen, process.wait(10)


def _read(terminal: int) -> str:
    """Until the other side closes it."""
    seen, end = b"", time.monotonic() + 20
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.1)[0]:
            continue
        try:
            part = os.read(terminal, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    return seen.decode()


@pytest.fixture(scope="module")
def coloured(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    return play("y\n", tmp_path_factory.mktemp("terminal"))


def test_table_message_and_progress_are_shown(coloured: tuple[str, int]) -> None:
    seen = ESCAPE.sub("", coloured[0])

    assert re.search(r"name\s+\$/h", seen)
    assert re.search(r"bot \[bold\]\s+\$1\.70", seen)
    assert "Warning: careful" in seen


def test_warning_is_coloured(coloured: tuple[str, int]) -> None:
    assert "\x1b[33mWarning:" in coloured[0]


def test_secrets_do_not_show_in_progress(coloured: tuple[str, int]) -> None:
    assert "canary" not in coloured[0]


def test_yes_goes_on(coloured: tuple[str, int]) -> None:
    assert "deleted" in coloured[0]
    assert coloured[1] == 0


def test_no_stops(tmp_path: Path) -> None:
    seen, code = play("n\n", tmp_path)

    assert "deleted" not in seen
    assert code != 0


def test_spare_columns_give_way_on_a_narrow_terminal(tmp_path: Path) -> None:
    play_narrow = PLAY.replace('Column("name"), ', 'Column("name"), Column("more", spare=True), ').replace(
        '"cost": "$1.70"', '"cost": "$1.70", "more": "x" * 60'
    )
    shown, _ = play("y\n", tmp_path, script=play_narrow, COLUMNS="50")
    wide, _ = play("y\n", tmp_path, script=play_narrow, COLUMNS="100")

    assert "xxx" not in shown
    assert "Too narrow for more" in shown
    assert "x" * 60 in wide


def test_long_lines_break_between_words(tmp_path: Path) -> None:
    script = "from deployer.cli.render import folded; print(folded('  ' + 'word ' * 20))"
    shown, _ = play("", tmp_path, script=script, COLUMNS="40")

    assert all(set(line.split()) == {"word"} for line in shown.splitlines())
    assert max(map(len, shown.splitlines())) <= 40


def test_colour_that_is_not_wanted_is_left_out(tmp_path: Path) -> None:
    seen, _ = play("y\n", tmp_path, NO_COLOR="1")

    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", seen)
    assert "Warning: careful" in ESCAPE.sub("", seen)
