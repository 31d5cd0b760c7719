"""A local EVM node: anvil, listening on 127.0.0.1 only, its clock under control."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.chainkit.packs import anvil_pack, unpacked
from tests.chainkit.rpc import Rpc, calldata

HOST = "127.0.0.1"
GENESIS = 1_750_000_000  # seconds; any, so long as it is the same in every run
BLOCK_SECONDS = 12
_PATIENCE = 20.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of the chain to come back to."""

    name: str
    next_base_fee: str


class Anvil:
    """A node of our own: one block per `send`, each 12 seconds after the last.

    Accounts are unlocked: `send` needs no key.

    Attributes:
        rpc_url: Stays the same over `kill` and `restart`.
        accounts: Rich ones, in checksum case as the node gives them.
        starts: How often it was started.
        state: What it begins with at a start: a file of `dump`, or None for an empty chain.
        follows_clock: Whether blocks carry the machine's time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        state: Path | None = None,
        genesis: int = GENESIS,
        chain_id: int = 31337,
        block_time: int | None = None,
    ) -> None:
        """Prepare a node.

        Args:
            folder: Where it may write.
            state: A file of `dump`, to begin with.
            genesis: Time of the first block.
            chain_id: What it calls itself.
            block_time: Mine every so many seconds of the machine's clock, not by `send` and `mine`.
        """
        self.folder = folder
        self.state = state
        self.starts = 0
        self.accounts: list[str] = []
        self._binary = unpacked(anvil_pack()) / "bin" / "anvil"
        self._options = ["--chain-id", str(chain_id)]
        self._genesis = genesis
        self.follows_clock = block_time is not None
        # Mined when `send` says so, and not by the node as transactions come in: a receipt would
        # then be there before its transaction is out of the mempool, and a revert in between
        # leaves the next one waiting for a nonce that never comes.
        self._mines = block_time is not None
        self._options += (
            ["--no-mining"] if block_time is None else ["--block-time", str(block_time)]
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._rpc: Rpc | None = None

    def __enter__(self) -> Anvil:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def rpc_url(self) -> str:
        return f"http://{HOST}:{self._port}"

    @property
    def running(self) -> bool:
        return self._rpc is not None

    @property
    def rpc(self) -> Rpc:
        if self._rpc is None:
            msg = "the node is not running; start it"
            raise RuntimeError(msg)
        return self._rpc

    def start(self) -> None:
        """Start, and return when it answers."""
        self._port = self._port or _free_port()
        words = [str(self._binary), "--silent", "--host", HOST, "--port", str(self._port)]
        now = self._genesis
        if self.state is not None:
            words += ["--load-state", str(self.state)]
            # A state brings its blocks, not its clock, which would begin anew.
            now = int(json.loads(self.state.read_text())["block"]["timestamp"], 16)
        words += ["--timestamp", str(now)]
        self.folder.mkdir(parents=True, exist_ok=True)
        # Its caches go where HOME says; it needs nothing else of ours.
        env = {"HOME": str(self.folder), "PATH": os.environ.get("PATH", "")}
        with (self.folder / "anvil.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*words, *self._options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, cwd=self.folder,
            )  # fmt: skip
        self._rpc = Rpc(self.rpc_url)
        try:
            self._wait(self._process)
            if self.follows_clock:
                self.rpc.call("evm_setTime", int(time.time()))
            else:
                self.keep_own_clock()
        except BaseException:
            self.stop()
            raise
        self.starts += 1

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                self.accounts = self.rpc.call("eth_accounts")
            except OSError:
                time.sleep(0.01)
            else:
                # If it is not this one that answers, another has its port.
                if process.poll() is None:
                    return
            if process.poll() is not None or time.monotonic() > until:
                said = (self.folder / "anvil.log").read_text(errors="replace")[-2_000:]
                msg = f"anvil did not start on port {self._port}: {said}"
                raise RuntimeError(msg)

    def kill(self) -> None:
        """Kill it as a crash would; nothing is kept that `dump` has not written."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._rpc is not None:
            self._rpc.close()
            self._rpc = None

    stop = kill

    def restart(self) -> None:
        """After `kill`: on the same port, with the state it was given or last dumped."""
        self.kill()
        self.start()

    def dump(self, name: str = "state.json") -> Path:
        """Write the chain as it is now to a file, and begin from it at the next start."""
        packed = bytes.fromhex(self.rpc.call("anvil_dumpState")[2:])
        self.state = self.folder / name
        self.state.write_bytes(gzip.decompress(packed))
        return self.state

    # -- blocks and time

    @property
    def block(self) -> dict[str, Any]:
        """The head's header."""
        header: dict[str, Any] = self.rpc.call("eth_getBlockByNumber", "latest", False)
        return header

    @property
    def number(self) -> int:
        return int(self.rpc.call("eth_blockNumber"), 16)

    @property
    def timestamp(self) -> int:
        return int(self.block["timestamp"], 16)

    def mine(self, blocks: int = 1) -> None:
        """Empty blocks, or one with what is waiting."""
        for _ in range(blocks):
            self.rpc.call("evm_mine")

    def jump(self, seconds: int) -> None:
        """Mine an empty block so much later."""
        self.rpc.call("evm_setNextBlockTimestamp", self.timestamp + seconds)
        self.mine()

    def keep_own_clock(self) -> None:
        """From now on each block is 12 seconds after its parent, as from the start."""
        self.follows_clock = False
        self.rpc.call("anvil_setBlockTimestampInterval", BLOCK_SECONDS)

    def follow_clock(self) -> None:
        """From now on blocks carry the machine's time: for programs that look at it."""
        self.follows_clock = True
        self.rpc.call("anvil_removeBlockTimestampInterval")
        self.rpc.call("evm_setTime", int(time.time()))
        self.mine()

    def snapshot(self) -> Snapshot:
        mark, fees = self.rpc.batch(
            [("evm_snapshot", ()), ("eth_feeHistory", ("0x1", "latest", ()))]
        )
        return Snapshot(mark, fees["baseFeePerGas"][-1])

    def revert(self, mark: Snapshot) -> None:
        """Back to a snapshot, which is used up by it."""
        if self.rpc.call("evm_revert", mark.name) is not True:
            msg = f"there is no snapshot {mark.name}; it was used, or the node restarted"
            raise RuntimeError(msg)
        # The node takes back its blocks, but not what it has found for the next one.
        self.set_next_base_fee(int(mark.next_base_fee, 16))

    def set_next_base_fee(self, wei: int) -> None:
        """Base fee per gas of the next block; those after it follow from it."""
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(wei))

    # -- transactions

    def send(
        self,
        sender: str,
        to: str | None,
        data: str = "0x",
        *,
        value: int = 0,
        gas: int = 15_000_000,
        wait: bool = True,
    ) -> dict[str, Any]:
        """Send a transaction, and mine it.

        Args:
            sender: One of `accounts`.
            to: An address, or None to create a contract.
            data, value, gas: Calldata or creation code; wei; limit.
            wait: False leaves it to the next block, `mine`.

        Returns:
            Its receipt, or {"transactionHash": …} where it is not waited for.

        Raises:
            RuntimeError: it reverted.
        """
        body = {"from": sender, "data": data, "value": hex(value), "gas": hex(gas)}
        if to is not None:
            body["to"] = to
        sent: str = self.rpc.call("eth_sendTransaction", body)
        if not wait:
            return {"transactionHash": sent}
        if not self._mines:
            self.mine()
        receipt = self._receipt(sent)
        if receipt["status"] != "0x1":
            msg = f"transaction {sent} to {to} reverted"
            raise RuntimeError(msg)
        return receipt

    def _receipt(self, sent: str) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while True:
            receipt: dict[str, Any] | None = self.rpc.call("eth_getTransactionReceipt", sent)
            if receipt is not None:
                return receipt
            if not self._mines or time.monotonic() > until:
                msg = f"transaction {sent} was not mined; is the block full?"
                raise RuntimeError(msg)
            time.sleep(0.05)

    def transact(
        self, sender: str, to: str, signature: str, *args: Any, value: int = 0
    ) -> dict[str, Any]:
        """Call a contract in a transaction; its receipt."""
        return self.send(sender, to, calldata(signature, *args), value=value)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port
