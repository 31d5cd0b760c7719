"""Why a pool cannot answer."""

from __future__ import annotations


class AmmError(ValueError):
    """A swap that the pool's contract would refuse, or a pool state that cannot be."""


class InsufficientLiquidity(AmmError):
    """The pool does not hold what is asked for."""


class TicksNotLoaded(AmmError):
    """The swap needs a word of the tick bitmap that has not been read from the chain.

    Attributes:
        word: Index of that word (compressed tick >> 8); load it and swap again.
    """

    def __init__(self, word: int) -> None:
        super().__init__(f"word {word} of the tick bitmap is not loaded; read it from the pool")
        self.word = word


def check_fee(fee_ppm: int) -> None:
    """Raise `AmmError` unless a fee is a share of the amount in."""
    if not 0 <= fee_ppm < 1_000_000:
        msg = f"fee of {fee_ppm} ppm is out of range; give 0 to 999,999 millionths (0.3 % = 3000)"
        raise AmmError(msg)


def check_amount(amount: int) -> None:
    """Raise `AmmError` unless an amount is positive and fits the contract's int256."""
    if not 0 < amount < 1 << 255:
        msg = f"amount {amount} cannot be swapped; give 1 to 2^255 - 1 raw units"
        raise AmmError(msg)


def check_impact(bps: int) -> None:
    """Raise `AmmError` unless an impact in basis points is between nothing and everything."""
    if not 0 < bps < 10_000:
        msg = f"impact of {bps} bps is out of range; give 1 to 9,999 basis points"
        raise AmmError(msg)
