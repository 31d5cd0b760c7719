"""Facts and commands as text and rows, and back.

`encode` gives the same JSON as `domain.events.to_plain` at a fraction of the time: the encoder
in C asks back only for what JSON has no word for.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from papertrader_tui.domain import commands
from papertrader_tui.domain.commands import Command
from papertrader_tui.domain.decision import Action, Check, Decision, Factor, FactorInput
from papertrader_tui.domain.events import Decided, Event, Scored, from_plain, from_record
from papertrader_tui.domain.orders import Order
from papertrader_tui.domain.outcomes import Outcome
from papertrader_tui.store.errors import Unreadable

COMMANDS: dict[str, type[Any]] = {c.__name__: c for c in typing.get_args(commands.Command)}

DECISION_COLUMNS = (
    "seq", "event_time", "id", "time", "token", "action", "confidence", "risk", "opportunity",
    "level", "level_name", "size_usd", "rule", "reason", "price", "source", "price_age_ms",
    "repeats", "stop", "quantity", "targets", "missing", "factors", "checks", "round_trip",
    "expected_move",
)  # fmt: skip


#: What decoding raises on text that is not what was encoded.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)

_FIELDS: dict[type[Any], tuple[str, ...]] = {}


def _names(cls: type[Any]) -> tuple[str, ...]:
    found = _FIELDS.get(cls)
    if found is None:
        found = _FIELDS[cls] = tuple(f.name for f in fields(cls))
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return {name: getattr(value, name) for name in _names(type(value))}


_encode = json.JSONEncoder(
    default=_plain, separators=(",", ":"), check_circular=False, allow_nan=False
).encode


def encode(value: object) -> str:
    """JSON of a value of the domain; Decimals as text."""
    return _encode(value)


def text(value: Decimal | None) -> str | None:
    """A Decimal with all its digits, or None."""
    return None if value is None else format(value, "f")


def encode_event(event: Event) -> str:
    """An event's fields without seq and time, as `domain.events.to_record` has them."""
    return _encode({n: getattr(event, n) for n in _names(type(event)) if n not in ("seq", "time")})


def decode_event(kind: str, seq: int, time: int, body: str) -> Event:
    """What `encode_event` was given.

    Raises:
        Unreadable: the body does not fit its kind.
    """
    try:
        if kind == "Scored":  # most of the events of an account, and all of one form
            return _scored(seq, time, json.loads(body))
        return from_record(kind, seq, time, json.loads(body))
    except _UNREADABLE as error:
        raise Unreadable(f"event {seq} ({kind})", error) from error


def _scored(seq: int, time: int, plain: dict[str, Any]) -> Scored:
    return Scored(seq, time, plain["token"], tuple(
        Outcome(
            o["decision"], o["horizon"], o["time"],
            None if o["price"] is None else Decimal(o["price"]),
            None if o["move"] is None else Decimal(o["move"]),
            o["right"],
        )
        for o in plain["outcomes"]
    ))  # fmt: skip


def decision_values(event: Decided) -> tuple[object, ...]:
    """A decision as the values of DECISION_COLUMNS."""
    d = event.decision
    return (
        event.seq, event.time, d.id, d.time, d.token, d.action.value, text(d.confidence),
        text(d.risk), text(d.opportunity), d.level, d.level_name, text(d.size_usd), d.rule,
        d.reason, text(d.price), d.source, d.price_age_ms, d.repeats, text(d.stop),
        text(d.quantity), _list(d.targets), _list(d.missing), _told(d.factors), _held(d.checks),
        text(d.round_trip), text(d.expected_move),
    )  # fmt: skip


def _list(values: tuple[object, ...]) -> str:
    return _encode(values) if values else "[]"


def decode_decision(row: tuple[Any, ...]) -> Decided:
    """The event of a row of DECISION_COLUMNS; `factors` and `checks` may be NULL, for none.

    Raises:
        Unreadable: a value does not fit its column.
    """
    try:
        seq, event_time, ident, time, token, action, confidence, risk, opportunity = row[:9]
        level, level_name, size, rule, reason, price, source, age, repeats = row[9:18]
        stop, quantity, targets, missing, factors, checks, round_trip, expected = row[18:]
        return Decided(seq, event_time, Decision(
            ident, time, token, Action(action), Decimal(confidence), Decimal(risk),
            Decimal(opportunity), level, level_name, Decimal(size), rule, reason, Decimal(price),
            source, age,
            factors=() if factors in (None, "[]") else _factors(factors),
            missing=() if missing == "[]" else tuple(json.loads(missing)),
            repeats=repeats,
            stop=None if stop is None else Decimal(stop),
            targets=() if targets == "[]" else tuple(Decimal(t) for t in json.loads(targets)),
            quantity=Decimal(quantity),
            checks=() if checks in (None, "[]") else _checks(checks),
            round_trip=None if round_trip is None else Decimal(round_trip),
            expected_move=None if expected is None else Decimal(expected),
        ))  # fmt: skip
    except _UNREADABLE as error:
        raise Unreadable(f"decision at {row[0]}", error) from error


def _told(factors: Sequence[Factor]) -> str:
    """Factors as lists without names: most of an account file is factors."""
    return json.dumps(
        [
            [
                f.name, f.of, text(f.score), text(f.weight), text(f.contribution), f.sentence,
                [[i.name, i.value, i.source, i.age_ms] for i in f.inputs],
            ]
            for f in factors
        ],
        ensure_ascii=False,
        separators=(",", ":"),
    )  # fmt: skip


def _held(checks: Sequence[Check]) -> str:
    return json.dumps(
        [[c.of, c.name, c.value, c.limit, c.used, c.hit] for c in checks],
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )


def _checks(body: str) -> tuple[Check, ...]:
    return tuple(Check(*values) for values in json.loads(body))


def _factors(body: str) -> tuple[Factor, ...]:
    return tuple(_factor(told) for told in json.loads(body))


def _factor(told: Any) -> Factor:
    if isinstance(told, dict):  # the first accounts have the fields' names
        return typing.cast(Factor, from_plain(Factor, told))
    name, of, score, weight, contribution, sentence, inputs = told
    return Factor(
        name, of, Decimal(score), Decimal(weight), Decimal(contribution), sentence,
        tuple(FactorInput(*i) for i in inputs),
    )  # fmt: skip


def decode_order(body: str) -> Order:
    """The order of an `orders` row."""
    return typing.cast(Order, from_plain(Order, json.loads(body)))


def decode_command(kind: str, body: str) -> Command:
    """The command of a `commands` row.

    Raises:
        Unreadable: there is no such command, or its fields do not fit.
    """
    try:
        return typing.cast(Command, from_plain(COMMANDS[kind], json.loads(body)))
    except _UNREADABLE as error:
        raise Unreadable(f"command {kind!r}", error) from error
