"""Compiled contracts: the ones that packages ship, and our own small ones through solc."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from functools import cache as once
from pathlib import Path
from typing import Any

import pytest

from tests.chainkit.packs import (
    SOLC,
    V2_CORE,
    V2_PERIPHERY,
    V3_CORE,
    V3_PERIPHERY,
    cache,
    one_at_a_time,
    unavailable,
    unpacked,
)

SOURCES = Path(__file__).parent / "contracts"
SHIPPED = {
    "WETH9": (V2_PERIPHERY, "build/WETH9.json"),
    "UniswapV2Factory": (V2_CORE, "build/UniswapV2Factory.json"),
    "UniswapV2Router02": (V2_PERIPHERY, "build/UniswapV2Router02.json"),
    **{
        name: (pack, f"artifacts/contracts/{folder}{name}.sol/{name}.json")
        for name, pack, folder in (
            ("UniswapV3Factory", V3_CORE, ""),
            ("SwapRouter", V3_PERIPHERY, ""),
            ("NonfungiblePositionManager", V3_PERIPHERY, ""),
            ("QuoterV2", V3_PERIPHERY, "lens/"),
        )
    },
}
#: solc's own JavaScript, without the package's wrapper, which needs more packages.
_RUN = """
const solc = require(process.argv[1]);
const compile = solc.cwrap('solidity_compile', 'string', ['string', 'number', 'number']);
process.stdout.write(compile(require('fs').readFileSync(0, 'utf8'), 0, 0));
"""


@once
def creation_code(name: str) -> str:
    """Bytecode that deploys a contract, as hex without 0x, constructor arguments to follow."""
    if name in SHIPPED:
        pack, path = SHIPPED[name]
        code: str = json.loads((unpacked(pack) / path).read_text())["bytecode"]
        return code.removeprefix("0x")
    return _own()[name]["creation"]


@once
def runtime_code(name: str) -> str:
    """Bytecode as it stands at an address, of a contract of our own without immutables."""
    return _own()[name]["runtime"]


@once
def _own() -> dict[str, dict[str, str]]:
    task = json.dumps(
        {
            "language": "Solidity",
            "sources": {
                file.name: {"content": file.read_text()} for file in sorted(SOURCES.glob("*.sol"))
            },
            "settings": {
                "optimizer": {"enabled": True, "runs": 200},
                "evmVersion": "paris",
                "metadata": {"bytecodeHash": "none"},
                "outputSelection": {
                    "*": {"*": ["evm.bytecode.object", "evm.deployedBytecode.object"]}
                },
            },
        }
    )
    key = hashlib.sha256(f"{SOLC.version} {task}".encode()).hexdigest()
    kept = cache() / "compiled" / f"{key}.json"
    soljson = unpacked(SOLC) / "soljson.js"
    with one_at_a_time():
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            half = kept.with_suffix(".half")
            half.write_text(json.dumps(_compile(soljson, task)))
            half.rename(kept)
    found: dict[str, dict[str, str]] = json.loads(kept.read_text())
    return found


def _compile(soljson: Path, task: str) -> dict[str, dict[str, str]]:
    node = shutil.which("node")
    if node is None:
        unavailable("node, which runs the Solidity compiler, is not installed")
        return {}
    done = subprocess.run(
        [node, "-e", _RUN, str(soljson)],
        input=task,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    if said := [error["formattedMessage"] for error in answer.get("errors", [])]:
        pytest.fail("\n".join(said), pytrace=False)
    return {
        name: {
            "creation": contract["evm"]["bytecode"]["object"],
            "runtime": contract["evm"]["deployedBytecode"]["object"],
        }
        for contracts in answer["contracts"].values()
        for name, contract in contracts.items()
    }
