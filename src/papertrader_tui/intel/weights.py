"""What each factor counts, and how the weights of missing ones pass to the others."""

from __future__ import annotations

from functools import lru_cache

RISK = (
    ("volatility", 25), ("depth", 20), ("MEV exposure", 15), ("price quality", 15),
    ("stress", 15), ("network", 10),
)  # fmt: skip
OPPORTUNITY = (
    ("trend", 30), ("momentum", 25), ("volume", 15), ("structure", 10), ("depth", 10),
    ("network", 10),
)  # fmt: skip
CONFIDENCE = (("data quality", 35), ("spread", 35), ("agreement", 20), ("own record", 10))

# Bits of what can be had.
VOLATILITY, DEPTH, STRESS, NETWORK, TREND, MOMENTUM, VOLUME, STRUCTURE, RECORD = (
    1 << i for i in range(9)
)  # fmt: skip
ALWAYS = -1  # all bits: needs nothing
_RISK_NEEDS = (VOLATILITY, DEPTH, DEPTH, ALWAYS, STRESS, NETWORK)
_OPPORTUNITY_NEEDS = (TREND, MOMENTUM, VOLUME, STRUCTURE, DEPTH, NETWORK)
_CONFIDENCE_NEEDS = (ALWAYS, TREND, TREND, RECORD)

TOTAL = 10_000  # 100 percent in hundredths
_FACTORS = sum(w for _, w in RISK) + sum(w for _, w in OPPORTUNITY)


def share(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Weights scaled to hundredths of a percent that sum to 100 % exactly (or all are 0).

    Each is rounded down; the hundredths left over go to the largest remainders, ties to the
    factor named first.
    """
    whole = sum(weights)
    if not whole:
        return weights
    scaled = [w * TOTAL // whole for w in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(weights[i] * TOTAL % whole), i))
    for i in order[: TOTAL - sum(scaled)]:
        scaled[i] += 1
    return tuple(scaled)


@lru_cache(maxsize=512)
def weigh(present: int) -> tuple[int, ...]:
    """The six risk, six opportunity and four confidence weights for a mask of what is present."""
    parts: list[int] = []
    for factors, needs in (
        (RISK, _RISK_NEEDS), (OPPORTUNITY, _OPPORTUNITY_NEEDS), (CONFIDENCE, _CONFIDENCE_NEEDS),
    ):  # fmt: skip
        parts += share(
            tuple(
                w if n & present or n == ALWAYS else 0
                for (_, w), n in zip(factors, needs, strict=True)
            )
        )
    return tuple(parts)


@lru_cache(maxsize=2048)
def quality(present: int, horizons: int) -> int:
    """Data quality in hundredths: the share of all factor weights that can be had.

    Args:
        present: Mask of what is present.
        horizons: How many of the trend's horizons are known: the shortest first, the middle one
            counting twice.
    """
    part = (0.0, 0.25, 0.75, 1.0)[horizons]
    known = 0.0
    for factors, needs in ((RISK, _RISK_NEEDS), (OPPORTUNITY, _OPPORTUNITY_NEEDS)):
        for (_, weight), need in zip(factors, needs, strict=True):
            if need == ALWAYS or need & present:
                known += weight * (part if need == TREND else 1.0)
    return int(known * TOTAL / _FACTORS)
