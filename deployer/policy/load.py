"""Policy files read whole: either every policy is valid, or every problem is told with its place."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace
from pathlib import Path

from deployer.domain.plan import Mode
from deployer.errors import InvalidFile, Problem
from deployer.policy.document import Limits, Match, Policy, PolicySet
from deployer.policy.language import DOCUMENT, Document
from deployer.policy.match import ANYTHING
from deployer.policy.source import Reader, policy_files

_NEXT = "correct the file, then run: deployer policy check"


def load_policies(path: Path) -> PolicySet:
    """The policies of a file, or of all YAML files of a folder. Raises `InvalidFile` with every problem."""
    problems: list[Problem] = []
    documents: list[tuple[str, Document]] = []
    for file in _files(path):
        reader = Reader(str(file))
        document = _read(file, reader)
        problems += reader.problems
        if document:
            documents.append((str(file), document))
    policies = tuple(policy for _, document in documents for policy in _policies(document))
    problems += _twice(policies, _name, "the name is used twice")
    problems += _twice(policies, _identity, "the match is the same as that of another policy")
    problems += _disagreements(documents)
    if problems:
        raise InvalidFile(tuple(problems), next_step=_NEXT)
    return PolicySet(
        mode=next((document.mode for _, document in documents if document.mode), Mode.OBSERVE),
        limits=next((document.limits for _, document in documents if document.limits), Limits()),
        policies=policies,
        source=str(path),
    )


def _files(path: Path) -> tuple[Path, ...]:
    if not path.is_file() and not path.is_dir():
        seen = "neither a file nor a folder" if path.exists() else "there is no such file or folder"
        problem = Problem(str(path), seen, "a policy file or a folder of them")
        raise InvalidFile((problem,), next_step="write example policies with: deployer init")
    files = policy_files(path)
    if not files:
        problem = Problem(str(path), "no policy file in this folder", "at least one file that ends with .yaml")
        raise InvalidFile((problem,), next_step="write example policies with: deployer init")
    return files


def _read(file: Path, reader: Reader) -> Document | None:
    try:
        raw = file.read_bytes() if file.is_file() else None
    except OSError as error:
        reader.problems.append(Problem(str(file), f"cannot be read: {error.strerror}", "a readable file"))
        return None
    if raw is None:
        reader.problems.append(Problem(str(file), "not a file, or a link to nothing", "a readable file"))
        return None
    root = reader.compose(raw)
    document = None if root is None else DOCUMENT.read(root, reader, "the document")
    return document if isinstance(document, Document) else None


def _policies(document: Document) -> Iterable[Policy]:
    if not document.act_unwarned:
        return document.policies
    return (replace(policy, act_unwarned=True) for policy in document.policies)


def _twice(policies: Iterable[Policy], key: Callable[[Policy], Hashable], what: str) -> list[Problem]:
    seen: dict[Hashable, Policy] = {}
    problems = []
    for policy in policies:
        first = seen.setdefault(key(policy), policy)
        if first is not policy:
            expected = f"one policy (the other is {first.name} at {first.where})"
            problems.append(Problem(policy.where, f"policy {policy.name}: {what}", expected))
    return problems


def _name(policy: Policy) -> Hashable:
    return policy.name.lower()


def _identity(policy: Policy) -> Hashable:
    match: Match = policy.match
    names = (match.provider, match.account, match.deployment, match.model)
    tags = frozenset((key.lower(), frozenset(values)) for key, values in match.tags.items())
    return (*(_said(group) for group in names), tags, match.fine_tuned, match.managed)


def _said(patterns: tuple[str, ...]) -> frozenset[str]:
    """What a list of patterns narrows down to; a bare `*` says nothing."""
    return frozenset() if ANYTHING in patterns else frozenset(pattern.lower() for pattern in patterns)


def _disagreements(documents: list[tuple[str, Document]]) -> list[Problem]:
    """`mode` and `limits` hold for all files together, so two files may not set them differently."""
    problems = []
    for key in ("mode", "limits"):
        given = [(file, getattr(document, key)) for file, document in documents if getattr(document, key) is not None]
        for file, value in given[1:]:
            if value != given[0][1]:
                problems.append(Problem(file, f"{key} differs from that of {given[0][0]}", f"one {key} for all files"))
    return problems
