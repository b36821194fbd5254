"""Which subscriptions get a message after a step: on news only, no more often than the real exchange sends."""

import json
from dataclasses import replace
from typing import Any

import pytest

from simulator.exchange.world import World
from simulator.testing.new_world import new_world
from simulator.wire.streams.throttle import LONG_CANDLE_MS, STATE_EVERY_MS, MessageThrottle

NOW_MS = 1_795_400_000_000
USER = "0x" + "ab" * 20


@pytest.fixture
def world() -> World:
    return new_world(1, NOW_MS)


class Steps:
    """Steps of a market, each of which asks the throttle for the messages of one subscription."""

    def __init__(self, world: World, *key: Any) -> None:
        self._world, self._key, self._throttle = world, key, MessageThrottle()

    def at(self, after_ms: int, trades: dict[str, list[Any]] | None = None) -> list[Any]:
        """The messages of a step so long after the first."""
        sent = self._throttle.step_messages(self._world, [self._key], trades or {}, NOW_MS + after_ms)
        assert {key for key, _ in sent} <= {self._key}
        return [json.loads(text) for _, text in sent]


def test_mid_prices_are_sent_with_every_step(world: World) -> None:
    steps = Steps(world, "allMids")
    assert [len(steps.at(after_ms)) for after_ms in (0, 1, 2)] == [1, 1, 1]


def test_trades_are_sent_when_there_are_any_of_the_coin(world: World) -> None:
    steps = Steps(world, "trades", "BTC")
    trades = world.step(NOW_MS + 60_000)
    assert trades["BTC"]
    assert steps.at(1, {}) == []
    assert steps.at(2, {"ETH": trades["BTC"]}) == []
    [message] = steps.at(3, trades)
    assert (message["channel"], len(message["data"])) == ("trades", len(trades["BTC"]))


def test_the_best_prices_are_sent_when_they_change(world: World) -> None:
    steps = Steps(world, "bbo", "BTC")
    assert len(steps.at(0)) == 1
    assert steps.at(1) == []
    market = world.market.coins["BTC"]
    best = market.bids[0]
    market.bids = [replace(best, size=best.size + 1), *market.bids[1:]]
    assert len(steps.at(2)) == 1
    assert steps.at(3) == []


@pytest.mark.parametrize(
    ("key", "every_ms"),
    [(("l2Book", "BTC", None, None, False), 500), (("activeAssetCtx", "BTC"), 1_000)],
)
def test_books_and_contexts_are_sent_at_their_rates(world: World, key: tuple[Any, ...], every_ms: int) -> None:
    steps = Steps(world, *key)
    sent = [len(steps.at(after_ms)) for after_ms in (0, every_ms - 1, every_ms, 2 * every_ms - 1, 2 * every_ms)]
    assert sent == [1, 0, 1, 0, 1]


def test_a_minute_is_sent_when_its_candle_changes(world: World) -> None:
    steps = Steps(world, "candle", "BTC", "1m")
    assert len(steps.at(0)) == 1
    assert steps.at(1) == []
    world.step(NOW_MS + 60_000)
    assert len(steps.at(2)) == 1


def test_every_minute_of_a_long_step_is_sent_once(world: World) -> None:
    steps = Steps(world, "candle", "BTC", "1m")
    [first] = steps.at(0)
    world.step(NOW_MS + 250_000)
    opened = [message["data"]["t"] for message in steps.at(1)]
    newest = world.market.coins["BTC"].candles.series["1m"][-1].open_ms
    assert opened == list(range(first["data"]["t"] + 60_000, newest + 1, 60_000))
    assert len(opened) > 2
    assert steps.at(2) == []


def test_a_joined_candle_is_looked_at_once_a_second(world: World) -> None:
    steps = Steps(world, "candle", "BTC", "3m")
    assert [len(steps.at(after_ms)) for after_ms in (0, LONG_CANDLE_MS - 1, LONG_CANDLE_MS)] == [1, 0, 1]


def test_an_accounts_state_is_sent_every_five_seconds(world: World) -> None:
    steps = Steps(world, "clearinghouseState", USER)
    sent = [bool(steps.at(after_ms)) for after_ms in (0, STATE_EVERY_MS - 1, STATE_EVERY_MS)]
    assert sent == [True, False, True]


def test_another_subscription_is_never_sent_by_a_step(world: World) -> None:
    assert Steps(world, "userFills", USER).at(0) == []
