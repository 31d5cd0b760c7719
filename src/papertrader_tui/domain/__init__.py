"""Pure nouns and rules: money, tokens, market facts, orders, events, the ledger."""
