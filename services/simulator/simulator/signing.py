"""Who signed an action: recovery for both kinds of signature and both networks. There is no "invalid" signature.

Source: Hyperliquid docs, Signing; the official SDK's own hashing is used, so that it and we can't drift apart.
"""

from typing import Any, Final

from eth_account import Account
from eth_account.messages import encode_typed_data
from hyperliquid.utils.signing import action_hash, l1_payload

USER_SIGNED: Final[dict[str, tuple[str, list[tuple[str, str]]]]] = {
    "usdSend": ("UsdSend", [("destination", "string"), ("amount", "string"), ("time", "uint64")]),
    "withdraw3": ("Withdraw", [("destination", "string"), ("amount", "string"), ("time", "uint64")]),
    "spotSend": (
        "SpotSend",
        [("destination", "string"), ("token", "string"), ("amount", "string"), ("time", "uint64")],
    ),
    "usdClassTransfer": ("UsdClassTransfer", [("amount", "string"), ("toPerp", "bool"), ("nonce", "uint64")]),
    "sendAsset": (
        "SendAsset",
        [
            *(("destination", "string"), ("sourceDex", "string"), ("destinationDex", "string"), ("token", "string")),
            *(("amount", "string"), ("fromSubAccount", "string"), ("nonce", "uint64")),
        ],
    ),
    "approveAgent": (
        "ApproveAgent",
        [("agentAddress", "address"), ("agentName", "string"), ("nonce", "uint64")],
    ),
    "approveBuilderFee": (
        "ApproveBuilderFee",
        [("maxFeeRate", "string"), ("builder", "address"), ("nonce", "uint64")],
    ),
}
_DOMAIN_FIELDS = [
    *({"name": "name", "type": "string"}, {"name": "version", "type": "string"}),
    *({"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}),
]


class UnreadableSignature(Exception):
    """r, s or v isn't a number, or lies outside the curve."""


def l1_signers(body: dict[str, Any]) -> list[str]:
    """Addresses that may have signed an L1 action: one per network, lower-case."""
    action, nonce = body["action"], body["nonce"]
    digest = action_hash(action, body.get("vaultAddress"), nonce, body.get("expiresAfter"))
    networks = (False, True)
    return [_recover(l1_payload_of(digest, is_mainnet), body["signature"]) for is_mainnet in networks]


def l1_payload_of(digest: bytes, is_mainnet: bool) -> dict[str, Any]:
    """The typed data of an L1 action's digest on one network."""
    payload: dict[str, Any] = l1_payload({"source": "a" if is_mainnet else "b", "connectionId": digest})
    return payload


def user_signer(body: dict[str, Any]) -> str:
    """The address that signed a user-signed action, lower-case."""
    action = body["action"]
    name, fields = USER_SIGNED[action["type"]]
    all_fields = [("hyperliquidChain", "string"), *fields]
    message = {field: action.get(field, "") for field, _ in all_fields}
    data = {
        "domain": {
            "name": "HyperliquidSignTransaction",
            "version": "1",
            "chainId": int(action["signatureChainId"], 16),
            "verifyingContract": "0x0000000000000000000000000000000000000000",
        },
        "types": {
            f"HyperliquidTransaction:{name}": [{"name": field, "type": kind} for field, kind in all_fields],
            "EIP712Domain": _DOMAIN_FIELDS,
        },
        "primaryType": f"HyperliquidTransaction:{name}",
        "message": message,
    }
    return _recover(data, body["signature"])


def _recover(data: dict[str, Any], signature: dict[str, Any]) -> str:
    """r and s come as hex without zero padding, v as 27/28 or 0/1."""
    try:
        v = int(signature["v"])
        numbers = (v + 27 if v < 27 else v, int(signature["r"], 16), int(signature["s"], 16))
        address: str = Account.recover_message(encode_typed_data(full_message=data), vrs=numbers)
    except Exception as error:
        raise UnreadableSignature(str(error)) from error
    return address.lower()
