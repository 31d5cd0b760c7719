"""The demo market by the hour: a sequential walk that is cheap enough to replay from its start.

Prices, regimes and volatility need their past, so this level is always walked from the same
first hour with one generator; only what lies between two hours is made on demand.  Uses
`random.Random.random` alone, the one method whose sequence Python promises to keep.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import cos, exp, pi
from random import Random
from typing import NamedTuple

from papertrader_tui.feeds import demo_parameters as p

_DAILY = tuple(1 + p.DAY_SWING * cos(2 * pi * (hour - p.BUSIEST_HOUR) / 24) for hour in range(24))


class Step(NamedTuple):
    """One factor over one hour.

    Attributes:
        start, end: Log deviation from its base at the two ends.
        volatility: Standard deviation of the hour's noise.
        jump: Log size of a jump in it, 0 if none; part of `end`.
        jump_at: Tick from which the jump shows.
        level: Volatility of the hour over the usual one, for volume and liquidity.
        regime: -1 down-trend, 0 range, 1 up-trend.
    """

    start: float
    end: float
    volatility: float
    jump: float
    jump_at: int
    level: float
    regime: int


class Hour(NamedTuple):
    """The whole market over one hour.

    Attributes:
        market: What all tokens share.
        assets: In the order of ASSETS.
        liquidity: Log deviation of what is provided, at the hour's start and end, per asset.
        busy: Factor of volume and of movement for the time of day.
        gas: Log deviation of gas prices at the hour's start and end, per chain.
    """

    number: int
    market: Step
    assets: Sequence[Step]
    liquidity: Sequence[tuple[float, float]]
    busy: float
    gas: Sequence[tuple[float, float]]


class _Walk:
    """One factor's state from hour to hour."""

    __slots__ = ("centre", "factor", "heat", "regime", "value")

    def __init__(self, factor: p.Factor) -> None:
        self.factor = factor
        self.value = 0.0
        self.centre = 0.0
        self.heat = 0.0  # log of volatility over the usual one
        self.regime = 0

    def step(self, draw: Random, busy: float) -> Step:
        random = draw.random
        factor = self.factor
        value = self.value
        regime = self.regime
        if random() * (factor.trend_hours if regime else factor.range_hours) < 1.0:
            regime = self.regime = self._next_regime(random())
            self.centre = value
        # Three uniforms make a normal of standard deviation 0.5 that ends at 1.5: no hour of
        # the demo is a ten-sigma hour, jumps are made on purpose.
        shock = (random() + random() + random() - 1.5) * 2
        self.heat = p.VOLATILITY_MEMORY * self.heat + p.VOLATILITY_SHOCK * shock
        level = exp(self.heat) * busy * (p.TREND_NOISE if regime else p.RANGE_CALM)
        volatility = factor.volatility * level
        move = (random() + random() + random() - 1.5) * 2 * volatility - factor.reversion * value
        if regime:
            move += regime * factor.drift * factor.volatility * busy
        else:
            move -= p.RANGE_PULL * (value - self.centre)
        jump = 0.0
        jump_at = 0
        if random() < factor.jump_rate:
            size = 0.5 + random()
            jump = factor.jump_size * size * (1 if random() < 0.5 - 0.2 * value else -1)
            jump_at = 1 + int(random() * (p.TICKS_PER_HOUR - 1))
            self.heat += 0.5  # what follows a jump is not quiet
        self.value = value + move + jump
        return Step(value, self.value, volatility, jump, jump_at, level, regime)

    def _next_regime(self, chance: float) -> int:
        if self.regime and chance >= p.TREND_TURNS:
            return 0
        if self.regime:
            return -self.regime
        up = 0.5 - min(0.45, max(-0.45, p.TREND_HOMING * self.value))
        return 1 if chance < up else -1


class Skeleton:
    """The hours of one seed, in order; a window of recent ones is kept.

    Args:
        seed: Which market.
        window: How many hours stay at hand.
    """

    def __init__(self, seed: int, window: int = 64) -> None:
        self._seed = seed
        self._window = window
        self._restart()

    def _restart(self) -> None:
        self._draw = Random(f"demo:{self._seed}:{p.PROCESS_VERSION}")
        self._market = _Walk(p.MARKET)
        self._assets = [_Walk(asset.factor) for asset in p.ASSETS.values()]
        self._liquidity = [0.0] * len(self._assets)
        chains = len({listing.chain for listing in p.LISTINGS})
        self._gas = [0.0] * chains
        self._spike = [0.0] * chains
        self._next = -p.WARM_UP_HOURS
        self._hours: deque[Hour] = deque(maxlen=self._window)

    def hour(self, number: int) -> Hour:
        """Hour `number` after START; negative ones are history.

        Raises:
            ValueError: before the process begins.
        """
        if number < -p.WARM_UP_HOURS:
            msg = f"the demo has no hour {number}; its first is {-p.WARM_UP_HOURS}"
            raise ValueError(msg)
        if self._hours and number < self._hours[0].number:
            self._restart()
        while self._next <= number:
            self._hours.append(self._walk())
        return self._hours[number - self._next]

    def _walk(self) -> Hour:
        number = self._next
        self._next += 1
        draw = self._draw
        busy = _DAILY[number % 24]
        market = self._market.step(draw, busy)
        assets = [walk.step(draw, busy) for walk in self._assets]
        random = draw.random
        before = self._liquidity
        keep, shock = p.LIQUIDITY_MEMORY, p.LIQUIDITY_SHOCK * 2 * 3**0.5
        self._liquidity = [keep * at + shock * (random() - 0.5) for at in before]
        liquidity = list(zip(before, self._liquidity, strict=True))
        return Hour(number, market, assets, liquidity, busy, self._walk_gas(number, random()))

    def _walk_gas(self, number: int, surprise: float) -> list[tuple[float, float]]:
        random = self._draw.random
        swing = [p.GAS_SWING * cos(2 * pi * (number + at - p.BUSIEST_HOUR) / 24) for at in (0, 1)]
        result = []
        for i, before in enumerate(self._gas):
            shock = (random() + random() + random() - 1.5) * 2
            after = p.GAS_MEMORY * before + p.GAS_SHOCK * shock
            spike = self._spike[i]
            fresh = p.GAS_SPIKE * (0.5 + random()) if surprise < p.GAS_SPIKE_RATE else 0.0
            self._gas[i] = after
            self._spike[i] = spike * p.GAS_SPIKE_FADES + fresh
            result.append((before + spike + swing[0], after + self._spike[i] + swing[1]))
        return result
