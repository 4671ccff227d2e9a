"""Brings a ledger's schema up to date. Imports alembic, so it is itself imported only when the schema is behind."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from deployer.ledger.store import Store

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(store: Store) -> None:
    """Apply what is missing, all or nothing. Of two processes at once the second waits and finds nothing to do."""
    with store.alter() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
