"""Request weights, and the minute in which an address may spend them."""

import pytest

from simulator.server.rate_limit import WEIGHT_A_MINUTE, WINDOW_MS, RequestRateLimiter, action_weight, info_weight


@pytest.mark.parametrize(
    ("kind", "rows", "weight"),
    [
        ("l2Book", 0, 2),
        ("meta", 0, 20),
        ("userRole", 0, 60),
        ("userFills", 45, 22),
        ("candleSnapshot", 130, 22),
    ],
)
def test_weights_of_info_types(kind: str, rows: int, weight: int) -> None:
    assert info_weight(kind, [0] * rows) == weight


def test_an_actions_weight_grows_by_forty_rows() -> None:
    orders = [{"type": "order", "orders": [{}] * count} for count in (1, 39, 40, 80)]
    assert [action_weight(action) for action in orders] == [1, 1, 2, 3]


def test_an_address_is_exhausted_until_its_window_has_passed() -> None:
    limiter = RequestRateLimiter()
    limiter.count("1.1.1.1", WEIGHT_A_MINUTE - 1, 0)
    assert not limiter.is_exhausted("1.1.1.1", 0)
    limiter.count("1.1.1.1", 1, 10)
    assert limiter.is_exhausted("1.1.1.1", WINDOW_MS - 1)
    assert not limiter.is_exhausted("2.2.2.2", 10)
    assert not limiter.is_exhausted("1.1.1.1", WINDOW_MS)


def test_each_minute_of_a_faster_market_has_its_weight() -> None:
    limiter = RequestRateLimiter(speed=300)
    limiter.count("1.1.1.1", 300 * WEIGHT_A_MINUTE - 1, 0)
    assert not limiter.is_exhausted("1.1.1.1", 0)
    limiter.count("1.1.1.1", 1, 0)
    assert limiter.is_exhausted("1.1.1.1", WINDOW_MS - 1)
