"""Signatures: every recorded vector names its signer, on both networks."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.utils.signing import action_hash, sign_l1_action

from simulator.wire.actions.signatures import UnreadableSignature, l1_signers, user_signer

VECTORS = Path(__file__).parents[5] / "shared" / "data" / "hyperliquid" / "signing_vectors.json"


@pytest.fixture(scope="module")
def vectors() -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip("the recorded signing vectors are not here: ../shared/data/hyperliquid/signing_vectors.json")
    found: dict[str, Any] = json.loads(VECTORS.read_text(encoding="utf-8"))
    return found


def test_l1_vectors_recover_their_signer_on_both_networks(vectors: dict[str, Any]) -> None:
    signer = vectors["address"].lower()
    for vector in vectors["l1"]:
        body = {name: vector[name] for name in ("action", "nonce", "vaultAddress", "expiresAfter")}
        digest = action_hash(vector["action"], vector["vaultAddress"], vector["nonce"], vector["expiresAfter"])
        assert "0x" + digest.hex() == vector["connectionId"]
        for index, network in enumerate(("testnet", "mainnet")):
            assert list(l1_signers(body | {"signature": vector[network]}))[index] == signer, vector["name"]
    assert len(vectors["l1"]) + len(vectors["user_signed"]) == 28


def test_user_signed_vectors_recover_their_signer(vectors: dict[str, Any]) -> None:
    signer = vectors["address"].lower()
    checked = 0
    for vector in vectors["user_signed"]:
        kind = vector["name"].split("_")[0]
        for network in ("mainnet", "testnet"):
            action = vector.get(f"signed_action_{network}") or vector["signed_action_mainnet"] | {
                "hyperliquidChain": "Testnet"
            }
            body = {"action": {"type": kind} | action, "signature": vector[network]}
            assert user_signer(body) == signer, (vector["name"], network)
            checked += 1
    assert checked == 2 * len(vectors["user_signed"])


def test_a_changed_action_has_another_signer() -> None:
    wallet = Account.create()
    action = {"type": "cancel", "cancels": [{"a": 0, "o": 1}]}
    signature = sign_l1_action(wallet, action, None, 5, None, False)
    body = {"action": action, "nonce": 5, "signature": signature}
    assert next(l1_signers(body)) == wallet.address.lower()
    assert next(l1_signers(body | {"nonce": 6})) != wallet.address.lower()
    assert next(l1_signers(body | {"expiresAfter": 9})) != wallet.address.lower()


@pytest.mark.parametrize("signature", [{}, {"r": "zz", "s": "0x1", "v": 27}, {"r": "0x0", "s": "0x0", "v": 27}])
def test_an_unreadable_signature_is_refused(signature: dict[str, Any]) -> None:
    with pytest.raises(UnreadableSignature):
        next(l1_signers({"action": {"type": "noop"}, "nonce": 1, "signature": signature}))


def signed(wallet: Any, wire: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order as its client signed it, and the request that it sent."""
    action = {"type": "order", "orders": [wire], "grouping": "na"}
    return action, {"action": action, "nonce": 5, "signature": sign_l1_action(wallet, action, None, 5, None, False)}


WIRE = {"a": 0, "b": True, "p": "70000", "s": "0.1", "r": False, "t": {"limit": {"tif": "Gtc"}}}
STOP = {"trigger": {"isMarket": True, "triggerPx": "60000", "tpsl": "sl"}}


@pytest.mark.parametrize(
    "raw",
    [
        WIRE | {"p": "70000.0"},
        WIRE | {"s": "0.10"},
        WIRE | {"c": "0x" + "AB" * 16},
        WIRE | {"t": {"trigger": STOP["trigger"] | {"triggerPx": "60000.0"}}},
        dict(reversed(WIRE.items())),
    ],
)
def test_an_order_signed_in_another_form_recovers_another_signer(raw: dict[str, Any]) -> None:
    wallet = Account.create()
    _, body = signed(wallet, raw)
    assert wallet.address.lower() not in list(l1_signers(body))


@pytest.mark.parametrize("kind", [WIRE["t"], STOP])
def test_the_order_of_a_requests_fields_does_not_matter(kind: dict[str, Any]) -> None:
    wallet = Account.create()
    action, body = signed(wallet, WIRE | {"t": kind, "c": "0x" + "ab" * 16})
    [wire] = action["orders"]
    shuffled = {"grouping": "na", "orders": [dict(reversed(wire.items()))], "type": "order"}
    assert next(l1_signers(body | {"action": shuffled})) == wallet.address.lower()
