"""A second, slow concentrated-liquidity swap, to hold the fast one against.

Shares nothing with it: rational numbers instead of shifts, ticks looked for one by one in a set
instead of a bitmap, the tick of a price by bisection over rational powers, and the square root
price of a tick from an integer square root. Only for amounts that do not overflow 256 bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache

Q96 = 1 << 96


@cache
def _factor(bit: int) -> int:
    """2^128 · 1.0001^(−2^bit / 2) to the nearest integer, as the square root of its square."""
    square = Fraction(10_000, 10_001) ** (1 << bit)
    scaled = (square.numerator << 320) // square.denominator
    return (math.isqrt(scaled) + (1 << 31)) >> 32


@cache
def root(tick: int) -> int:
    ratio = Fraction(1)
    unit = Fraction(1, 1 << 128)
    for bit in range(20):
        if abs(tick) >> bit & 1:
            ratio = math.floor(ratio * _factor(bit)) * unit
    whole = ratio / unit
    if tick > 0:
        whole = Fraction(((1 << 256) - 1) // int(whole))
    return math.ceil(whole / (1 << 32))


def tick_of(price: int) -> int:
    low, high = -887_272, 887_272
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if root(middle) <= price else (low, middle)
    return low


@dataclass
class SlowPool:
    fee_ppm: int
    spacing: int
    price: int
    tick: int
    liquidity: int
    nets: Mapping[int, int]
    crossed: list[int] = field(default_factory=list)
    steps: int = 0

    def swap(self, zero_for_one: bool, amount: int, exact_in: bool, end: int) -> tuple[int, int]:
        """(paid, received) on the way to the price `end`; what is left over was not filled."""
        left, paid, received = amount, 0, 0
        while left and self.price != end:
            tick, there = self._next(zero_for_one)
            aim = max(root(tick), end) if zero_for_one else min(root(tick), end)
            came, went, fee, price = self._step(aim, left, zero_for_one, exact_in)
            paid += came + fee
            received += went
            left -= came + fee if exact_in else went
            self.steps += 1
            if price == root(tick):
                if there:
                    self.liquidity += -self.nets[tick] if zero_for_one else self.nets[tick]
                    self.crossed.append(tick)
                self.tick = tick - 1 if zero_for_one else tick
            elif price != self.price:
                self.tick = tick_of(price)
            self.price = price
        return paid, received

    def _next(self, down: bool) -> tuple[int, bool]:
        place = self.tick // self.spacing + (0 if down else 1)
        word = place // 256
        while True:
            if place * self.spacing in self.nets:
                return place * self.spacing, True
            following = place - 1 if down else place + 1
            if following // 256 != word:
                return min(max(place * self.spacing, -887_272), 887_272), False
            place = following

    def _token0(self, price: int) -> Fraction:
        return abs(
            Fraction(self.liquidity * Q96, price) - Fraction(self.liquidity * Q96, self.price)
        )

    def _token1(self, price: int) -> Fraction:
        return Fraction(self.liquidity * abs(price - self.price), Q96)

    def _step(self, aim: int, left: int, down: bool, exact_in: bool) -> tuple[int, int, int, int]:
        came, went = (self._token0, self._token1) if down else (self._token1, self._token0)
        share = Fraction(self.fee_ppm, 1_000_000)
        price = aim
        if exact_in:
            net = math.floor(left * (1 - share))
            if net < math.ceil(came(aim)):
                price = self._moved(net, 0) if down else self._moved(0, net)
        elif left < math.floor(went(aim)):
            price = self._moved(0, -left) if down else self._moved(-left, 0)
        amount_in, amount_out = math.ceil(came(price)), math.floor(went(price))
        if not exact_in:
            amount_out = min(amount_out, left)
        if exact_in and price != aim:
            return amount_in, amount_out, left - amount_in, price
        return amount_in, amount_out, math.ceil(amount_in * share / (1 - share)), price

    def _moved(self, token0: int, token1: int) -> int:
        if token0 == token1 == 0:
            return self.price
        if token0:
            inverse = Fraction(1, self.price) + Fraction(token0, self.liquidity * Q96)
            return math.ceil(1 / inverse)
        return math.floor(self.price + Fraction(token1 * Q96, self.liquidity))
