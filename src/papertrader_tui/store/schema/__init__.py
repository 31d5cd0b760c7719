"""Numbered migrations; `papertrader_tui.store.migrations` applies them in order."""
