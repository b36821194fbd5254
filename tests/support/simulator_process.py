"""The simulator as a real process, forked, and new accounts on it."""

import time
from collections.abc import Mapping
from pathlib import Path

from eth_account.signers.local import LocalAccount
from hyperliquid.utils import signing

from simulator.testing.process import Launched, SimulatorProcess
from support.forked import ForkedProcess


class ForkedSimulator(SimulatorProcess):
    """A `SimulatorProcess` that starts without importing anything again."""

    def launch(self, output: Path, variables: Mapping[str, str]) -> Launched:
        return ForkedProcess("simulator.main", output, variables)

    def open_account(self, owner: LocalAccount, wallets: Mapping[str, str], usd: str = "10000") -> None:
        """Pays money in and approves API wallets, by name, in the owner's name."""
        self.fund(owner.address, usd)
        for name, address in wallets.items():
            nonce_ms = time.time_ns() // 1_000_000
            action = {"type": "approveAgent", "agentAddress": address, "agentName": name, "nonce": nonce_ms}
            self.act(action=action, nonce=nonce_ms, signature=signing.sign_agent(owner, action, False))
