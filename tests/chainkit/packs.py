"""npm packages at pinned versions, in a cache outside the tree: the node, contracts, the compiler.

Nothing of them is committed. Each is fetched once by `npm pack`, its SHA-512 compared with the one
npm records for that version, and unpacked. What cannot be had skips the tests that need it, with
the reason; PAPERTRADER_REQUIRE_CHAIN=1 makes that a failure.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: One more try, soon: without a network every test that asks waits for npm to give up.
_RETRIES = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000")


@dataclass(frozen=True, slots=True)
class Pack:
    """A version of a package; `sha512` is npm's `dist.integrity` without its prefix.

    Without one the package is held to what the registry says at the time, by npm.
    """

    name: str
    version: str
    sha512: str | None

    @property
    def folder(self) -> str:
        return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}"


V2_CORE = Pack(
    "@uniswap/v2-core",
    "1.0.1",
    "MtybtkUPSyysqLY2U210NBDeCHX+ltHt3oADGdjqoThZaFRDKwM6k1Nb3F0A3hk5hwuQvytFWhrWHOEq6nVJ8Q==",
)
V2_PERIPHERY = Pack(
    "@uniswap/v2-periphery",
    "1.1.0-beta.0",
    "6dkwAMKza8nzqYiXEr2D86dgW3TTavUvCR0w2Tu33bAbM8Ah43LKAzH7oKKPRT5VJQaMi1jtkGs1E8JPor1n5g==",
)
V3_CORE = Pack(
    "@uniswap/v3-core",
    "1.0.1",
    "7pVk4hEm00j9tc71Y9+ssYpO6ytkeI0y7WE9P6UcmNzhxPePwyAxImuhVsTqWK9YFvzgtvzJHi64pBl4jUzKMQ==",
)
V3_PERIPHERY = Pack(
    "@uniswap/v3-periphery",
    "1.4.4",
    "S4+m+wh8HbWSO3DKk4LwUCPZJTpCugIsHrWR86m/OrUyvSqGDTXKFfc2sMuGXCZrD1ZqO3rhQsKgdWg3Hbb2Kw==",
)
SOLC = Pack(
    "solc",
    "0.8.37",
    "ieUYdPDRGNKMsZpCfi9tY64Q+ASoL8tyhLuvf9cFiqDs+6ijlx8Wn2CRi0N71AlCvRx0V092rlUYu3b3PuxWlA==",
)
ANVIL_VERSION = "1.7.1"
ANVIL_SHA512 = {
    "linux-amd64": (
        "+XmShybEaxfCrr0OUUZwYEy2OnYZt5pHH9TzBtLv3+VrK0O/ANuNSVEahqNhKHlgX7GRJ59383ofNhxkRWIYTg=="
    ),
    "linux-arm64": None,
    "darwin-amd64": None,
    "darwin-arm64": None,
}


def unavailable(reason: str) -> None:
    """Skip the test that asked, or fail it where the chain tests are required."""
    if os.environ.get("PAPERTRADER_REQUIRE_CHAIN") == "1":
        pytest.fail(f"PAPERTRADER_REQUIRE_CHAIN is set, but {reason}", pytrace=False)
    pytest.skip(reason)


def cache() -> Path:
    """The folder all of this is kept in, made if it is not there."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "papertrader-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Held while something is put into the cache, since test processes share it."""
    with (cache() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def anvil_pack() -> Pack:
    """The node for this machine."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    kind = f"{sys.platform}-{machine}"
    if kind not in ANVIL_SHA512:
        unavailable(f"there is no package of anvil for {kind}")
    return Pack(f"@foundry-rs/anvil-{kind}", ANVIL_VERSION, ANVIL_SHA512[kind])


def unpacked(pack: Pack) -> Path:
    """The folder with a package's files."""
    target = cache() / pack.folder
    if not target.exists():
        with one_at_a_time():
            if not target.exists():
                _fetch(pack, target)
    return target / "package"


def _fetch(pack: Pack, target: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        unavailable(f"npm, which fetches {pack.name}, is not installed")
        return
    with tempfile.TemporaryDirectory(dir=cache()) as name:
        folder = Path(name)
        done = subprocess.run(
            [npm, "pack", f"{pack.name}@{pack.version}", *_RETRIES],
            cwd=folder,
            capture_output=True,
            encoding="utf-8",
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if line.startswith("npm error")]
            said = (errors or ["it said nothing"])[0]
            unavailable(f"npm could not fetch {pack.name}@{pack.version}: {said}")
            return
        tarball = next(folder.glob("*.tgz"))
        digest = base64.b64encode(hashlib.sha512(tarball.read_bytes()).digest()).decode()
        if pack.sha512 not in {None, digest}:
            pytest.fail(f"{pack.name}@{pack.version} is not what was pinned: sha512-{digest}")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder / "files", filter="data")
        (folder / "files").rename(target)
