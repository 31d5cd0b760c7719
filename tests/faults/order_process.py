"""A desk that places order after order and says which it has; killed by the tests beside it.

    python -m tests.faults.order_process random|told|end [TAPE]

Account and market come from the environment. `random` places orders of every kind until it is
killed, `told` those that stdin asks for (a JSON object a line, as `OrderRequest`), `end` none: it
waits until all that earlier sessions sent has landed.  Every answer is a JSON line,
printed as soon as the desk has given it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from decimal import Decimal
from pathlib import Path
from random import Random

from papertrader_tui import config
from papertrader_tui.bootstrap import open_desk
from papertrader_tui.domain.commands import (
    ClosePosition,
    Command,
    MarkAccount,
    PlaceOrder,
    SwitchGates,
)
from papertrader_tui.domain.events import OrderAccepted, OrderRejected, from_plain
from papertrader_tui.domain.market import MINUTE
from papertrader_tui.domain.money import mul
from papertrader_tui.domain.orders import Kind, OrderRequest, Side, SizeBy, Status
from papertrader_tui.domain.tokens import TokenId
from papertrader_tui.engine.kernel import Kernel
from papertrader_tui.launch import Launch

#: Two that move, where there are many: blocks of one take 2 s, and of the other 12 s.
VOLATILE = ("DEGEN", "PEPE")
SPEND = Decimal(300)
D = Decimal


def say(**answer: object) -> None:
    print(json.dumps(answer), flush=True)


async def place(kernel: Kernel, client: str, command: Command) -> None:
    """Give a command, and say what became of its client id."""
    out = await kernel.submit(command)
    order = kernel.desk.account.client_ids.get(client)
    # time brings events of its own
    new = sum(isinstance(event, OrderAccepted | OrderRejected) for event in out)
    say(client=client, order=order, new=new)


def order(
    client: str, token: TokenId, side: Side, size: str, *, by: SizeBy, tolerance: int,
    kind: Kind = Kind.MARKET, price: Decimal | None = None, trail: int | None = None,
    until: int | None = None, stop: Decimal | None = None, target: Decimal | None = None,
) -> Command:  # fmt: skip
    return PlaceOrder(
        OrderRequest(
            client, token, side, by, D(size), kind, price, trail, tolerance, until, stop, target
        )
    )


def a_buy(client: str, token: TokenId, price: Decimal, chance: Random, now: int) -> Command:
    """A bracket as often as not, or a limit below the price, or plainly."""
    tolerance = chance.choice((3, 50, 300))
    size, by = str(SPEND), SizeBy.NOTIONAL
    kind = chance.choice(("bracket", "bracket", "limit", "market"))
    if kind == "bracket":
        near = chance.choice((D("0.0008"), D("0.004")))
        stop, target = mul(price, 1 - near), mul(price, 1 + near)
        limit = mul(price, 1 - near / 4) if chance.random() < 0.2 else None
        return order(
            client, token, Side.BUY, size, by=by, tolerance=tolerance, stop=stop, target=target,
            kind=Kind.LIMIT if limit else Kind.MARKET, price=limit,
        )  # fmt: skip
    if kind == "limit":
        price = mul(price, D("0.9993"))
        return order(
            client, token, Side.BUY, size, by=by, tolerance=tolerance, kind=Kind.LIMIT,
            price=price, until=now + 10 * MINUTE,
        )  # fmt: skip
    return order(client, token, Side.BUY, size, by=by, tolerance=tolerance)


def a_sale(client: str, token: TokenId, price: Decimal, chance: Random, now: int) -> Command:
    """Of some of what is free: at once, on a trailing stop, or at a price."""
    tolerance = chance.choice((3, 50, 300))
    size, by = chance.choice(("30", "60", "100")), SizeBy.PERCENT
    kind = chance.choice((Kind.TRAILING_STOP,) * 4 + (Kind.MARKET, Kind.LIMIT, Kind.STOP))
    if kind is Kind.TRAILING_STOP:
        trail = chance.choice((10, 60, 250))
        return order(
            client, token, Side.SELL, size, by=by, tolerance=tolerance, kind=kind, trail=trail
        )
    at = {Kind.LIMIT: D("1.002"), Kind.STOP: D("0.998")}.get(kind)
    return order(
        client, token, Side.SELL, size, by=by, tolerance=tolerance, kind=kind,
        price=mul(price, at) if at else None, until=now + 10 * MINUTE,
    )  # fmt: skip


def command_of(kernel: Kernel, client: str, tokens: list[TokenId], chance: Random) -> Command:
    """The next command: what there is to sell is often sold, else something is bought."""
    account, token = kernel.desk.account, chance.choice(tokens)
    price, _ = kernel.latest[token]
    free, draw = account.available(token), chance.random()
    if account.held(token) and draw < 0.12:
        return ClosePosition(token, client, chance.choice((3, 100)))
    choose = a_sale if free and draw < 0.6 else a_buy
    return choose(client, token, price, chance, kernel.now())


async def at_random(kernel: Kernel) -> None:
    """Place orders without end, going on from the ids that the account knows."""
    account = kernel.desk.account
    known = sorted(int(client[1:]) for client in account.client_ids if "/" not in client)
    tokens = [
        token.id
        for token in kernel.tokens
        if token.id in kernel.market.watchlist
        and (token.symbol in VOLATILE or len(kernel.market.watchlist) == 1)
    ]
    if account.gates_on:
        await kernel.submit(SwitchGates(False))
    number, chance = (known[-1] if known else 0) + 1, Random(f"{known[-1:]} {account.sessions}")
    # who did not hear that an order was taken asks for it again
    again = [f"c{n}" for n in known[-3:]]
    while True:
        while not all(token in kernel.latest for token in tokens):  # noqa: ASYNC110
            await asyncio.sleep(0.002)
        for client in again:
            await place(kernel, client, command_of(kernel, client, tokens, chance))
        client = f"c{number}"
        await place(kernel, client, command_of(kernel, client, tokens, chance))
        again = [client] if chance.random() < 0.1 else []
        number += 1
        await asyncio.sleep(chance.uniform(0.0, 0.03))


async def as_told(kernel: Kernel) -> None:
    """Place what stdin asks for, each as soon as its token has a price."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        request: OrderRequest = from_plain(OrderRequest, json.loads(line))
        while request.token not in kernel.latest:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await place(kernel, request.client_id, PlaceOrder(request))


async def to_the_end(kernel: Kernel) -> None:
    """Wait until what an earlier session sent has landed."""
    account = kernel.desk.account
    sent = [order.id for order in account.open_orders() if order.status is Status.SUBMITTED]
    async with asyncio.timeout(30):
        while any(account.orders[o].status is Status.SUBMITTED for o in sent):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def main(how: str, tape: Path | None) -> None:
    launch = Launch(headless=True, tape=tape)
    async with open_desk(config.load(must_exist=False), launch) as opened:
        run = asyncio.create_task(opened.kernel.run())
        doing = {"random": at_random, "told": as_told, "end": to_the_end}[how]
        acting = asyncio.create_task(doing(opened.kernel))
        # a desk that ends takes those with it who wait for it
        await asyncio.wait({run, acting}, return_when=asyncio.FIRST_COMPLETED)
        opened.kernel.stop()
        await run
        await acting
        await opened.kernel.finish(MarkAccount())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None))
