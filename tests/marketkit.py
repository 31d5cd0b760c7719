"""What tests of markets share: a wall clock turned by hand, and reading without an event loop."""

from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any


class Wall:
    """A clock that moves only when somebody waits on it."""

    def __init__(self, time: float = 0.0) -> None:
        self.time = time
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.time

    async def wait(self, event: object, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


def facts(item: Any) -> tuple[str, ...]:
    """An input as something that compares."""
    return tuple(repr(getattr(item, name)) for name in sorted(type(item).__slots__))


async def take(market: Any, instants: int) -> list[Any]:
    """The inputs up to that many counts of the cursor from here."""
    inputs: list[Any] = []
    end = market.cursor + instants
    async with aclosing(market.batches()) as batches:
        async for batch in batches:
            inputs += batch
            if market.cursor >= end:
                break
    return inputs


def drive(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """The result of a coroutine that never has to wait: as fast as possible, markets do not."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    msg = "it waited for something"
    raise AssertionError(msg)
