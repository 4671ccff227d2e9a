"""Reading a JSONL file, line by line, so that one bad line hides none of the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployer.datasets.portion import Portion
from deployer.errors import InvalidUsage, Problem

_BOM = b"\xef\xbb\xbf"
BOM = "a byte order mark (BOM)"
"""What is seen of a file that Azure takes (its documents even ask for the mark) and others may not."""

_OTHER_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True)
class Row:
    """One parsed line; `where` is `file:line`."""

    where: str
    line: int
    document: Any
    raw: bytes


def read_rows(path: Path, portion: Portion | None = None) -> Iterator[Row | Problem]:
    """Every line (of a portion) as a row or as the problem it has. Raises InvalidUsage when it cannot be opened."""
    import msgspec

    decoder = msgspec.json.Decoder()
    for number, raw in _raw_lines(path, portion):
        where = f"{path}:{number}"
        if number == 1:
            problem = _marked(where, raw)
            if problem is not None:
                yield problem
                if not raw.startswith(_BOM):
                    return
            raw = raw.removeprefix(_BOM)
        text = raw.strip()
        if not text:
            continue
        try:
            yield Row(where, number, decoder.decode(text), text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            yield _unreadable(where, text, error)


def _raw_lines(path: Path, portion: Portion | None) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers; of a portion only its own."""
    with open_data(path) as file:
        if portion is None:
            yield from enumerate(file, start=1)
            return
        file.seek(portion.start)
        left = portion.end - portion.start
        for number, raw in enumerate(file, start=portion.line):
            if left <= 0:
                return
            left -= len(raw)
            yield number, raw


def open_data(path: Path) -> Any:
    """The file as bytes; a clear word instead of a traceback when there is none."""
    try:
        return path.open("rb")
    except OSError as error:
        raise InvalidUsage(
            f"cannot read {path}: {error.strerror or error}", next_step="name an existing JSONL file"
        ) from None


def _marked(where: str, raw: bytes) -> Problem | None:
    """A byte order mark: of UTF-8 it is noise, of UTF-16 another encoding."""
    if raw.startswith(_BOM):
        return Problem(f"{where}:1", BOM, "plain UTF-8", "Azure takes both; other readers may stumble over the mark")
    for mark, name in _OTHER_BOMS.items():
        if raw.startswith(mark):
            return Problem(f"{where}:1", f"the file is {name}", "UTF-8", "save the file as UTF-8 without BOM")
    return None


def _unreadable(where: str, raw: bytes, error: Exception) -> Problem:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        column, byte = wrong.start + 1, raw[wrong.start]
        return Problem(
            f"{where}:{column}", f"byte 0x{byte:02X} is not UTF-8", "UTF-8", "the file may be Latin-1: convert it"
        )
    return Problem(where, f"not JSON ({error})", "one JSON object per line")
