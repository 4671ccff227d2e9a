"""The ledger: every reading, charge, decision and act, append-only, in one SQLite file.

Opening is cheap: the schema's version is read with the standard library, and the migration
tool is loaded only when the schema is behind.
"""

from deployer.ledger.opening import open_ledger

__all__ = ["open_ledger"]
