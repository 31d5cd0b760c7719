"""The bytes of a tape: hashed, unpacked, decoded and cut into lines in constant memory."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from papertrader_tui.feeds.tape_report import TapeError, printable

BLOCK = 1 << 15
#: Longer lines are no rows of prices.
MAX_LINE = 4096
_GZIP = b"\x1f\x8b"


class DamagedTapeError(Exception):
    """A packed file that ends or breaks in the middle."""


class TapeFile:
    """One CSV file, plain or gzipped (told by its first bytes).

    Raises:
        TapeError: there is no such file, it is empty, or it may not be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = printable(path.name, 80)
        try:
            if not path.is_file():
                msg = (
                    f"tape {printable(str(path), 200)} is not a file; give the path of a CSV "
                    "file (.csv or .csv.gz)"
                )
                raise TapeError(msg)
            self.size = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(2)
        except OSError as error:
            msg = f"tape {self.name} cannot be read: {error.strerror}; check its permissions"
            raise TapeError(msg) from error
        if not self.size:
            msg = f"tape {self.name} is empty; it needs a header line and rows"
            raise TapeError(msg)
        self._packed = start == _GZIP
        self.position = 0

    def digest(self) -> str:
        """SHA-256 of the file as it is, in hex."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def blocks(self) -> Iterator[list[str]]:
        """The lines, some hundred at a time, without their ends; `position` follows.

        A line over MAX_LINE characters comes cut, but still longer than MAX_LINE.

        Raises:
            DamagedTapeError: the packed data is broken; what came before it is good.
        """
        decode = codecs.getincrementaldecoder("utf-8-sig")(errors="replace").decode
        tail = ""
        with self.path.open("rb") as raw:
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if self._packed else raw
            while True:
                try:
                    data = stream.read(BLOCK)
                except (OSError, EOFError, zlib.error) as error:
                    msg = f"the packed data breaks off here ({error})"
                    raise DamagedTapeError(msg) from error
                if not data:
                    break
                lines = (tail + decode(data)).replace("\r\n", "\n").split("\n")
                tail = lines.pop()
                if len(tail) > MAX_LINE:
                    tail = tail[: MAX_LINE + 1]
                yield lines
                self.position = raw.tell()
        if tail:
            yield [tail]
        self.position = self.size
