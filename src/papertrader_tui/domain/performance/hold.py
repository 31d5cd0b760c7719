"""Buy and hold: what the same money would have made lying in the tokens, without a cost."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from decimal import Decimal
from operator import itemgetter

from papertrader_tui.domain.market import DAY
from papertrader_tui.domain.money import divide, quantize_even

Prices = Sequence[tuple[int, float]]

_TIME = itemgetter(0)


def buy_and_hold(
    prices: Mapping[str, Prices], cash: Decimal, since: int, until: int
) -> tuple[list[tuple[int, Decimal]], tuple[str, ...]]:
    """Equal parts of the cash put into each token at `since`, and left there until `until`.

    A token is bought at its last price at or before `since`, else at its first within a day
    after; until then its part is cash. One without such a price is left out.

    Args:
        prices: (market milliseconds, price above zero) per token, sorted by time.
        cash: USDC to begin with.
        since: Beginning of the period.
        until: Its end, inclusive.

    Returns:
        The curve, and the tokens that are in it, in the order given. Empty without tokens.
    """
    bought: dict[str, tuple[int, float]] = {}
    for token, series in prices.items():
        at = bisect_right(series, since, key=_TIME)
        entry = series[at - 1] if at else series[0] if series else None
        if entry is not None and entry[0] <= min(until, since + DAY):
            bought[token] = entry
    if not bought or until <= since:
        return [], ()
    steps = sorted(
        (time, token, price)
        for token, (entered, _) in bought.items()
        for time, price in prices[token]
        if max(since, entered) < time <= until
    )
    grown = dict.fromkeys(bought, 1.0)
    curve = [(since, cash)]
    share = divide(cash, Decimal(len(bought)))
    for at, (time, token, price) in enumerate(steps):
        grown[token] = price / bought[token][1]
        if at + 1 < len(steps) and steps[at + 1][0] == time:
            continue
        value = share * Decimal(repr(sum(grown.values())))
        curve.append((time, quantize_even(value, 6)))
    if curve[-1][0] < until:
        curve.append((until, curve[-1][1]))
    return curve, tuple(bought)
