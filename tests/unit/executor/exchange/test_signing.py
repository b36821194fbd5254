"""Signed bytes: what they say, who signed them, and that no two carry one nonce."""

import json
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.utils.signing import recover_agent_or_user_from_l1_action, sign_l1_action
from hypothesis import given
from hypothesis import strategies as st

from common.events import OrderRole
from common.trading.instruments import Symbol
from executor.domain.order import OrderSpec, SignedAction, client_order_id
from executor.exchange.errors import InvalidKey
from executor.exchange.order_requests import order_request
from executor.exchange.signing import ApiWallet, L1Signer, SigningExchange

KEY = "0x" + "17" * 32
ADDRESS = "0x" + "ab" * 20
META = {"universe": [{"szDecimals": 5, "name": "BTC", "maxLeverage": 40}, {"szDecimals": 4, "name": "ETH"}]}
LIFE_MS = 15_000


class SettableClock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.ms = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def instant() -> SettableClock:
    return SettableClock()


@pytest.fixture
def signer(instant: SettableClock) -> SigningExchange:
    return SigningExchange(
        wallet=ApiWallet(KEY),
        url="http://127.0.0.1:1",
        address=ADDRESS,
        meta=META,
        timeout_s=1.0,
        action_life_ms=LIFE_MS,
        now_ms=instant.now_ms,
    )


def order(**given: Any) -> OrderSpec:
    values: dict[str, Any] = {
        "symbol": Symbol.BTC,
        "is_buy": True,
        "size_coin": Decimal("0.00120"),
        "price": Decimal("117551"),
        "client_order_id": client_order_id("intent", OrderRole.ENTRY),
        "reduce_only": False,
    }
    return OrderSpec(**(values | given))


def signed(signer: SigningExchange, *orders: OrderSpec, grouping: str = "na") -> SignedAction:
    return signer.sign_orders([order_request(each) for each in orders], grouping)


def test_the_bytes_hold_the_order_as_the_exchange_writes_it(signer: SigningExchange, instant: SettableClock) -> None:
    stop = order(trigger_price=Decimal("111670"), kind="sl", is_buy=False, reduce_only=True, price=Decimal("100510"))
    body = json.loads(signed(signer, order(), stop, grouping="normalTpsl").body)
    assert body["expiresAfter"] == instant.ms + LIFE_MS
    assert body["vaultAddress"] is None
    assert body["action"]["grouping"] == "normalTpsl"
    first, second = body["action"]["orders"]
    assert (first["a"], first["b"], first["p"], first["s"], first["r"]) == (0, True, "117551", "0.0012", False)
    assert first["t"] == {"limit": {"tif": "Ioc"}}
    assert first["c"] == client_order_id("intent", OrderRole.ENTRY)
    assert second["t"] == {"trigger": {"isMarket": True, "triggerPx": "111670", "tpsl": "sl"}}
    assert second["r"] is True


def test_the_signature_is_of_these_very_bytes(signer: SigningExchange) -> None:
    body = json.loads(signed(signer, order()).body)
    signers = [
        recover_agent_or_user_from_l1_action(
            body["action"], body["signature"], None, body["nonce"], body["expiresAfter"], is_mainnet
        )
        for is_mainnet in (False, True)
    ]
    assert signers[0] == Account.from_key(KEY).address
    assert signers[1] != signers[0]


def test_nonces_rise_though_the_clock_stands_still_or_goes_back(
    signer: SigningExchange, instant: SettableClock
) -> None:
    nonces = [signed(signer, order()).nonce for _ in range(5)]
    instant.ms -= 60_000
    nonces.append(signed(signer, order()).nonce)
    assert nonces == list(range(nonces[0], nonces[0] + 6))
    instant.ms += 120_000
    assert signed(signer, order()).nonce == instant.ms


def test_leverage_is_set_to_isolated(signer: SigningExchange) -> None:
    body = json.loads(signer.sign_isolated_leverage("ETH", 7).body)
    assert body["action"] == {"type": "updateLeverage", "asset": 1, "isCross": False, "leverage": 7}


def test_a_cancellation_names_asset_and_order(signer: SigningExchange) -> None:
    body = json.loads(signer.sign_cancels([{"coin": "ETH", "oid": 5}]).body)
    assert body["action"] == {"type": "cancel", "cancels": [{"a": 1, "o": 5}]}


def test_nonces_go_on_above_those_used_before() -> None:
    signer = SigningExchange(
        wallet=ApiWallet(KEY),
        url="http://127.0.0.1:1",
        address=ADDRESS,
        meta=META,
        timeout_s=1.0,
        action_life_ms=LIFE_MS,
        now_ms=lambda: 5,
        used_nonce=1_000,
    )
    assert signed(signer, order()).nonce == 1_001


@given(key=st.integers(1, 2**255), nonce=st.integers(0, 2**53), is_mainnet=st.booleans(), number=st.integers(0, 2**40))
def test_a_signature_equals_the_sdks(key: int, nonce: int, is_mainnet: bool, number: int) -> None:
    theirs, own = Account.from_key(f"0x{key:064x}"), ApiWallet(f"0x{key:064x}")
    assert own.address == theirs.address
    action = {"type": "order", "orders": [{"a": number}], "grouping": "na"}
    expected = sign_l1_action(theirs, action, None, nonce, nonce + 1, is_mainnet)
    assert L1Signer(own, is_mainnet=is_mainnet).sign(action, nonce, nonce + 1) == expected


def test_orders_are_built_as_the_sdk_builds_them(signer: SigningExchange) -> None:
    stop = order(trigger_price=Decimal("111670"), kind="sl", is_buy=False, reduce_only=True, price=Decimal("100510"))
    requests = [order_request(order()), order_request(stop)]
    theirs = Exchange.bulk_orders(signer, requests, grouping="normalTpsl")
    own = signer.sign_orders(requests, "normalTpsl")
    assert json.loads(own.body)["action"] == json.loads(theirs.body)["action"]


def test_a_wallet_does_not_show_its_key() -> None:
    assert KEY[2:] not in repr(ApiWallet(KEY)) + str(ApiWallet(KEY))
    with pytest.raises(InvalidKey) as refused:
        ApiWallet(KEY + "0")
    assert KEY[2:] not in str(refused.value)
