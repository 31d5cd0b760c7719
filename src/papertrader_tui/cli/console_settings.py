"""Settings of the console that only the console itself can check: keys and theme."""

from __future__ import annotations

from papertrader_tui.config import Loaded
from papertrader_tui.config_options import did_you_mean
from papertrader_tui.findings import FAULT, WARNING, Finding


def console_findings(config: Loaded) -> list[Finding]:
    """What the console would refuse or pass over; nothing where all is well."""
    from papertrader_tui.tui.commands import KeymapError, effective
    from papertrader_tui.tui.theme import names

    found = []
    ui = config.settings.ui
    try:
        effective(ui.keys)
    except KeymapError as error:
        remedy = f"correct [ui.keys] in {config.path}; the console does not start"
        found.append(Finding("settings", "keys", FAULT, str(error), remedy))
    themes = names()
    if ui.theme not in themes:
        text = f"no theme is called {ui.theme!r}, so the console has its own; "
        text += did_you_mean(ui.theme, themes)
        remedy = f"correct ui.theme (from {config.origins['ui.theme']})"
        found.append(Finding("settings", "theme", WARNING, text, remedy))
    return found
