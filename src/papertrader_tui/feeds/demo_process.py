"""What happens within one hour of the demo market: 360 ticks of every token.

Within an hour each price is a Brownian bridge between the hour's two ends, so an hour needs
nothing but its own two ends and a generator seeded by its number: any hour can be made at any
time and is always the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import accumulate
from math import exp, log
from random import Random

from papertrader_tui.domain.market import Candle, Depth, Gas, MarketInput, Quote
from papertrader_tui.domain.tokens import Chain, Token
from papertrader_tui.feeds import demo_parameters as p
from papertrader_tui.feeds.demo_skeleton import Hour, Skeleton, Step

SOURCE = "demo"
_TICKS = range(p.TICKS_PER_HOUR)
_HOUR_MS = p.TICKS_PER_HOUR * p.TICK_MS
_FORMAT = "%.7g"


def _bridge(step: Step, steps: Sequence[float]) -> list[float]:
    """Log deviations at the ticks of an hour, from its start to just before its end.

    Args:
        step: The two ends, the noise and the jump.
        steps: One step of standard deviation 0.5 per tick.
    """
    walk = list(accumulate(steps, initial=0.0))
    scale = step.volatility * 2 / len(steps) ** 0.5
    tilt = (step.end - step.jump - step.start - scale * walk[-1]) / len(steps)
    start = step.start
    path = [start + scale * at + tilt * i for i, at in zip(_TICKS, walk, strict=False)]
    if step.jump:
        path[step.jump_at :] = [at + step.jump for at in path[step.jump_at :]]
    return path


def _steps(random: Callable[[], float]) -> list[float]:
    return [random() + random() + random() - 1.5 for _ in _TICKS]


class HourTicks:
    """All ticks of one hour, made from its number alone.

    Attributes:
        number: Hours after START.
        logs: Log price per listing and tick.
        volumes: Dollars traded per listing and tick.
    """

    def __init__(
        self,
        seed: int,
        skeleton: Skeleton,
        number: int,
        tokens: Sequence[Token],
        chains: Sequence[Chain],
    ) -> None:
        self.number = number
        self._tokens = [token.id for token in tokens]
        self._fees = [token.fee_bps for token in tokens]
        self._chains = chains
        self._hour = hour = skeleton.hour(number)
        self._skeleton = skeleton
        random = Random(f"demo:{seed}:{p.PROCESS_VERSION}:{number}").random
        shared = _bridge(hour.market, _steps(random))
        paths: dict[str, tuple[list[float], list[float]]] = {}
        for (name, asset), step in zip(p.ASSETS.items(), hour.assets, strict=True):
            steps = _steps(random)
            base = log(asset.price)
            beta = asset.beta
            own = _bridge(step, steps)
            paths[name] = (
                [base + beta * m + x for m, x in zip(shared, own, strict=True)],
                steps,
            )
        self.logs: list[list[float]] = []
        self.volumes: list[list[float]] = []
        quiet = Step(0.0, 0.0, p.BASIS_NOISE, 0.0, 0, 1.0, 0)
        usual = hourly_volume(hour)
        for i, listing in enumerate(p.LISTINGS):
            path, steps = paths[listing.asset]
            if _LISTINGS_OF[listing.asset] > 1:
                basis = _bridge(quiet, _steps(random))
                path = [at + b for at, b in zip(path, basis, strict=True)]
            self.logs.append(path)
            # Mean 1 over the hour: uniform noise (mean 1) times 0.5 + 1.24 |step|, |step| being
            # 0.403 on average; busy ticks are those that move the price.
            tick = usual[i] / p.TICKS_PER_HOUR
            self.volumes.append(
                [tick * (0.2 + 1.6 * random()) * (0.5 + 1.24 * abs(s)) for s in steps]
            )
        self._gas_noise = [
            [
                p.GAS_NOISE * (random() + random() + random() - 1.5) * 2
                for _ in range(p.TICKS_PER_HOUR // p.GAS_EVERY)
            ]
            for _ in chains
        ]

    def instants(self, first: int, last: int) -> list[MarketInput]:
        """Everything that becomes known at ticks `first` to `last` (not included), in order.

        At one instant: gas, then depth, then one quote of every token.
        """
        start = p.START + self.number * _HOUR_MS
        columns = [self._quotes(i, first, last, start) for i in range(len(self._tokens))]
        result: list[MarketInput] = []
        for tick, quotes in zip(range(first, last), zip(*columns, strict=True), strict=True):
            if tick % p.GAS_EVERY == 0:
                result += self.gas(tick)
                if tick % p.DEPTH_EVERY == 0:
                    result += self.depth(tick)
            result += quotes
        return result

    def _quotes(self, i: int, first: int, last: int, start: int) -> list[Quote]:
        token = self._tokens[i]
        volumes = self.volumes[i]
        return [
            Quote(
                token, start + tick * p.TICK_MS, Decimal(text), float(text), SOURCE, volumes[tick]
            )
            for tick, text in enumerate(
                [_FORMAT % exp(at) for at in self.logs[i][first:last]], first
            )
        ]

    def gas(self, tick: int) -> list[Gas]:
        """Gas of every chain at a tick; the data fee of a rollup follows the first chain's gas."""
        share = tick / p.TICKS_PER_HOUR
        native = Decimal(f"{exp(self.logs[_NATIVE][tick]):.2f}")
        time = p.START + self.number * _HOUR_MS + tick * p.TICK_MS
        levels = [
            exp(a + (b - a) * share + noise[tick // p.GAS_EVERY])
            for (a, b), noise in zip(self._hour.gas, self._gas_noise, strict=True)
        ]
        return [
            Gas(
                chain.key,
                time,
                int(chain.gas_price_wei * level),
                int(chain.l1_fee_wei * levels[0]),
                native,
                SOURCE,
            )
            for chain, level in zip(self._chains, levels, strict=True)
        ]

    def depth(self, tick: int) -> list[Depth]:
        """Liquidity and 24 h volume of every token at a tick."""
        share = tick / p.TICKS_PER_HOUR
        time = p.START + self.number * _HOUR_MS + tick * p.TICK_MS
        hours = [hourly_volume(self._skeleton.hour(self.number - back)) for back in range(25)]
        names = list(p.ASSETS)
        result = []
        for i, (token, listing) in enumerate(zip(self._tokens, p.LISTINGS, strict=True)):
            at = names.index(listing.asset)
            before, after = self._hour.liquidity[at]
            step = self._hour.assets[at]
            # Half of a pool's value is the token itself, so half of its move shows in dollars.
            price = (self.logs[i][tick] - log(p.ASSETS[listing.asset].price)) / 2
            thin = p.LIQUIDITY_FLIGHT * log(step.level / self._hour.busy)
            dollars = listing.liquidity * exp(before + (after - before) * share + price - thin)
            traded = sum(h[i] for h in hours[1:]) + share * (hours[0][i] - hours[24][i])
            result.append(
                Depth(token, time, Decimal(int(dollars)), float(int(traded)), self._fees[i], SOURCE)
            )
        return result

    def candles(self, i: int, first: int, last: int, ticks: int) -> list[Candle]:
        """Candles of listing `i` over ticks `first` to `last` (not included), of `ticks` each.

        Built from the very prices of `instants`: exp and rounding keep the order of two numbers,
        so the extremes are those of the logs.
        """
        logs = self.logs[i]
        volumes = self.volumes[i]
        start = p.START + self.number * _HOUR_MS
        result = []
        for begin in range(first, last, ticks):
            end = min(begin + ticks, last)
            span = logs[begin:end]
            opened, high, low, close = [
                float(_FORMAT % exp(at)) for at in (span[0], max(span), min(span), span[-1])
            ]
            time = start + begin * p.TICK_MS
            result.append(Candle(time, opened, high, low, close, sum(volumes[begin:end])))
        return result


def hourly_volume(hour: Hour) -> list[float]:
    """Dollars that every listing trades in an hour."""
    levels = {
        name: hour.busy * (step.level / hour.busy) ** p.VOLUME_RESPONSE
        for name, step in zip(p.ASSETS, hour.assets, strict=True)
    }
    return [
        listing.liquidity * listing.turnover / 24 * levels[listing.asset] for listing in p.LISTINGS
    ]


_LISTINGS_OF = {name: sum(listing.asset == name for listing in p.LISTINGS) for name in p.ASSETS}
#: The listing that gives the price of both chains' native token.
_NATIVE = next(i for i, listing in enumerate(p.LISTINGS) if listing.symbol == "WETH")
