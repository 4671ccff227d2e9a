"""Runs the migrations on the connection, and in the transaction, that `deployer.ledger.upgrade` hands over."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
