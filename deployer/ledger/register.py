"""The register of what money is spent on, and of the sources that figures came from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.deployment import Tier
from deployer.domain.subject import Subject, SubjectKind
from deployer.ledger.codec import from_json, to_instant, to_json, to_micros
from deployer.ledger.schema import source, subject

_T = TypeVar("_T")

Instance = tuple[str, str]
"""`DeploymentId.key` (or `job:...`) and the creation instant: what tells two of one name apart."""

_ADD = insert(subject).on_conflict_do_nothing()
_FACTS = ("model", "base_model", "fine_tuned", "managed", "tags", "region", "tier")
_CORRECT = (
    update(subject).where(subject.c.id == bindparam("row")).values({name: bindparam(f"new_{name}") for name in _FACTS})
)
_FIND = select(subject.c.key, subject.c.instance, subject.c.id).where(
    tuple_(subject.c.key, subject.c.instance).in_(bindparam("wanted", expanding=True))
)
_INSTANCES = select(subject.c.id, subject.c.key, subject.c.instance).where(
    subject.c.key.in_(bindparam("keys", expanding=True))
)
_READ = select(subject).where(subject.c.id.in_(bindparam("ids", expanding=True)))
_ADD_SOURCE = insert(source).on_conflict_do_nothing()
_FIND_SOURCE = select(source.c.text, source.c.id).where(source.c.text.in_(bindparam("texts", expanding=True)))
_READ_SOURCE = select(source.c.id, source.c.text).where(source.c.id.in_(bindparam("ids", expanding=True)))


def find(connection: Connection, wanted: Iterable[Instance]) -> dict[Instance, int]:
    """The row numbers of those that are registered."""
    found: dict[Instance, int] = {}
    for some in chunks(wanted):
        for key, instance, number in connection.execute(_FIND, {"wanted": some}):
            found[key, instance] = number
    return found


def instances_of(connection: Connection, keys: Iterable[str]) -> dict[int, Instance]:
    """All instances that these names have had, by row number."""
    found: dict[int, Instance] = {}
    for some in chunks(keys):
        for number, key, instance in connection.execute(_INSTANCES, {"keys": some}):
            found[number] = (key, instance)
    return found


def register(connection: Connection, subjects: Mapping[Instance, Subject]) -> dict[Instance, int]:
    """The row numbers of all of these, adding those that are new."""
    if not subjects:
        return {}
    connection.execute(_ADD, [_row(instance, one) for (_, instance), one in subjects.items()])
    return find(connection, subjects)


def correct(connection: Connection, subjects: Mapping[int, Subject]) -> None:
    """Bring facts (tags, model, ...) of registered ones up to date, by row number."""
    if subjects:
        connection.execute(_CORRECT, [_facts(number, one) for number, one in subjects.items()])


def read(connection: Connection, ids: Iterable[int]) -> dict[int, Subject]:
    return {row.id: _subject(row) for some in chunks(ids) for row in connection.execute(_READ, {"ids": some})}


class Sources:
    """Row numbers of sources; they are few and never change, so those that are stored are remembered."""

    def __init__(self) -> None:
        self._stored: dict[str, int] = {}

    def numbers(self, connection: Connection, texts: Iterable[str]) -> Mapping[str, int]:
        """The row numbers of these sources, adding those that are new. Once in a transaction."""
        unknown = list({text for text in texts if text not in self._stored})
        if not unknown:
            return self._stored
        self._stored.update(_find_sources(connection, unknown))
        missing = [text for text in unknown if text not in self._stored]
        if not missing:
            return self._stored
        connection.execute(_ADD_SOURCE, [{"text": text} for text in missing])
        return {**self._stored, **_find_sources(connection, missing)}  # not remembered: this may be rolled back


def source_texts(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    return {row.id: row.text for some in chunks(ids) for row in connection.execute(_READ_SOURCE, {"ids": some})}


def chunks(items: Iterable[_T], size: int = 5000) -> Iterator[Sequence[_T]]:
    """Lists of at most `size`: SQLite takes 32,766 values in a statement."""
    rest = iter(items)
    while some := list(islice(rest, size)):
        yield some


def _find_sources(connection: Connection, texts: Sequence[str]) -> dict[str, int]:
    return {row.text: row.id for some in chunks(texts) for row in connection.execute(_FIND_SOURCE, {"texts": some})}


def _facts(number: int, one: Subject) -> dict[str, Any]:
    row = _row("", one)
    return {"row": number, **{f"new_{name}": row[name] for name in _FACTS}}


def _row(instance: str, one: Subject) -> dict[str, Any]:
    return {
        "kind": one.kind.value,
        "key": one.key,
        "instance": instance,
        "provider": one.provider,
        "account": one.account,
        "name": one.name,
        "model": one.model,
        "base_model": one.base_model,
        "fine_tuned": one.fine_tuned,
        "managed": one.managed,
        "tags": to_json(one.tags),
        "region": one.region,
        "tier": one.tier.value,
        "created_at": to_micros(one.created_at) if one.created_at else None,
    }


def _subject(row: Row[Any]) -> Subject:
    return Subject(
        kind=SubjectKind(row.kind),
        key=row.key,
        provider=row.provider,
        account=row.account,
        name=row.name,
        model=row.model,
        base_model=row.base_model,
        fine_tuned=row.fine_tuned,
        managed=row.managed,
        tags=from_json(row.tags),
        region=row.region,
        tier=Tier(row.tier),
        created_at=None if row.created_at is None else to_instant(row.created_at),
    )
