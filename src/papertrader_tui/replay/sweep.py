"""Combinations to replay: what each is, what identifies it, and the one table of their results."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal
from hashlib import sha256
from io import StringIO
from itertools import product

from papertrader_tui.domain import exit_rules, risk
from papertrader_tui.domain.exit_rules import ExitRules
from papertrader_tui.domain.money import plain
from papertrader_tui.domain.performance import Report, to_plain
from papertrader_tui.domain.risk import RiskLimits
from papertrader_tui.engine.rows import iso
from papertrader_tui.intel import levels
from papertrader_tui.replay.run import Terms

Row = dict[str, str]

#: Columns of the table after those that say which job it was; money in USDC, parts as fractions.
RESULTS = (
    "since", "until", "start", "end", "total_return", "annual_return", "volatility", "sharpe",
    "sortino", "calmar", "max_drawdown", "fills", "reverts", "closed", "wins", "win_rate",
    "profit_factor", "expectancy", "exposure", "turnover", "lp_fees", "impact", "mev", "gas",
    "slippage", "hold_return", "hold_drawdown",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One replay of a sweep.

    Attributes:
        tape: Which of the tapes.
        identity: What decides its inputs (content, not path).
        changes: Settings that differ from those in force, as text, by name.
    """

    tape: str
    identity: str
    level: int
    seed: int
    changes: tuple[tuple[str, str], ...]

    def key(self, base: str) -> str:
        """What identifies the result: everything that it depends on.

        Args:
            base: What all jobs have in common: the program, and the settings in force.
        """
        what = [base, self.identity, self.level, self.seed, self.changes]
        return sha256(json.dumps(what).encode()).hexdigest()


def parse_sets(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Settings to vary: `stop_pct=3,5` and the like.

    Raises:
        ValueError: one is no setting, has no value, or is named twice.
    """
    found: dict[str, tuple[str, ...]] = {}
    known = [*levels.RANGES, *_LEVEL_WORDS, *risk.RANGES, *exit_rules.RANGES]
    for text in texts:
        name, equals, values = text.partition("=")
        name = name.strip().rpartition(".")[2]
        each = tuple(dict.fromkeys(value.strip() for value in values.split(",") if value.strip()))
        if not equals or not each:
            msg = f"--set {text!r}: write it like stop_pct=3,5"
            raise ValueError(msg)
        if name not in known:
            msg = f"--set {text!r}: {name!r} is no setting; choose from {', '.join(known)}"
            raise ValueError(msg)
        if name in found:
            msg = f"--set {text!r}: {name} is named twice; write all its values after one ="
            raise ValueError(msg)
        found[name] = each
    return found


_LEVEL_WORDS = ("mev_protection", "gas_strategy")


def combinations(
    tapes: Sequence[tuple[str, str]],
    every: Sequence[int],
    sets: Mapping[str, Sequence[str]],
    seeds: Sequence[int],
) -> Iterator[Job]:
    """Every job, in the order of the table: by tape, settings, level and seed."""
    varied = [[(name, value) for value in values] for name, values in sets.items()]
    for (tape, identity), changes, level, seed in product(tapes, product(*varied), every, seeds):
        yield Job(tape, identity, level, seed, changes)


def changed(base: Terms, job: Job) -> Terms:
    """The terms of a job.

    Raises:
        ValueError: a value is not allowed; says which and what is.
    """
    limits: dict[str, object] = {}
    exits: dict[str, object] = {}
    profile: dict[str, object] = {}
    for name, text in job.changes:
        try:
            if name in risk.RANGES:
                limits[name] = _exact(getattr(base.limits, name), text)
            elif name in exit_rules.RANGES:
                exits[name] = _exact(getattr(base.exits, name), text)
            else:
                profile[name] = _typed(getattr(levels.profile(job.level), name), text)
        except (ValueError, KeyError, ArithmeticError):
            msg = f"--set {name}={text}: {text!r} is no value of {name}"
            raise ValueError(msg) from None
    try:
        if profile:
            levels.override(levels.profile(job.level), **profile)
        return replace(
            base,
            level=job.level,
            seed=job.seed,
            limits=replace(base.limits, **limits),  # type: ignore[arg-type]
            exits=replace(base.exits, **exits),  # type: ignore[arg-type]
            changes=profile,
        )
    except ValueError as error:
        msg = f"--set at level {job.level}: {error}"
        raise ValueError(msg) from None


def _exact(usual: object, text: str) -> object:
    """A setting of the gates or the exits: whole where the usual one is, and a number."""
    if isinstance(usual, int):
        return int(text)
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def _typed(usual: object, text: str) -> object:
    if isinstance(usual, bool):
        return {"true": True, "on": True, "false": False, "off": False}[text.lower()]
    if isinstance(usual, int) and text.lstrip("-").isdigit():
        return int(text)
    if isinstance(usual, int | float):
        return float(text)
    return text


def result(report: Report) -> Row:
    """A report as the columns of `RESULTS`; what cannot be told is empty."""
    found = to_plain(report.metrics)
    costs = found.pop("costs")
    assert isinstance(costs, Mapping)
    hold = report.hold.metrics if report.hold is not None else None
    values = {
        **found,
        **costs,
        "since": iso(report.metrics.since),
        "until": iso(report.metrics.until),
        "fills": report.fills,
        "reverts": report.reverts,
        "hold_return": hold.total_return if hold is not None else None,
        "hold_drawdown": hold.max_drawdown if hold is not None else None,
    }
    return {name: _text(values.get(name)) for name in RESULTS}


def _text(value: object) -> str:
    if value is None:
        return ""
    return plain(value) if isinstance(value, Decimal) else str(value)


def header(sets: Iterable[str]) -> list[str]:
    """Names of the table's columns."""
    return ["tape", "level", "seed", *sets, *RESULTS]


def table(jobs: Sequence[Job], found: Mapping[str, Row], base: str, sets: Sequence[str]) -> str:
    """The results of all jobs as CSV, in the jobs' order."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header(sets))
    for job in jobs:
        row = found[job.key(base)]
        writer.writerow([
            job.tape, job.level, job.seed, *(value for _, value in job.changes),
            *(row[name] for name in RESULTS),
        ])  # fmt: skip
    return out.getvalue()


def base_of(terms: Terms, costs: str, program: str) -> str:
    """What all jobs of a sweep have in common, as text.

    Args:
        terms: In force; level and seed are each job's own.
        costs: `full` or `none`.
        program: Version, and a hash of the code that decides.
    """
    common = {
        "program": program,
        "cash": plain(terms.cash),
        "gates": terms.gates,
        "costs": costs,
        "limits": _settings(terms.limits),
        "exits": _settings(terms.exits),
    }
    return json.dumps(common, sort_keys=True)


def _settings(settings: RiskLimits | ExitRules) -> dict[str, str]:
    known = asdict(settings)
    return {item.name: str(known[item.name]) for item in fields(settings)}
