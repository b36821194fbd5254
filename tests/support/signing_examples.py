"""Actions of every kind that Hyperliquid's SDK signs, signed by it at test time with a key of this project.

`tests/golden/hyperliquid/signatures.json` holds a digest of each signature: an SDK that signs differently is seen.
After a deliberate change write it again: `PYTHONPATH=tests/support python -m signing_examples`.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from hyperliquid.utils import signing

GOLDEN = Path(__file__).parents[1] / "golden" / "hyperliquid" / "signatures.json"
WALLET: Any = Account.from_key("0x" + "a1c0" * 16)
NETWORKS: Final = {"testnet": False, "mainnet": True}
NONCE: Final = 1_795_400_400_000
VAULT: Final = "0x" + "c4" * 20
CLOID: Final = "0x" + "ab" * 16
ADDRESS: Final = "0x" + "d5" * 20

Json = dict[str, Any]


def _wire(kind: Json | None = None, **more: Any) -> Json:
    wire = {"a": 1, "b": True, "p": "2345.6", "s": "0.75", "r": False, "t": kind or {"limit": {"tif": "Gtc"}}}
    return wire | more


def _order(*wires: Json, **more: Any) -> Json:
    return {"type": "order", "orders": list(wires), "grouping": "na"} | more


def _trigger(price: str, kind: str) -> Json:
    return {"trigger": {"isMarket": True, "triggerPx": price, "tpsl": kind}}


@dataclass(frozen=True, slots=True)
class L1Example:
    """An action signed through the phantom agent, with what else its hash covers."""

    action: Json
    vault_address: str | None = None
    expires_after_ms: int | None = None

    def request(self, network: str) -> Json:
        """The body of the request to /exchange, signed for that network."""
        signature = signing.sign_l1_action(
            WALLET, self.action, self.vault_address, NONCE, self.expires_after_ms, NETWORKS[network]
        )
        return {
            "action": self.action,
            "nonce": NONCE,
            "vaultAddress": self.vault_address,
            "expiresAfter": self.expires_after_ms,
            "signature": signature,
        }


@dataclass(frozen=True, slots=True)
class UserSignedExample:
    """An action signed as readable typed data, by the SDK's function for that kind."""

    action: Json
    sign: Callable[[Any, Json, bool], Json]

    def request(self, network: str) -> Json:
        """The body of the request to /exchange; the SDK adds the chain to the action while it signs."""
        action = dict(self.action)
        signature = self.sign(WALLET, action, NETWORKS[network])
        return {"action": action, "signature": signature}


_BRACKET = _order(
    _wire(),
    _wire(_trigger("2600.5", "tp"), b=False, p="2600.5", r=True),
    _wire(_trigger("2200.5", "sl"), b=False, p="1980.4", r=True),
    grouping="normalTpsl",
)
L1: Final[dict[str, L1Example]] = {
    "order Gtc": L1Example(_order(_wire())),
    "order Ioc": L1Example(_order(_wire({"limit": {"tif": "Ioc"}}))),
    "order Alo": L1Example(_order(_wire({"limit": {"tif": "Alo"}}))),
    "order with a client order id": L1Example(_order(_wire(c=CLOID))),
    "order of a stop loss": L1Example(_order(_wire(_trigger("2200.5", "sl")))),
    "order of a bracket": L1Example(_BRACKET),
    "order with a builder": L1Example(_order(_wire(), builder={"b": ADDRESS, "f": 15})),
    "order for a vault": L1Example(_order(_wire()), vault_address=VAULT),
    "order that expires": L1Example(_order(_wire()), expires_after_ms=NONCE + 30_000),
    "order for a vault that expires": L1Example(_order(_wire()), VAULT, NONCE + 30_000),
    "cancel": L1Example({"type": "cancel", "cancels": [{"a": 5, "o": 987_654_321_098}]}),
    "cancelByCloid": L1Example({"type": "cancelByCloid", "cancels": [{"asset": 5, "cloid": CLOID}]}),
    "modify": L1Example({"type": "modify", "oid": 987_654_321_098, "order": _wire()}),
    "batchModify": L1Example({"type": "batchModify", "modifies": [{"oid": CLOID, "order": _wire()}]}),
    "updateLeverage": L1Example({"type": "updateLeverage", "asset": 7, "isCross": False, "leverage": 8}),
    "updateIsolatedMargin": L1Example({"type": "updateIsolatedMargin", "asset": 7, "isBuy": True, "ntli": -2_500_000}),
    "scheduleCancel": L1Example({"type": "scheduleCancel"}),
    "scheduleCancel at a time": L1Example({"type": "scheduleCancel", "time": NONCE + 60_000}),
    "createSubAccount": L1Example({"type": "createSubAccount", "name": "hedge"}),
    "subAccountTransfer": L1Example(
        {"type": "subAccountTransfer", "subAccountUser": ADDRESS, "isDeposit": True, "usd": 25_000_000}
    ),
    "setReferrer": L1Example({"type": "setReferrer", "code": "ARENA"}),
    "noop": L1Example({"type": "noop"}),
    "a number of nine bytes": L1Example({"type": "dummy", "num": 3 * 10**12}),
}
_SEND_ASSET: Json = {
    "type": "sendAsset",
    "destination": ADDRESS,
    "sourceDex": "",
    "destinationDex": "spot",
    "token": "USDC",
    "amount": "12.5",
    "fromSubAccount": "",
    "nonce": NONCE,
}
_DELEGATE: Json = {"type": "tokenDelegate", "validator": ADDRESS, "wei": 5_000, "isUndelegate": False, "nonce": NONCE}
USER_SIGNED: Final[dict[str, UserSignedExample]] = {
    "usdSend": UserSignedExample(
        {"type": "usdSend", "destination": ADDRESS, "amount": "12.5", "time": NONCE}, signing.sign_usd_transfer_action
    ),
    "withdraw3": UserSignedExample(
        {"type": "withdraw3", "destination": ADDRESS, "amount": "12.5", "time": NONCE},
        signing.sign_withdraw_from_bridge_action,
    ),
    "spotSend": UserSignedExample(
        {"type": "spotSend", "destination": ADDRESS, "token": "USDC", "amount": "12.5", "time": NONCE},
        signing.sign_spot_transfer_action,
    ),
    "usdClassTransfer": UserSignedExample(
        {"type": "usdClassTransfer", "amount": "12.5", "toPerp": True, "nonce": NONCE},
        signing.sign_usd_class_transfer_action,
    ),
    "sendAsset": UserSignedExample(_SEND_ASSET, signing.sign_send_asset_action),
    "approveAgent": UserSignedExample(
        {"type": "approveAgent", "agentAddress": ADDRESS, "agentName": "arena", "nonce": NONCE}, signing.sign_agent
    ),
    "approveAgent without a name": UserSignedExample(
        {"type": "approveAgent", "agentAddress": ADDRESS, "agentName": "", "nonce": NONCE}, signing.sign_agent
    ),
    "approveBuilderFee": UserSignedExample(
        {"type": "approveBuilderFee", "maxFeeRate": "0.02%", "builder": ADDRESS, "nonce": NONCE},
        signing.sign_approve_builder_fee,
    ),
    "userSetAbstraction": UserSignedExample(
        {"type": "userSetAbstraction", "user": ADDRESS, "abstraction": "disabled", "nonce": NONCE},
        signing.sign_user_set_abstraction_action,
    ),
    "userDexAbstraction": UserSignedExample(
        {"type": "userDexAbstraction", "user": ADDRESS, "enabled": True, "nonce": NONCE},
        signing.sign_user_dex_abstraction_action,
    ),
    "tokenDelegate": UserSignedExample(_DELEGATE, signing.sign_token_delegate_action),
    "convertToMultiSigUser": UserSignedExample(
        {"type": "convertToMultiSigUser", "signers": "null", "nonce": NONCE},
        signing.sign_convert_to_multi_sig_user_action,
    ),
}
EXAMPLES: Final[dict[str, L1Example | UserSignedExample]] = {**L1, **USER_SIGNED}


def signature_digests() -> dict[str, dict[str, str]]:
    """By example and network, the SHA-256 of the signed request; the SDK's signatures are deterministic."""
    return {
        name: {network: _digest(example.request(network)) for network in NETWORKS} for name, example in EXAMPLES.items()
    }


def _digest(request: Json) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(signature_digests(), indent=1) + "\n", encoding="utf-8")
