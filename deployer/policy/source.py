"""Policy files as YAML nodes that know their line and column, and the list of what is wrong in them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import Node

from deployer.errors import Problem

if TYPE_CHECKING:
    from yaml.loader import SafeLoader as Loader
else:
    Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_DEEPEST = 100
_SAFE = 4_000
"""A text this short cannot nest deeply enough to do harm."""
SUFFIXES = frozenset({".yaml", ".yml"})


class Reader:
    """Reads one file and collects its problems, so that all are told at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def where(self, node: Node) -> str:
        """`file:line:column` of a node."""
        return self._place(node.start_mark.line, node.start_mark.column)

    def refuse(self, node: Node, seen: str, expected: str = "", suggestion: str = "") -> None:
        """Note a problem at a node; returns None, which readers hand on as `not readable`."""
        self.problems.append(Problem(self.where(node), seen, expected, suggestion))

    def compose(self, raw: bytes) -> Node | None:
        """The root node; None when there is none, with the problem noted."""
        text = self._decode(raw)
        if text is None:
            return None
        try:
            if self._too_deep(text):
                return None
            root = yaml.compose(text, Loader=Loader)
        except yaml.YAMLError as error:
            self._syntax(error, text)
            return None
        if root is None:
            self._note(0, 0, "the file is empty", "a policy document that starts with `version: 1`")
        return root

    def _too_deep(self, text: str) -> bool:
        """Whether composing would exhaust the stack: the composer calls itself for every level."""
        depth = 0
        for event in yaml.parse(text, Loader=Loader) if len(text) > _SAFE else ():
            depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
            if depth > _DEEPEST:
                mark = event.start_mark
                self._note(mark.line if mark else 0, mark.column if mark else 0, "nested too deeply")
                return True
        return False

    def _decode(self, raw: bytes) -> str | None:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8", errors="replace")
            line, column = _position(before, len(before))
            self._note(line, column, f"byte 0x{raw[error.start]:02x} is not UTF-8", "a file saved as UTF-8")
            return None

    def _syntax(self, error: yaml.YAMLError, text: str) -> None:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            line, column = _position(text, int(getattr(error, "position", 0) or 0))
            self._note(line, column, "a character that YAML does not allow", "printable text")
            return
        place = text.splitlines()[mark.line : mark.line + 1]
        if place and place[0][mark.column : mark.column + 1] == "\t":
            self._note(mark.line, mark.column, "a tab", "spaces: YAML does not allow tabs as indentation")
            return
        told = [getattr(error, "context", None), getattr(error, "problem", None)]
        self._note(mark.line, mark.column, f"not YAML: {', '.join(part for part in told if part)}")

    def _note(self, line: int, column: int, seen: str, expected: str = "") -> None:
        self.problems.append(Problem(self._place(line, column), seen, expected))

    def _place(self, line: int, column: int) -> str:
        return f"{self.file}:{line + 1}:{column + 1}"


def policy_files(path: Path) -> tuple[Path, ...]:
    """The file itself, or all YAML files in the folder and below it, hidden ones excepted."""
    if path.is_file():
        return (path,)
    return tuple(sorted(_yaml_files(path)))


def _yaml_files(folder: Path) -> Iterable[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith(".") or folder.resolve().is_relative_to(entry.resolve()):
            continue  # hidden, or a link back up
        if entry.is_dir():
            yield from _yaml_files(entry)
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _position(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset]
    return before.count("\n"), offset - (before.rfind("\n") + 1)
