"""`papertrader quote`: what a swap would really come to, read from the chain now."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from papertrader_tui.chain.errors import RpcError
from papertrader_tui.chain.quoting import NoRoute, Quotation, Wanted, quote
from papertrader_tui.cli.accounts import load_config
from papertrader_tui.cli.painting import Part, paint
from papertrader_tui.config import Loaded as Config
from papertrader_tui.config_options import ConfigError
from papertrader_tui.domain.events import Fidelity
from papertrader_tui.domain.money import ZERO, plain
from papertrader_tui.domain.tokens import Registry, Token, UnknownToken
from papertrader_tui.intel.levels import Profile, profile
from papertrader_tui.live_chains import open_chain
from papertrader_tui.lookout import known_tokens
from papertrader_tui.ports import NotStarted
from papertrader_tui.simulator.gas import gas_usd
from papertrader_tui.text import clean
from papertrader_tui.tui import formatting as fmt


class NoQuote(NotStarted):
    """No quote can be had: no node answers, or no pool serves it."""


def run(arguments: argparse.Namespace) -> int:
    """Print a quote."""
    config = load_config(arguments)
    registry = known_tokens(config)
    token = _token(registry, arguments.token, arguments.chain)
    wanted = _wanted(arguments)
    level = profile(arguments.level)
    found = asyncio.run(_quote(config, registry, token, wanted, level, arguments.block))
    if arguments.json:
        print(json.dumps(_plain(registry, found, wanted), indent=2))
    else:
        print(paint(_rows(registry, found, wanted), sys.stdout, os.environ))
    return 0


def _token(registry: Registry, text: str, chain: str) -> Token:
    if chain and chain not in registry.chains:
        names = ", ".join(sorted(registry.chains))
        msg = f"chain {chain!r} is not known; choose one of {names}, or set it in config.toml"
        raise ConfigError(msg)
    among = [t for t, one in registry.tokens.items() if chain in ("", one.chain)]
    try:
        return registry.find(text, among)
    except UnknownToken as error:
        if text.lower().startswith(tuple(f"{key}:0x" for key in registry.chains)):
            msg = f"{error}; papertrader token add {text} makes it known"
            raise ConfigError(msg) from None
        raise ConfigError(str(error)) from None


def _wanted(arguments: argparse.Namespace) -> Wanted:
    spend, quantity, selling = arguments.spend, arguments.quantity, arguments.sell
    if selling and (spend is not None or quantity is None):
        msg = "a sale is quoted by quantity: --sell --quantity Q"
        raise ConfigError(msg)
    if not selling and spend is not None and quantity is not None:
        msg = "--spend and --quantity: give one of the two"
        raise ConfigError(msg)
    if not selling and spend is None and quantity is None:
        msg = "say how much: --spend USDC, or --quantity TOKENS"
        raise ConfigError(msg)
    return Wanted(selling, spend, quantity, arguments.slippage)


async def _quote(
    config: Config,
    registry: Registry,
    token: Token,
    wanted: Wanted,
    level: Profile,
    block: int | None,
) -> Quotation:
    chain = registry.chains[token.chain]
    opened = open_chain(config.settings.chains, registry, chain.key, testnets=True)
    if opened is None:
        msg = (
            f"no node or no USDC of {chain.name} is known; set rpc and usdc in "
            f"[chain.{chain.key}], or PAPERTRADER_RPC_{chain.key.upper().replace('-', '_')}"
        )
        raise ConfigError(msg)
    rpc, reader, market = opened
    if token.id == market.cash.id:
        msg = f"{token.label} is what everything is paid in; name another token"
        raise ConfigError(msg)
    try:
        return await quote(reader, chain, market, token, wanted, level, block)
    except (RpcError, NoRoute) as error:
        raise NoQuote(str(error)) from None
    finally:
        await rpc.close()


# ---------------------------------------------------------------------- showing it


def _route(registry: Registry, found: Quotation) -> list[dict[str, Any]]:
    """The pools in the order of the swap."""
    run = found.swap.run
    assert run is not None
    by_id = {pool.id: pool for pool in found.hops}
    tokens, rows = run.path.tokens, []
    for hop, swap, paid, got in zip(run.path.hops, run.swaps, tokens, tokens[1:], strict=False):
        pool = by_id[hop.id]
        rows.append({
            "pool": pool.address,
            "venue": pool.venue,
            "kind": pool.kind,
            "fee_ppm": hop.pool.fee_ppm,
            "token_in": paid,
            "token_out": got,
            "symbol_in": _symbol(registry, paid),
            "symbol_out": _symbol(registry, got),
            "amount_in_raw": swap.amount_in,
            "amount_out_raw": swap.amount_out,
            "ticks_crossed": getattr(swap, "ticks_crossed", 0),
        })  # fmt: skip
    return rows


def _symbol(registry: Registry, token: str) -> str:
    known = registry.tokens.get(token)
    return clean(known.symbol) if known is not None else token.partition(":")[2][:8]


def _plain(registry: Registry, found: Quotation, wanted: Wanted) -> dict[str, Any]:
    swap, gas, run = found.swap, found.gas, found.swap.run
    assert run is not None
    fees = gas.made_of
    return {
        "token": found.token.id,
        "symbol": clean(found.token.symbol),
        "chain": found.token.chain,
        "side": "sell" if wanted.selling else "buy",
        "block": found.head.number,
        "block_time": found.head.time,
        "block_hash": found.head.hash,
        "fidelity": Fidelity.POOL.value,
        "amount_in_raw": run.amount_in,
        "amount_out_raw": run.amount_out,
        "minimum_out_raw" if not run.exact_out else "maximum_in_raw": found.minimum_raw,
        "cash": plain(swap.cash),
        "quantity": plain(swap.quantity),
        "price": plain(swap.price),
        "reference": plain(swap.reference),
        "lp_fee": plain(swap.lp_fee),
        "impact": plain(swap.impact),
        "mev": plain(found.mev),
        "slippage_bps": wanted.tolerance_bps,
        "gas_units": gas.units,
        "gas_price_wei": gas.price_wei,
        "base_fee_wei": fees.base_fee_wei if fees is not None else None,
        "tip_wei": fees.tip_wei if fees is not None else None,
        "l1_fee_wei": gas.l1_fee_wei,
        "gas_usd": plain(gas.usd),
        "native_usd": plain(gas.native_usd),
        "native_source": "pools" if found.native_known else "bundled",
        "route": _route(registry, found),
        "fault": found.verdict.fault,
        "transfer_checked": found.verdict.tried,
    }


def _rows(registry: Registry, found: Quotation, wanted: Wanted) -> list[list[Part]]:
    swap, gas, token = found.swap, found.gas, found.token
    symbol = clean(token.symbol)
    notional = swap.cash
    verb = "sell" if wanted.selling else "buy"
    whole = (
        f"{plain(swap.quantity)} {symbol}"
        if wanted.quantity is not None
        else (f"{symbol} for {plain(swap.cash)} USDC")
    )
    out = f"{plain(swap.cash)} USDC" if wanted.selling else f"{plain(swap.quantity)} {symbol}"
    by_quantity = not wanted.selling and wanted.spend is None
    rows: list[list[Part]] = [
        [(f"{verb} {whole}", "strong"), (f"  on {found.token.chain}", "muted")],
        [
            ("block", "muted"),
            (f"{'':5}{found.head.number:,}", ""),
            (f"  {_moment(found.head.time)}", "muted"),
        ],
        _line(
            "you pay" if by_quantity else "you get",
            f"{plain(swap.cash)} USDC" if by_quantity else out,
        ),
        _line(
            "at most" if by_quantity else "at least",
            _bound(found, wanted, symbol),
            f"{wanted.tolerance_bps / 100:g} % slippage",
        ),
        _line("price", plain(swap.price), f"pools stand at {plain(swap.reference)[:18]}"),
        _line("LP fee", _usd(swap.lp_fee), _share(swap.lp_fee, notional)),
        _line("impact", _usd(swap.impact), _share(swap.impact, notional)),
        _line("gas", _usd(gas.usd), _gas_words(found)),
    ]
    if found.mev:
        rows.append(_line("sandwich", _usd(found.mev), "taken where nothing protects the order"))
    rows.append(_line("fidelity", "pool", "the pools' own arithmetic, to the smallest unit"))
    for index, hop in enumerate(_route(registry, found)):
        words = f"{hop['symbol_in']} -{hop['fee_ppm'] / 10_000:g}%-> {hop['symbol_out']}"
        detail = f"{hop['venue']} {hop['pool'][:10]}…{hop['pool'][-4:]}"
        rows.append(_line("route" if index == 0 else "", words, detail))
    if found.verdict.fault:
        rows.append([("mind: ", "warn"), (f"{symbol} {found.verdict.fault}", "warn")])
    elif not found.verdict.tried:
        rows.append([("whether it can be sold again could not be tried on this node", "muted")])
    return rows


def _line(name: str, value: str, detail: str = "") -> list[Part]:
    return [(f"{name:<10}", "muted"), (value, ""), (f"  {detail}" if detail else "", "muted")]


def _bound(found: Quotation, wanted: Wanted, symbol: str) -> str:
    unit = "USDC" if wanted.selling or wanted.spend is None else symbol
    return f"{plain(found.minimum)} {unit}"


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def _usd(value: Decimal) -> str:
    return f"${fmt.money(value, 4)}"


def _share(part: Decimal, whole: Decimal) -> str:
    return f"{float(part / whole):.3%}" if whole != ZERO else ""


def _gas_words(found: Quotation) -> str:
    gas = found.gas
    words = f"{gas.units:,} units at {gas.price_wei / 1e9:.4g} gwei"
    if gas.l1_fee_wei:
        l1 = gas_usd(0, 0, gas.l1_fee_wei, gas.native_usd)
        words += f", of it L1 data {_usd(l1)}"
    return words if found.native_known else words + ", bundled native price"
