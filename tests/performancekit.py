"""A desk that has traded for three days, and what its performance is told from."""

from __future__ import annotations

from papertrader_tui.domain.commands import MarkAccount, SetLevel
from papertrader_tui.domain.market import DAY, HOUR
from papertrader_tui.domain.orders import Origin
from papertrader_tui.domain.performance import Tally
from tests.deskkit import PEPE, Kit


def tallied(kit: Kit) -> Tally:
    tally = Tally()
    for event in [kit._opened, *kit.events]:
        tally.apply(event)
    return tally


def traded_for_three_days() -> Kit:
    """A gain by hand on the first day, a loss of the bot's on the second, and one left open."""
    kit = Kit()
    kit.price("3000", after=HOUR)
    kit.hold("1000", "3000")
    kit.price("3300", after=HOUR)
    kit.sell()
    kit.price("3300")
    kit.price("3300", after=DAY - 2 * HOUR)
    kit.say(SetLevel(7))
    kit.price("0.00001", PEPE)
    kit.buy("500", PEPE, origin=Origin.BOT)
    kit.price("0.00001", PEPE, after=60_000)
    kit.price("0.000009", PEPE, after=HOUR)
    kit.sell("100", PEPE, origin=Origin.EXIT)
    kit.price("0.000009", PEPE, after=60_000)
    kit.price("3300", after=DAY)
    kit.hold("2000", "3300")
    kit.price("3400", after=HOUR)
    kit.say(MarkAccount())
    return kit
