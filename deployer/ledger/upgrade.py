"""Brings a ledger's schema up to date. Imports alembic, so it is itself imported only when the schema is behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from deployer.ledger.file import open_to_write
from deployer.ledger.store import Store

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(store: Store) -> None:
    """Apply what is missing, all or nothing. Of two processes at once the second waits and finds nothing to do."""
    engine = create_engine("sqlite://", creator=lambda: open_to_write(store.path), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with store.explained(), _unwrapped(), engine.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _unwrapped() -> Iterator[None]:
    """The driver's own errors instead of SQLAlchemy's."""
    try:
        yield
    except DBAPIError as error:
        raise (error.orig or error) from None
