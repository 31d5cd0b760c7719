"""A terminal trading console for paper trading on-chain tokens."""

__version__ = "0.1.0"
