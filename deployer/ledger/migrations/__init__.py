"""Numbered changes of the ledger's schema, applied in order and never edited afterwards."""
