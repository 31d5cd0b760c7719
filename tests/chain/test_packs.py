"""What happens where npm is missing, cannot reach the registry, or brings something else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tests.chainkit.packs import Pack, unpacked

PACK = Pack("@some/contracts", "1.2.3", None)
PINNED = Pack("@some/contracts", "1.2.3", "AAAA")


@pytest.fixture(autouse=True)
def nothing_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("PAPERTRADER_REQUIRE_CHAIN", raising=False)


def put_npm(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An npm of ours, and nothing else but what it needs, on the path."""
    (folder / "bin").mkdir()
    npm = folder / "bin" / "npm"
    npm.write_text(f"#!/bin/sh\n{script}\n")
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}:/usr/bin:/bin")


def put_tarball(folder: Path) -> Path:
    path, content = folder / "made.tgz", b"hello"
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo("package/hello.txt")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return path


def test_without_npm_a_test_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="npm, which fetches @some/contracts, is not"):
        unpacked(PACK)


def test_where_npm_fails_the_reason_is_npms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_npm(tmp_path, monkeypatch, "echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(pytest.skip.Exception, match=r"@1\.2\.3: npm error code ENOTFOUND"):
        unpacked(PACK)
    monkeypatch.setenv("PAPERTRADER_REQUIRE_CHAIN", "1")
    with pytest.raises(pytest.fail.Exception, match="ENOTFOUND"):
        unpacked(PACK)


def test_what_was_fetched_once_is_not_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_npm(tmp_path, monkeypatch, f"echo x >> {tmp_path}/asked; cp {put_tarball(tmp_path)} .")
    for _ in range(2):
        assert (unpacked(PACK) / "hello.txt").read_text() == "hello"
    assert (tmp_path / "asked").read_text() == "x\n"


def test_what_is_not_what_was_pinned_is_refused_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_npm(tmp_path, monkeypatch, f"cp {put_tarball(tmp_path)} .")
    for _ in range(2):
        with pytest.raises(pytest.fail.Exception, match="is not what was pinned"):
            unpacked(PINNED)
