"""web3 costs a second or two to load: nothing loads it before a node is asked."""

import subprocess
import sys

PROGRAM = """
import importlib, pkgutil, sys
import papertrader_tui.chain as chain
names = [module.name for module in pkgutil.iter_modules(chain.__path__)]
assert {"rpc", "multicall", "provider"} <= set(names)
for name in names:
    if name != "provider":
        importlib.import_module("papertrader_tui.chain." + name)
from papertrader_tui import config
config.load(env={"HOME": sys.argv[1], "PAPERTRADER_RPC_BASE": "http://127.0.0.1:9/key"})
chain.rpc.Rpc("base", 8453, ["http://127.0.0.1:9/key"])
print(sorted({"web3", "aiohttp", "eth_abi", "requests"} & set(sys.modules)))
"""


def test_importing_and_opening_loads_no_web3(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
