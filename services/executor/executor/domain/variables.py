"""Names of variables and what they may hold: known without any setting being read, as the kill switch needs it."""

from pathlib import Path
from typing import Final

MAINNET_HOST: Final = "api.hyperliquid.xyz"
API_URLS: Final = {"testnet": "https://api.hyperliquid-testnet.xyz", "mainnet": "https://api.hyperliquid.xyz"}
ADDRESS_PATTERN: Final = r"^0x[0-9a-fA-F]{40}$"
DATA_FOLDER: Final = Path(".aicoin/executor")
SECRET_FILES: Final = Path("/run/secrets")
"""As in `common.runtime.settings`, which the kill switch does without."""


def key_variable(contender_id: str) -> str:
    return f"HYPERLIQUID_PRIVATE_KEY_{contender_id.upper()}"


def account_variable(contender_id: str) -> str:
    return f"HYPERLIQUID_ACCOUNT_ADDRESS_{contender_id.upper()}"
