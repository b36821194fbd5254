"""The golden files agree with the recordings they were derived from; skipped where those aren't beside the project."""

import json
from typing import Any

import pytest
from hyperliquid.utils.signing import action_hash
from hyperliquid_golden import RECORDINGS, derive_calibration, derive_shapes, load_golden

from simulator.wire.actions.signatures import l1_signers, user_signer

if not RECORDINGS.is_dir():
    pytest.skip(f"no recordings of Hyperliquid at {RECORDINGS}", allow_module_level=True)


def test_the_golden_shapes_are_those_of_the_recordings() -> None:
    assert derive_shapes(RECORDINGS) == load_golden("shapes.json")


def test_the_golden_calibration_is_that_of_the_recordings() -> None:
    recorded, golden = derive_calibration(RECORDINGS)["figures"], load_golden("calibration.json")["figures"]
    assert recorded.keys() == golden.keys()
    for figure, values in recorded.items():
        # Rounded to six digits: where another processor sums in another order, the last one may be another.
        assert golden[figure] == pytest.approx(values, rel=1e-4), figure


def test_recorded_signatures_name_their_signer_on_both_networks() -> None:
    vectors: dict[str, Any] = json.loads((RECORDINGS / "signing_vectors.json").read_text(encoding="utf-8"))
    signer = vectors["address"].lower()
    for vector in vectors["l1"]:
        body = {name: vector[name] for name in ("action", "nonce", "vaultAddress", "expiresAfter")}
        digest = action_hash(vector["action"], vector["vaultAddress"], vector["nonce"], vector["expiresAfter"])
        assert "0x" + digest.hex() == vector["connectionId"]
        for index, network in enumerate(("testnet", "mainnet")):
            assert list(l1_signers(body | {"signature": vector[network]}))[index] == signer, vector["name"]
    for vector in vectors["user_signed"]:
        kind = vector["name"].split("_")[0]
        for network in ("mainnet", "testnet"):
            chain = {"hyperliquidChain": network.title()}
            action = vector.get(f"signed_action_{network}") or vector["signed_action_mainnet"] | chain
            body = {"action": {"type": kind} | action, "signature": vector[network]}
            assert user_signer(body) == signer, (vector["name"], network)
    assert len(vectors["l1"]) + len(vectors["user_signed"]) == 28
