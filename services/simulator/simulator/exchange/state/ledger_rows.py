"""The rows of an account's ledger that transfers of USDC write, as userNonFundingLedgerUpdates prints them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from simulator.numbers import number_text

PERP: Final = ""
SPOT: Final = "spot"
DEXES: Final = (PERP, SPOT)


@dataclass(frozen=True, slots=True)
class Parties:
    """Whose cash moves to whom, and which balances of theirs: PERP or SPOT."""

    sender: str
    target: str
    source_dex: str = PERP
    target_dex: str = PERP


def send(parties: Parties, usd: Decimal, nonce: int) -> dict[str, Any]:
    """The row of sendAsset, by which the exchange's own page transfers."""
    row = _token_row("send", parties.sender, parties.target, usd, nonce)
    return row | {"sourceDex": parties.source_dex, "destinationDex": parties.target_dex}


def spot_transfer(sender: str, target: str, usd: Decimal, nonce: int) -> dict[str, Any]:
    return _token_row("spotTransfer", sender, target, usd, nonce)


def _token_row(kind: str, sender: str, target: str, usd: Decimal, nonce: int) -> dict[str, Any]:
    return {
        "type": kind,
        "user": sender,
        "destination": target,
        "token": "USDC",
        "amount": number_text(usd),
        "usdcValue": number_text(usd),
        "fee": "0.0",
        "nativeTokenFee": "0.0",
        "nonce": nonce,
        "feeToken": "",
    }


def rewards_claim(usd: Decimal) -> dict[str, Any]:
    return {"type": "rewardsClaim", "amount": number_text(usd), "token": "USDC"}
