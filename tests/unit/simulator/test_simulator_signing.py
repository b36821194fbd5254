"""Signatures: every recorded vector names its signer, on both networks."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.utils.signing import action_hash

from simulator.signing import USER_SIGNED, UnreadableSignature, l1_signers, user_signer

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "hyperliquid" / "signing_vectors.json"


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
            assert l1_signers(body | {"signature": vector[network]})[index] == signer, vector["name"]
    assert len(vectors["l1"]) + len(vectors["user_signed"]) == 28


def test_user_signed_vectors_recover_their_signer(vectors: dict[str, Any]) -> None:
    signer = vectors["address"].lower()
    checked = 0
    for vector in vectors["user_signed"]:
        kind = vector["name"].split("_")[0].split("(")[0]
        if kind not in USER_SIGNED:
            continue
        for network in ("mainnet", "testnet"):
            action = vector.get(f"signed_action_{network}") or vector["signed_action_mainnet"] | {
                "hyperliquidChain": "Testnet"
            }
            body = {"action": {"type": kind} | action, "signature": vector[network]}
            assert user_signer(body) == signer, (vector["name"], network)
            checked += 1
    assert checked >= 6


def test_a_changed_action_has_another_signer() -> None:
    from hyperliquid.utils.signing import sign_l1_action

    wallet = Account.create()
    action = {"type": "cancel", "cancels": [{"a": 0, "o": 1}]}
    signature = sign_l1_action(wallet, action, None, 5, None, False)
    body = {"action": action, "nonce": 5, "signature": signature}
    assert l1_signers(body)[0] == wallet.address.lower()
    assert l1_signers(body | {"nonce": 6})[0] != wallet.address.lower()
    assert l1_signers(body | {"expiresAfter": 9})[0] != wallet.address.lower()


@pytest.mark.parametrize("signature", [{}, {"r": "zz", "s": "0x1", "v": 27}, {"r": "0x0", "s": "0x0", "v": 27}])
def test_what_is_no_signature_is_refused(signature: dict[str, Any]) -> None:
    with pytest.raises(UnreadableSignature):
        l1_signers({"action": {"type": "noop"}, "nonce": 1, "signature": signature})
