"""Adapters of price services: each asks one, and says what it answered."""
