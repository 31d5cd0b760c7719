from __future__ import annotations

import re
from pathlib import Path

from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.tui.commands import markdown

ROOT = Path(__file__).parents[2]


def test_the_keys_in_the_readme_are_the_programs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- keys:.*?-->\n(.*?)\n<!-- /keys -->", text, re.DOTALL)
    assert found is not None
    assert found.group(1).strip() == markdown().strip()


def test_every_link_in_the_docs_leads_somewhere() -> None:
    for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_gates_in_the_docs_are_the_settings() -> None:
    text = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
    for name in RiskLimits.__slots__:
        if not name.endswith("_pause_h"):
            assert f"`{name}`" in text
