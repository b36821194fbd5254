"""Orders as the SDK takes them."""

from decimal import Decimal

import pytest

from executor.exchange.order_requests import close_request, round_price


@pytest.mark.parametrize(
    ("price", "decimals", "is_buy", "expected"),
    [
        ("117551.6", 5, True, "117551"),
        ("117551.2", 5, False, "117552"),
        ("3720.789", 4, True, "3720.7"),
        ("0.2134567", 0, False, "0.21346"),
    ],
)
def test_a_price_is_rounded_to_the_step_not_past_itself(price: str, decimals: int, is_buy: bool, expected: str) -> None:
    assert round_price(Decimal(price), decimals, is_buy=is_buy) == Decimal(expected)


@pytest.mark.parametrize(("size", "is_buy", "limit"), [("-3", True, 103.0), ("3", False, 97.0)])
def test_a_close_reduces_the_whole_position(size: str, is_buy: bool, limit: float) -> None:
    request = close_request(
        "WIF",
        signed_size_coin=Decimal(size),
        mark_price=Decimal(100),
        slippage=Decimal("0.03"),
        size_decimals=0,
        client_order_id="0x" + "0" * 32,
    )
    assert (request["is_buy"], request["sz"], request["limit_px"]) == (is_buy, 3.0, limit)
    assert request["reduce_only"]
