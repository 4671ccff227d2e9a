"""The register of what money is spent on, and of the sources that figures came from."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert

from deployer.domain.deployment import Tier
from deployer.domain.subject import Subject, SubjectKind
from deployer.ledger.codec import from_json, to_instant, to_json, to_micros
from deployer.ledger.schema import source, subject
from deployer.ledger.statement import Connection, Statement, among, listed

Instance = tuple[str, str]
"""`DeploymentId.key` (or `job:...`) and the creation instant: what tells two of one name apart."""

_FACTS = ("model", "base_model", "fine_tuned", "managed", "tags", "region", "tier")
_ADD = Statement(insert(subject).on_conflict_do_nothing())
_CORRECT = Statement(
    update(subject).where(subject.c.id == bindparam("row")).values({name: bindparam(f"new_{name}") for name in _FACTS})
)
_INSTANCES = Statement(select(subject.c.id, subject.c.key, subject.c.instance).where(among(subject.c.key, "keys")))
_READ = Statement(select(subject).where(among(subject.c.id, "ids")))
_ADD_SOURCE = Statement(insert(source).on_conflict_do_nothing())
_FIND_SOURCE = Statement(select(source.c.text, source.c.id).where(among(source.c.text, "texts")))
_READ_SOURCE = Statement(select(source.c.id, source.c.text).where(among(source.c.id, "ids")))


def instances_of(connection: Connection, keys: Iterable[str]) -> dict[int, Instance]:
    """All instances that these names have had, by row number."""
    return {row.id: (row.key, row.instance) for row in connection.rows(_INSTANCES, {"keys": listed(keys)})}


def find(connection: Connection, wanted: Iterable[Instance]) -> dict[Instance, int]:
    """The row numbers of those that are registered."""
    sought = set(wanted)
    rows = instances_of(connection, {key for key, _ in sought}) if sought else {}
    return {who: number for number, who in rows.items() if who in sought}


def register(connection: Connection, subjects: Mapping[Instance, Subject]) -> dict[Instance, int]:
    """The row numbers of all of these, adding those that are new."""
    connection.for_each(_ADD, [_row(instance, one) for (_, instance), one in subjects.items()])
    return find(connection, subjects)


def correct(connection: Connection, subjects: Mapping[int, Subject]) -> None:
    """Bring facts (tags, model, ...) of registered ones up to date, by row number."""
    connection.for_each(_CORRECT, [_facts(number, one) for number, one in subjects.items()])


def read(connection: Connection, ids: Iterable[int]) -> dict[int, Subject]:
    return {row.id: _subject(row) for row in connection.rows(_READ, {"ids": listed(ids)})}


class Sources:
    """Row numbers of sources; they are few and never change, so those that are stored are remembered."""

    def __init__(self) -> None:
        self._stored: dict[str, int] = {}

    def numbers(self, connection: Connection, texts: Iterable[str]) -> Mapping[str, int]:
        """The row numbers of these sources, adding those that are new. Once in a transaction."""
        unknown = {text for text in texts if text not in self._stored}
        if not unknown:
            return self._stored
        self._stored.update(_find_sources(connection, unknown))
        missing = [text for text in unknown if text not in self._stored]
        if not missing:
            return self._stored
        connection.for_each(_ADD_SOURCE, [{"text": text} for text in missing])
        return {**self._stored, **_find_sources(connection, missing)}  # not remembered: this may be rolled back


def source_texts(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    return {row.id: row.text for row in connection.rows(_READ_SOURCE, {"ids": listed(ids)})}


def _find_sources(connection: Connection, texts: Iterable[str]) -> dict[str, int]:
    return {row.text: row.id for row in connection.rows(_FIND_SOURCE, {"texts": listed(texts)})}


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


def _subject(row: Any) -> Subject:
    return Subject(
        kind=SubjectKind(row.kind),
        key=row.key,
        provider=row.provider,
        account=row.account,
        name=row.name,
        model=row.model,
        base_model=row.base_model,
        fine_tuned=bool(row.fine_tuned),
        managed=bool(row.managed),
        tags=from_json(row.tags),
        region=row.region,
        tier=Tier(row.tier),
        created_at=None if row.created_at is None else to_instant(row.created_at),
    )
