"""Read models: what people ask about, from the ledger, the price book and the clouds. No printing."""
