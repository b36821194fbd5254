"""Signatures of the official SDK: each names its signer, on both networks."""

import json
from typing import Any

import pytest
import signing_examples
from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action

from simulator.wire.actions.signatures import USER_SIGNED, UnreadableSignature, l1_signers, user_signer

SIGNER = signing_examples.WALLET.address.lower()


@pytest.mark.parametrize("name", signing_examples.L1)
def test_an_l1_action_of_the_sdk_recovers_its_signer(name: str) -> None:
    example = signing_examples.L1[name]
    testnet, mainnet = l1_signers(example.request("testnet"))
    assert (testnet == SIGNER, mainnet == SIGNER) == (True, False)
    testnet, mainnet = l1_signers(example.request("mainnet"))
    assert (testnet == SIGNER, mainnet == SIGNER) == (False, True)


@pytest.mark.parametrize("name", signing_examples.USER_SIGNED)
@pytest.mark.parametrize("network", signing_examples.NETWORKS)
def test_a_user_signed_action_of_the_sdk_recovers_its_signer(name: str, network: str) -> None:
    request = signing_examples.USER_SIGNED[name].request(network)
    assert request["action"]["hyperliquidChain"] == network.title()
    assert user_signer(request) == SIGNER


def test_every_user_signed_kind_has_an_example() -> None:
    kinds = {example.action["type"] for example in signing_examples.USER_SIGNED.values()}
    assert kinds == set(USER_SIGNED)


def test_the_sdk_signs_as_it_did_when_the_digests_were_taken() -> None:
    golden = json.loads(signing_examples.GOLDEN.read_text(encoding="utf-8"))
    assert signing_examples.signature_digests() == golden


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
