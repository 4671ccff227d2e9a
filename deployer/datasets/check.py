"""The check of a data set: everything wrong with it at once, before it costs anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial, reduce
from pathlib import Path
from typing import Any

from deployer.datasets import balance, overlap, privacy
from deployer.datasets.encoding import Reading, counter, reading_of
from deployer.datasets.method import method_of, rows_of
from deployer.datasets.outline import Outline, conversation, outline, spoken
from deployer.datasets.portion import Portion, in_parallel, portions
from deployer.datasets.shape import faults, is_reinforcement
from deployer.datasets.source import BOM, Row, open_data, read_rows
from deployer.datasets.token import TokenCounter
from deployer.domain.model import base_model
from deployer.errors import Problem

FEWEST = 10
"""Both services refuse a training file of fewer examples."""

_UNGIVEN = Reading("", "o200k_base", 65_536, assumed=True)
_SHOWN = 5
_COMPLETION_MODELS = {"davinci-002", "babbage-002"}


@dataclass(frozen=True)
class DatasetReport:
    """What a file holds and what is wrong with it; `tokens` are of one epoch, of the valid examples."""

    path: Path
    model: str
    encoding: str
    assumed: bool
    kind: str = "chat"
    examples: int = 0
    valid: int = 0
    tokens: int = 0
    longest: int = 0
    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    labels: Mapping[str, int] = field(default_factory=dict)
    personal: Mapping[str, int] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """How the vendors train on it."""
        return method_of(self.kind)

    @property
    def ok(self) -> bool:
        return not self.errors


@dataclass(frozen=True)
class _Demand:
    """What rows are read for: a model, and for reinforcement the fields that its grader reads."""

    reading: Reading
    graded: tuple[str, ...] | None = None

    def kind(self, document: Mapping[str, Any]) -> str:
        if "input" in document:
            return "preference"
        if "prompt" in document:
            return "completion"
        return "reinforcement" if self.graded is not None or is_reinforcement(document) else "chat"


@dataclass
class _Tally:
    """What reading one file leaves behind."""

    examples: int = 0
    tokens: int = 0
    longest: int = 0
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    outlines: list[Outline] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    personal: Counter[str] = field(default_factory=Counter)
    images: int = 0
    instructed: int = 0


def check_dataset(
    path: Path, model: str = "", validation: Path | None = None, method: str = "", graded: tuple[str, ...] = ()
) -> DatasetReport:
    """Read `path` (and `validation`) once and report every problem. Raises InvalidUsage for a missing file.

    `method` is how it shall be trained on, by default as its rows say; `graded` are the fields that a grader reads.
    """
    reading = reading_of(model) if model else _UNGIVEN
    demand = _Demand(reading, graded if method == "reinforcement" or graded else None)
    tally = _read(path, demand)
    if tally.examples < FEWEST:
        few = f"{tally.examples} example{'s' if tally.examples > 1 else ''}" if tally.examples else "no examples"
        tally.errors.append(Problem(str(path), few, f"at least {FEWEST}: the services refuse fewer"))
    tally.warnings += _repeats(tally.outlines)
    counts = balance.labels(tally.outlines)
    if said := balance.imbalance(counts):
        tally.warnings.append(Problem(str(path), said, suggestion="add examples of the rarer ones"))
    if len(tally.kinds) > 1:
        kinds = ", ".join(f"{number:,} {kind}" for kind, number in tally.kinds.most_common())
        tally.errors.append(Problem(str(path), f"rows of several kinds: {kinds}", "one kind a file"))
    tally.errors += _misfits(path, tally, method)
    if validation is not None:
        _validate(tally, validation, demand)
    tally.warnings += _personal(path, tally.personal)
    return _report(path, model, reading, tally, counts)


def _report(path: Path, model: str, reading: Reading, tally: _Tally, counts: Mapping[str, int]) -> DatasetReport:
    return DatasetReport(
        path=path,
        model=model,
        encoding=reading.encoding,
        assumed=reading.assumed,
        kind=tally.kinds.most_common(1)[0][0] if tally.kinds else "chat",
        examples=tally.examples,
        valid=len(tally.outlines),
        tokens=tally.tokens,
        longest=tally.longest,
        errors=tuple(tally.errors),
        warnings=tuple(tally.warnings),
        notes=tuple(_notes(model, reading, tally)),
        labels=counts,
        personal=dict(tally.personal),
    )


def _read(path: Path, demand: _Demand) -> _Tally:
    """The whole file; a large one by several processes."""
    with open_data(path):
        tallies = in_parallel(partial(_read_portion, path, demand), portions(path))
    return reduce(_merge, tallies)


def _read_portion(path: Path, demand: _Demand, portion: Portion) -> _Tally:
    tally, tokens = _Tally(), TokenCounter(counter(demand.reading.encoding))
    completion, graded = base_model(demand.reading.model) in _COMPLETION_MODELS, demand.graded
    for row in read_rows(path, portion):
        if isinstance(row, Problem):
            (tally.warnings if row.seen == BOM else tally.errors).append(row)
            tally.examples += row.seen != BOM
            continue
        tally.examples += 1
        found = faults(row.document, completion=completion, graded=graded)
        wrong = [Problem(row.where, seen, expected) for seen, expected in found]
        tally.errors += wrong
        if not wrong:
            _take(row, demand, tokens, tally)
    return tally


def _merge(first: _Tally, second: _Tally) -> _Tally:
    """Both as one; `first` is used up."""
    first.examples += second.examples
    first.tokens += second.tokens
    first.longest = max(first.longest, second.longest)
    first.errors += second.errors
    first.warnings += second.warnings
    first.outlines += second.outlines
    first.kinds.update(second.kinds)
    first.personal.update(second.personal)
    first.images += second.images
    first.instructed += second.instructed
    return first


def _take(row: Row, demand: _Demand, tokens: TokenCounter, tally: _Tally) -> None:
    """Count and outline one example of valid shape."""
    reading = demand.reading
    size = tokens.example(row.document)
    tally.tokens += size
    tally.longest = max(tally.longest, size)
    if reading.longest is not None and size > reading.longest:
        too_long = Problem(row.where, f"{size:,} tokens", f"at most {reading.longest:,}: the rest would be cut off")
        (tally.warnings if reading.assumed else tally.errors).append(too_long)
    tally.kinds[demand.kind(row.document)] += 1
    messages = conversation(row.document)
    said = [spoken(message) for message in messages]
    tally.outlines.append(outline(row.where, row.line, row.document, messages, said))
    said += [spoken(message) for message in row.document.get("non_preferred_output") or ()]
    if found := privacy.hints("\n".join(said)):
        tally.personal.update(found)
    if not any(message.get("role") == "user" for message in messages):
        tally.warnings.append(Problem(row.where, "no user message", "something that the assistant answers"))
    tally.instructed += any(message.get("role") == "system" for message in messages)
    tally.images += row.raw.count(b'"image_url"') > 0


def _misfits(path: Path, tally: _Tally, method: str) -> Iterator[Problem]:
    """Rows of another kind than the method trains on; only those of valid shape have a kind."""
    for kind, number in tally.kinds.items():
        if method and method_of(kind) != method:
            seen = f"{number:,} {kind} row{'s' if number > 1 else ''}, which {method_of(kind)} training takes"
            yield Problem(str(path), seen, f"for --method {method}: {rows_of(method)}")


def _validate(tally: _Tally, validation: Path, demand: _Demand) -> None:
    """Add the validation file's problems, and what of it was trained on."""
    other = _read(validation, demand)
    tally.errors += other.errors
    if not other.examples:
        tally.errors.append(Problem(str(validation), "no examples", "at least one"))
    tally.warnings += other.warnings
    tally.personal += other.personal
    found = list(overlap.leaks(tally.outlines, other.outlines))
    problems = [Problem(r.example.where, f"{r.how} line {r.other.line}", suggestion="leak") for r in found]
    if found and 2 * len(found) >= len(other.outlines):
        seen = f"{len(found):,} of {len(other.outlines):,} validation examples leak from the training file"
        tally.errors.append(Problem(str(validation), seen, "examples that are not trained on"))
    tally.warnings += _first(problems, "validation examples leak from the training file", validation)


def _repeats(outlines: list[Outline]) -> Iterator[Problem]:
    for find, name in ((overlap.duplicates, "duplicate examples"), (overlap.windows, "examples cut from one another")):
        problems = [Problem(r.example.where, f"{r.how} line {r.other.line}") for r in find(outlines)]
        path = Path(problems[0].where.rpartition(":")[0]) if problems else Path()
        yield from _first(sorted(problems, key=lambda p: int(p.where.rpartition(":")[2])), name, path)


def _first(problems: list[Problem], name: str, path: Path) -> Iterator[Problem]:
    """The first few, then how many there are in all: thousands of lines would hide the rest."""
    yield from problems[:_SHOWN]
    if len(problems) > _SHOWN:
        yield Problem(str(path), f"{len(problems):,} {name} in all; the first {_SHOWN} are named")


def _personal(path: Path, personal: Mapping[str, int]) -> Iterator[Problem]:
    for kind, number in sorted(personal.items()):
        yield Problem(
            str(path), f"{number:,} times: {kind}", suggestion="personal data or secrets? the model can repeat it"
        )


def _notes(model: str, reading: Reading, tally: _Tally) -> Iterable[str]:
    if not model:
        yield "no model given: counted with o200k_base, as gpt-4o, gpt-4.1 and the o-series do"
    elif reading.assumed:
        yield f"{model} is not known here: {reading.encoding} was assumed, and its context was not checked"
    elif reading.longest is None:
        yield f"the longest example that {model} takes is not known: length was not checked"
    if tally.instructed and "reinforcement" in tally.kinds:
        yield f"{tally.instructed:,} prompts have a system message: Azure's reinforcement takes developer ones only"
    if tally.images:
        yield f"{tally.images:,} examples hold images, whose tokens were not counted"
    yield privacy.NOT_CHECKED
