"""Where a chain's pools are made: the factories that are asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Kinds of factory; a slipstream pool is concentrated, found by tick spacing, its fee may change.
V2: Final = "v2"
V3: Final = "v3"
SLIPSTREAM: Final = "slipstream"
KINDS: Final = (V2, V3, SLIPSTREAM)

#: Fee tiers that Uniswap V3's factories have, in millionths; 400 on Base alone, empty elsewhere.
V3_FEES: Final = (100, 400, 500, 3_000, 10_000)
#: Tick spacings that Slipstream's factory has.
SLIPSTREAM_SPACINGS: Final = (1, 50, 100, 200, 2_000)
V2_FEE: Final = 3_000


@dataclass(frozen=True, slots=True)
class Factory:
    """One factory.

    Attributes:
        kind: `v2`, `v3` or `slipstream`.
        address: Lower case.
        venue: Its name on screens: `uniswap v3`.
        tiers: Fees in millionths (v3), tick spacings (slipstream), or the one fee (v2).
    """

    kind: str
    address: str
    venue: str
    tiers: tuple[int, ...]


def factories_of(facts: Mapping[str, Any]) -> tuple[Factory, ...]:
    """The factories that data/chains.toml, or a chain of the person's own, names.

    Solidly's pairs (Aerodrome V2) follow another curve and are not asked for.
    """
    found = []
    for venue in ("uniswap", "pancakeswap", "aerodrome"):
        told = facts.get(venue, {})
        if "v2_factory" in told and venue != "aerodrome":
            fee = int(told["v2_fee_bps"] * 100) if "v2_fee_bps" in told else V2_FEE
            found.append(Factory(V2, told["v2_factory"].lower(), f"{venue} v2", (fee,)))
        if "v3_factory" in told:
            found.append(Factory(V3, told["v3_factory"].lower(), f"{venue} v3", V3_FEES))
        if "slipstream_factory" in told:
            address = told["slipstream_factory"].lower()
            found.append(Factory(SLIPSTREAM, address, f"{venue} slipstream", SLIPSTREAM_SPACINGS))
    for own in facts.get("factory", ()):
        usual = {V2: (V2_FEE,), V3: V3_FEES, SLIPSTREAM: SLIPSTREAM_SPACINGS}[own["kind"]]
        tiers = tuple(own.get("fees", ())) or usual
        found.append(Factory(own["kind"], own["address"].lower(), own["name"], tiers))
    return tuple(found)
