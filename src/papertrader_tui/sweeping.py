"""Runs the jobs of a sweep in processes, and keeps each result as soon as there is one.

Results are lines of a file that only grows, each with the hash of what it is a result of.  A kill
may cut the last line short; it is then done again, like everything that has no line yet.
One sweep at a time writes to it.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from papertrader_tui.launch import PROGRAM
from papertrader_tui.replay.run import Terms
from papertrader_tui.replay.sweep import Job, Row, changed, result
from papertrader_tui.replaying import Reading, open_tapes, stage, tape_recording

#: What decides what a replay comes to, bundled gas among it; a result of other code is no result.
_CODE = (
    "amm", "bot", "data", "domain", "engine", "feeds", "intel", "replay", "simulator",
    "registry.py",
)  # fmt: skip


class WorkerDied(RuntimeError):
    """A process ended in the middle of a job; says which."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every process of a sweep is handed.

    Attributes:
        paths: File by name of the tape.
        terms: In force, level and seed apart.
    """

    chain: str
    paths: dict[str, Path]
    reading: Reading
    terms: Terms

    def do(self, job: Job) -> Row:
        """Replay one combination."""
        tapes = open_tapes(self.chain, [self.paths[job.tape]], self.reading)
        warm, inputs = tapes.play()
        played = stage([changed(self.terms, job)], tape_recording(tapes, warm))
        tapes.awaited = played.awaits
        played.play(inputs)
        played.end()
        return result(played.report(0))


def program(root: Path = Path(__file__).parent) -> str:
    """The version, and a hash of the code in `root` that decides, and of its data."""
    digest = sha256()
    for name in _CODE:
        found = root / name
        for path in sorted(found.rglob("*")) if found.is_dir() else [found]:
            if path.suffix in (".py", ".toml"):
                digest.update(path.relative_to(root).as_posix().encode())
                digest.update(path.read_bytes())
    return f"{PROGRAM} {digest.hexdigest()[:16]}"


class Results:
    """Results by key, on disk.

    Args:
        path: The file; made if it is not there.

    Raises:
        BlockingIOError: another sweep writes to it.
        OSError: it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.found: dict[str, Row] = {}
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read(path)
        except BaseException:
            os.close(self._file)
            raise

    def _read(self, path: Path) -> None:
        """Take in what is there, and go on after its last whole line."""
        whole = 0
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break  # cut short by a kill
            whole += len(line)
            try:
                entry: Any = json.loads(line)
                self.found[entry["key"]] = dict(entry["row"])
            except (ValueError, KeyError, TypeError):
                continue  # no line of ours: what is not known is done again
        os.ftruncate(self._file, whole)
        os.lseek(self._file, 0, os.SEEK_END)

    def keep(self, key: str, row: Row) -> None:
        """Store one result for good."""
        self.found[key] = row
        os.write(self._file, (json.dumps({"key": key, "row": row}) + "\n").encode())
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def run_jobs(
    work: Work, todo: Sequence[tuple[str, Job]], processes: int, done: Callable[[str, Row], None]
) -> None:
    """Do jobs and hand out each result as it is there, in any order.

    Args:
        work: What they have in common.
        todo: Keys and jobs.
        processes: How many to use; 1 does them here.
        done: Takes a key and its result.

    Raises:
        TapeError: a tape cannot be played.
        WorkerDied: a process was killed.
    """
    if processes == 1 or len(todo) < 2:
        for key, job in todo:
            done(key, work.do(job))
        return
    context = get_context("spawn")
    workers: dict[Connection, BaseProcess] = {}
    busy: dict[Connection, tuple[str, Job]] = {}
    waiting = iter(todo)
    try:
        for entry in islice(waiting, processes):
            ours, theirs = context.Pipe()
            worker = workers[ours] = context.Process(
                target=_serve, args=(theirs, work), daemon=True
            )
            worker.start()
            theirs.close()
            busy[ours] = entry
            ours.send(entry[1])
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                key, job = busy.pop(ready)
                try:
                    answer = ready.recv()
                except EOFError:
                    msg = (
                        f"a process ended in the middle of {job.tape} at level {job.level} (was it "
                        "killed?); what is done is kept, the same command goes on from there"
                    )
                    raise WorkerDied(msg) from None
                if isinstance(answer, BaseException):
                    raise answer
                done(key, answer)
                following = next(waiting, None)
                if following is not None:
                    busy[ready] = following
                    ready.send(following[1])
    finally:
        for ours, one in workers.items():
            ours.close()
            one.terminate()
            one.join()


def _serve(connection: Connection, work: Work) -> None:
    """A worker: one job after the other, until nobody is there to ask for more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it says when to stop
    sys.stderr.flush()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            answer: Row | BaseException = work.do(job)
        except Exception as error:
            answer = error
        try:
            connection.send(answer)
        except OSError:
            return
