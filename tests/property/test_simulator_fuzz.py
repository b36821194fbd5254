"""No request, however malformed, breaks the simulator: it gets the real exchange's kind of answer."""

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from httpx import ASGITransport, AsyncClient
from hyperliquid.utils.signing import sign_l1_action, sign_user_signed_action
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.exchange.world import World
from simulator.server.http import Server
from simulator.server.storage.store import Store
from simulator.wire.actions.action_encoding import canonical_action
from simulator.wire.actions.dispatch import L1_HANDLERS
from simulator.wire.actions.signatures import USER_SIGNED
from simulator.wire.info.dispatch import ANSWERS

NOW = 1_795_400_400_000
WALLET = Account.from_key("0x" + "17" * 32)
USER = WALLET.address.lower()

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(["BTC", "ETH", USER, "0x", "1", "-1", "1e400", "0.1", "1h", "Gtc", "sl", "na"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "user",
        "coin",
        "req",
        "interval",
        "startTime",
        "endTime",
        "oid",
        "id",
        "nSigFigs",
        "mantissa",
        "dex",
        "aggregateByTime",
    ]
)
requests = st.fixed_dictionaries({"type": st.sampled_from(sorted(ANSWERS))}).flatmap(
    lambda head: st.dictionaries(fields, values, max_size=5).map(lambda more: more | head)
)
parts = {
    "orders": st.lists(st.dictionaries(st.sampled_from("abpsrtc"), values, max_size=7) | values, max_size=3),
    "cancels": st.lists(st.dictionaries(st.sampled_from(["a", "o", "asset", "cloid"]), values, max_size=4), max_size=3),
    "modifies": st.lists(st.dictionaries(st.sampled_from(["oid", "order"]), values, max_size=2), max_size=2),
    "grouping": st.sampled_from(["na", "normalTpsl", "positionTpsl"]) | values,
    "twap": st.dictionaries(st.sampled_from("absrmt"), values, max_size=6) | values,
    **dict.fromkeys(
        ("asset", "leverage", "isCross", "ntli", "time", "name", "usd", "weight", "oid", "order", "a", "t"), values
    ),
}
bodies = st.fixed_dictionaries({"type": st.sampled_from(sorted(L1_HANDLERS))}, optional=parts)
calm = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    world = World(1, NOW)
    world.enforces_limits = False
    world.exchange.deposit(USER, Decimal(10_000), NOW)
    server = Server(world, Store(tmp_path_factory.mktemp("fuzz")), lambda: NOW, {})
    server.persist_changes()
    return server


def post(server: Server, path: str, content: bytes) -> Any:
    async def ask() -> Any:
        transport = ASGITransport(server.app, raise_app_exceptions=True)
        async with AsyncClient(transport=transport, base_url="http://simulator") as client:
            return await client.post(path, content=content)

    return asyncio.run(ask())


@calm
@given(requests)
def test_any_info_request_is_answered_or_unreadable(server: Server, body: dict[str, Any]) -> None:
    answer = post(server, "/info", json.dumps(body).encode())
    assert answer.status_code in (200, 422, 500)
    if answer.status_code == 500:
        assert answer.text == "null"
        assert body["type"] in ("l2Book", "candleSnapshot")


@calm
@given(bodies, st.integers(NOW - 10**6, NOW + 10**6))
def test_any_signed_action_is_executed_refused_or_unreadable(
    server: Server, action: dict[str, Any], nonce: int
) -> None:
    try:
        signature = sign_l1_action(WALLET, canonical_action(action), None, nonce, None, is_mainnet=False)
    except (OverflowError, ValueError, TypeError):
        return  # No client can sign what msgpack can't hold.
    body = {"action": action, "nonce": nonce, "signature": signature, "vaultAddress": None, "expiresAfter": None}
    answer = post(server, "/exchange", json.dumps(body).encode())
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert answer.json()["status"] in ("ok", "err")


user_fields = {
    field: values | st.sampled_from(["1", "0.01%", USER, "", "USDC", "disabled"])
    for _, rows in USER_SIGNED.values()
    for field, _ in rows
}
user_actions = st.sampled_from(sorted(USER_SIGNED)).flatmap(
    lambda kind: st.fixed_dictionaries(
        {"type": st.just(kind), "hyperliquidChain": st.sampled_from(["Testnet", "Mainnet"]) | values}
        | {"signatureChainId": st.just("0x66eee") | values},
        optional=user_fields,
    )
)
numbers = st.integers(-(2**70), 2**70).map(hex) | values
envelopes = st.fixed_dictionaries(
    {},
    optional={
        "nonce": st.just(NOW) | values,
        "signature": st.dictionaries(st.sampled_from("rsv"), numbers, max_size=3) | values,
        "vaultAddress": st.just(USER) | values,
        "expiresAfter": st.just(NOW) | values,
    },
)


@calm
@given(user_actions | bodies, envelopes)
def test_any_envelope_round_any_action(server: Server, action: dict[str, Any], envelope: dict[str, Any]) -> None:
    answer = post(server, "/exchange", json.dumps({"action": action} | envelope).encode())
    assert answer.status_code in (200, 422)
    if answer.status_code == 200:
        assert answer.json()["status"] in ("ok", "err")


@calm
@given(user_actions, st.integers(NOW - 10**6, NOW + 10**6))
def test_any_user_signed_action(server: Server, action: dict[str, Any], nonce: int) -> None:
    """The body with its signature; one that no client could sign gets the signature of another."""
    name, rows = USER_SIGNED[action["type"]]
    stamp = "time" if any(field == "time" for field, _ in rows) else "nonce"
    action = action | {stamp: nonce}
    kinds = [{"name": field, "type": kind} for field, kind in [("hyperliquidChain", "string"), *rows]]
    try:
        signature = sign_user_signed_action(WALLET, dict(action), kinds, f"HyperliquidTransaction:{name}", False)
    except Exception:
        signature = sign_l1_action(WALLET, {"type": "noop"}, None, nonce, None, is_mainnet=False)
    answer = post(server, "/exchange", json.dumps({"action": action, "nonce": nonce, "signature": signature}).encode())
    assert answer.status_code in (200, 422)


@calm
@given(
    st.binary(max_size=60) | values.map(lambda value: json.dumps(value).encode()),
    st.sampled_from(["/info", "/exchange"]),
)
def test_any_bytes_are_answered(server: Server, content: bytes, path: str) -> None:
    assert post(server, path, content).status_code in (422, 200)


@pytest.mark.parametrize("path", ["/info", "/exchange", "/faucet"])
@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"[" * 100_000, 422),
        (b'{"a":' * 50_000, 422),
        (b" " * 100_000_000, 413),
        (b'{"type":NaN}', 422),
        (b"9" * 10_000, 422),
    ],
)
def test_bodies_beyond_the_limit_are_refused(server: Server, path: str, content: bytes, status: int) -> None:
    assert post(server, path, content).status_code == (400 if path == "/faucet" else status)
