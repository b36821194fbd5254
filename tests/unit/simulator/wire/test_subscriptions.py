"""Subscription keys by listing, and the acknowledgment's form."""

from typing import Any

import pytest

from simulator.wire.streams.subscriptions import InvalidSubscription, echoed, key_of, user_in

USER = "0x" + "Ab" * 20


@pytest.mark.parametrize(
    ("subscription", "key"),
    [
        ({"type": "allMids"}, ("allMids",)),
        ({"type": "trades", "coin": "HYPE"}, ("trades", "HYPE")),
        ({"type": "l2Book", "coin": "BTC", "nSigFigs": 5, "mantissa": 2}, ("l2Book", "BTC", 5, 2, False)),
        ({"type": "userFills", "user": USER}, ("userFills", USER.lower())),
        ({"type": "activeAssetData", "user": USER, "coin": "BTC"}, ("activeAssetData", USER.lower(), "BTC")),
    ],
)
def test_a_key_identifies_a_subscription(subscription: dict[str, Any], key: tuple[Any, ...]) -> None:
    assert key_of(subscription, {"BTC", "HYPE"}) == key


def test_a_coin_that_is_not_listed_has_no_subscription() -> None:
    with pytest.raises(InvalidSubscription):
        key_of({"type": "trades", "coin": "HYPE"}, {"BTC"})


def test_only_account_subscriptions_have_a_user() -> None:
    assert [user_in(key) for key in (("userFills", "0xab"), ("trades", "BTC"), ("allMids",))] == ["0xab", None, None]


def test_the_acknowledgment_adds_defaults_and_lowers_addresses() -> None:
    assert echoed({"type": "userFills", "user": USER}) == {
        "type": "userFills",
        "user": USER.lower(),
        "aggregateByTime": False,
    }
