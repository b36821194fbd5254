"""Recovers the signer of an action, for both kinds of signature and both networks.

No signature is invalid: a wrong one recovers another address.

Source: Hyperliquid docs, Signing; the hashing is the official SDK's own.
"""

from collections.abc import Iterator
from typing import Any, Final

from eth_account.messages import encode_typed_data
from eth_keys.datatypes import Signature
from eth_utils.crypto import keccak
from hyperliquid.utils.signing import action_hash, l1_payload

from simulator.wire.actions.action_encoding import canonical_action

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
            ("destination", "string"),
            ("sourceDex", "string"),
            ("destinationDex", "string"),
            ("token", "string"),
            ("amount", "string"),
            ("fromSubAccount", "string"),
            ("nonce", "uint64"),
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
    "userSetAbstraction": (
        "UserSetAbstraction",
        [("user", "address"), ("abstraction", "string"), ("nonce", "uint64")],
    ),
    "userDexAbstraction": (
        "UserDexAbstraction",
        [("user", "address"), ("enabled", "bool"), ("nonce", "uint64")],
    ),
    "tokenDelegate": (
        "TokenDelegate",
        [("validator", "address"), ("wei", "uint64"), ("isUndelegate", "bool"), ("nonce", "uint64")],
    ),
    "convertToMultiSigUser": ("ConvertToMultiSigUser", [("signers", "string"), ("nonce", "uint64")]),
}
_DOMAIN_FIELDS = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]


class UnreadableSignature(Exception):
    """r, s or v isn't a number, or lies outside the curve."""


_L1_DOMAIN: Final[bytes] = encode_typed_data(full_message=l1_payload({"source": "b", "connectionId": bytes(32)})).header
_AGENT_TYPE: Final = keccak(text="Agent(string source,bytes32 connectionId)")
_SOURCES: Final = (keccak(text="b"), keccak(text="a"))


def l1_signers(body: dict[str, Any]) -> Iterator[str]:
    """Addresses that may have signed an L1 action, lower-case: for testnet, which local clients sign for, then mainnet.

    Lazy: a signer is recovered when the iterator reaches it. Raises UnreadableSignature.
    """
    digest = action_hash(
        canonical_action(body["action"]), body.get("vaultAddress"), body["nonce"], body.get("expiresAfter")
    )
    for source in _SOURCES:
        yield _recover(_L1_DOMAIN, keccak(_AGENT_TYPE + source + digest), body["signature"])


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
    try:
        typed = encode_typed_data(full_message=data)
    except Exception as error:
        raise UnreadableSignature(str(error)) from error
    return _recover(typed.header, typed.body, body["signature"])


def _recover(domain: bytes, message: bytes, signature: dict[str, Any]) -> str:
    """The signer of typed data by its two hashes. r and s come as hex without zero padding, v as 27/28 or 0/1."""
    try:
        v = int(signature["v"])
        numbers = (v - 27 if v >= 27 else v, int(signature["r"], 16), int(signature["s"], 16))
        digest = keccak(b"\x19\x01" + domain + message)
        address = Signature(vrs=numbers).recover_public_key_from_msg_hash(digest).to_address()
    except Exception as error:
        raise UnreadableSignature(str(error)) from error
    return address.lower()
