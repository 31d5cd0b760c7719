"""Routes, pools and their ticks as bodies of a recording, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence

from papertrader_tui.domain.pools import ConcentratedState, PairState, Pool, PoolTicks, Route


def write_state(state: PairState | ConcentratedState) -> tuple[int, ...]:
    """Fields of a pool's state, without pool and time."""
    if isinstance(state, PairState):
        return state.block, state.reserve0, state.reserve1, state.fee_ppm
    return state.block, state.sqrt_price_x96, state.tick, state.liquidity, state.fee_ppm


def read_pair(pool: str, time: int, text: Sequence[str]) -> PairState:
    """The pair that `write_state` was given."""
    return PairState(pool, time, *(int(field or "0") for field in text[:4]))


def read_pool(pool: str, time: int, text: Sequence[str]) -> ConcentratedState:
    """The concentrated pool that `write_state` was given."""
    return ConcentratedState(pool, time, *(int(field or "0") for field in text[:5]))


def write_ticks(ticks: PoolTicks) -> bytes:
    """Every word that is known: its index, and tick, net and whether crossed of each tick."""
    words = [
        [word, *(part for tick, (net, was) in known.items() for part in (tick, net, int(was)))]
        for word, known in ticks.words.items()
    ]
    return _pack([ticks.pool, ticks.block, words])


def read_ticks(time: int, body: bytes) -> PoolTicks:
    """The ticks that `write_ticks` was given."""
    pool, block, words = json.loads(zlib.decompress(body))
    known = {
        word: {
            tick: (net, bool(was))
            for tick, net, was in zip(row[::3], row[1::3], row[2::3], strict=True)
        }
        for word, *row in words
    }
    return PoolTicks(pool, time, block, known)


def write_route(route: Route) -> bytes:
    """A route with all that never changes about its pools."""
    hops = [[getattr(hop, name) for name in Pool.__slots__] for hop in route.hops]
    return _pack([route.token, hops, route.source, route.fault, route.transfer_fee_bps])


def read_route(time: int, body: bytes) -> Route:
    """The route that `write_route` was given."""
    token, hops, source, fault, fee = json.loads(zlib.decompress(body))
    return Route(token, time, [Pool(*hop) for hop in hops], source, fault, fee)


def _pack(value: object) -> bytes:
    return zlib.compress(json.dumps(value, separators=(",", ":"), allow_nan=False).encode())
