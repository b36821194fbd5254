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


CLASS_TRANSFER: Final = "accountClassTransfer"
OUTSIDE: Final = "0x" + "33" * 20
"""The other side of a movement from or to the outside."""
INTO: Final = ("deposit", "vaultWithdraw", "vaultDistribution", "vaultLeaderCommission", "rewardsClaim")
OUT_OF: Final = ("withdraw", "vaultDeposit", "vaultCreate", "activateDexAbstraction", "accountActivationGas")
WITHOUT_CASH: Final = ("cStakingTransfer", "spotGenesis")
EITHER: Final = ("send", "spotTransfer", "internalTransfer", "subAccountTransfer", "borrowLend", CLASS_TRANSFER)
OF_SPOT: Final = ("spotTransfer", "rewardsClaim", "borrowLend", "accountActivationGas")
KINDS: Final = (*INTO, *OUT_OF, *WITHOUT_CASH, *EITHER)


def moved(kind: str, address: str, usd: Decimal, nonce: int) -> dict[str, Any]:
    """The row of a movement of cash into an account (negative: out of it); of an unknown kind only its type.

    Raises ValueError where that kind only moves cash the other way, or none.
    """
    if (kind in INTO and usd <= 0) or (kind in OUT_OF and usd >= 0) or (kind in WITHOUT_CASH and usd != 0):
        way = "into an account" if kind in INTO else "out of an account" if kind in OUT_OF else "no USDC"
        raise ValueError(f"{kind} moves {way}, not {usd}")
    amount = number_text(abs(usd))
    sides = (OUTSIDE, address) if usd > 0 else (address, OUTSIDE)
    if kind in ("send", "spotTransfer"):
        row = _token_row(kind, *sides, abs(usd), nonce)
        return row | {"sourceDex": PERP, "destinationDex": PERP} if kind == "send" else row
    if kind in ("internalTransfer", "subAccountTransfer"):
        row = {"type": kind, "usdc": amount, "user": sides[0], "destination": sides[1]}
        return row if kind == "subAccountTransfer" else row | {"fee": "0.0"}
    return {"type": kind} | _fields_of(kind, address, usd, amount, nonce)


def _fields_of(kind: str, address: str, usd: Decimal, amount: str, nonce: int) -> dict[str, Any]:
    """What the rows with one side have beside their type."""
    vault = {"vault": OUTSIDE, "usdc": amount}
    fields: dict[str, dict[str, Any]] = {
        "deposit": {"usdc": amount},
        "withdraw": {"usdc": amount, "nonce": nonce, "fee": "0.0"},
        CLASS_TRANSFER: {"usdc": amount, "toPerp": usd > 0},
        "vaultCreate": vault | {"fee": "0.0"},
        "vaultDeposit": vault,
        "vaultDistribution": vault,
        "vaultLeaderCommission": {"user": address, "usdc": amount},
        "vaultWithdraw": {
            "vault": OUTSIDE,
            "user": address,
            "requestedUsd": amount,
            "commission": "0.0",
            "closingCost": "0.0",
            "basis": amount,
            "netWithdrawnUsd": amount,
        },
        "rewardsClaim": {"amount": amount, "token": "USDC"},
        "borrowLend": {
            "token": "USDC",
            "operation": "withdraw" if usd > 0 else "supply",
            "amount": amount,
            "interestAmount": "0.0",
        },
        "activateDexAbstraction": {"dex": "xyz", "token": "USDC", "amount": amount},
        "accountActivationGas": {"amount": amount, "token": "USDC"},
        "cStakingTransfer": {"token": "HYPE", "amount": "1.0", "isDeposit": True},
        "spotGenesis": {"token": "HYPE", "amount": "1.0"},
    }
    return fields.get(kind, {})
