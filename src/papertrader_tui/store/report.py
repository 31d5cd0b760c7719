"""What a verification found."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Difference:
    """The first thing that is not as the journal has it.

    Attributes:
        table: Where.
        key: Which row (a sequence number, an order id, a token, an account).
        stored: What the file says, or what is wrong with it.
        folded: What follows from the journal.
    """

    table: str
    key: str
    stored: str
    folded: str

    def __str__(self) -> str:
        return f"{self.table} {self.key}: stored {self.stored}, folded {self.folded}"


@dataclass(slots=True)
class VerifyReport:
    """What was checked, in order, and the first difference, if there is one."""

    account: str
    checked: dict[str, int] = field(default_factory=dict)
    identity: str = ""
    difference: Difference | None = None

    @property
    def ok(self) -> bool:
        """Everything is as it follows from the journal."""
        return self.difference is None

    def lines(self) -> list[str]:
        """The report in words, a line each."""
        found = [f"account {self.account}"]
        found += [f"  {count:>10,}  {what}" for what, count in self.checked.items()]
        if self.identity:
            found.append(f"  {self.identity}")
        found.append("verified: everything follows from the journal" if self.ok else
                     f"DIFFERS: {self.difference}")  # fmt: skip
        return found

    def as_dict(self) -> dict[str, object]:
        """The report as JSON values."""
        first = self.difference
        return {
            "account": self.account,
            "ok": self.ok,
            "checked": dict(self.checked),
            "identity": self.identity,
            "difference": None if first is None else {
                "table": first.table, "key": first.key,
                "stored": first.stored, "folded": first.folded,
            },
        }  # fmt: skip
