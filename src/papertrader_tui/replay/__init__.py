"""Accounts stepped through recordings: replay, sweep and race, with no event loop and no file."""
