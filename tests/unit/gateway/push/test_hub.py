"""The fan-out's core: replay, reset, conflation, slow clients."""

import json
from typing import Any

import pytest

from gateway.push.hub import HISTORY, PRICES, QUEUE_LIMIT, Client, Hub, encode_message
from gateway.push.protocol import CHANNELS, Subscribe


def drained(hub: Hub, client: Client) -> list[dict[str, Any]]:
    hub.distribute()
    frame = client.drain()
    if frame is None:
        return []
    body = json.loads(frame)
    return body if isinstance(body, list) else [body]


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    for seq in range(1, 6):
        hub.accept("ai_decision", seq, 7, seq, {"n": seq})
    return hub


def subscribed(hub: Hub, request: Subscribe) -> Client:
    client = Client()
    hub.clients.add(client)
    snapshots = {
        name: encode_message(name, hub.last_seq(name), 1, {"snapshot": True}) for name in hub.needs_snapshot(request)
    }
    hub.subscribe(client, request, snapshots)
    return client


def test_a_new_client_gets_a_snapshot_then_pushes(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {}, None))
    hub.accept("ai_decision", 6, 7, 6, {"n": 6})
    snapshot, push = drained(hub, client)
    assert snapshot["data"] == {"snapshot": True}
    assert snapshot["seq"] == 5
    assert (push["seq"], push["data"]) == (6, {"n": 6})


def test_a_returning_client_gets_exactly_what_it_missed(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 3}, 7))
    assert [message["seq"] for message in drained(hub, client)] == [4, 5]
    nothing = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    assert drained(hub, nothing) == []


@pytest.mark.parametrize(("since", "epoch"), [(3, 6), (9, 7), (3, None)])
def test_a_since_that_cannot_be_replayed_is_a_reset_and_a_snapshot(hub: Hub, since: int, epoch: int | None) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": since}, epoch))
    reset, snapshot = drained(hub, client)
    assert reset == {"channel": "ai_decision", "reset": True}
    assert snapshot["data"] == {"snapshot": True}


def test_prices_of_another_epoch_are_reset(hub: Hub) -> None:
    hub.accept("price_update", 1, 7, 1, {"prices": {}})
    reset, _ = drained(hub, subscribed(hub, Subscribe(("price_update",), {"price_update": 1}, 6)))
    assert reset == {"channel": "price_update", "reset": True}
    assert len(drained(hub, subscribed(hub, Subscribe(("price_update",), {"price_update": 1}, 7)))) == 1


def test_a_since_before_the_history_is_a_reset() -> None:
    hub = Hub()
    for seq in range(1, HISTORY + 10):
        hub.accept("ai_decision", seq, 7, seq, {})
    assert hub.missed("ai_decision", 5, 7) is None
    assert len(hub.missed("ai_decision", 9, 7) or ()) == HISTORY


def test_the_whole_history_of_all_channels_fits_into_a_queue() -> None:
    hub, channels = Hub(), tuple(name for name in CHANNELS if name != PRICES)
    for channel in channels:
        for seq in range(1, HISTORY + 1):
            hub.accept(channel, seq, 7, seq, {})
    client = subscribed(hub, Subscribe(channels, dict.fromkeys(channels, 0), 7))
    assert not client.is_too_slow
    assert len(drained(hub, client)) == HISTORY * len(channels)


def test_a_client_whose_replay_overflows_gets_no_later_push(hub: Hub) -> None:
    client = Client()
    hub.clients.add(client)
    for _ in range(QUEUE_LIMIT):
        client.enqueue('{"channel":"pong"}')
    hub.subscribe(client, Subscribe(("ai_decision",), {"ai_decision": 3}, 7), {})
    client.drain()
    hub.accept("ai_decision", 6, 7, 6, {})
    assert drained(hub, client) == []
    assert client.is_too_slow


def test_prices_are_conflated_to_the_latest_until_flushed(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("price_update",), {}, None))
    drained(hub, client)
    hub.accept("price_update", 1, 7, 1, {"prices": {"BTC": {"price": "1"}, "ETH": {"price": "5"}}})
    hub.accept("price_update", 2, 7, 2, {"prices": {"BTC": {"price": "2"}}})
    assert drained(hub, client) == []
    hub.flush_prices()
    [push] = drained(hub, client)
    assert push["seq"] == 2
    assert push["data"] == {"prices": {"BTC": {"price": "2"}, "ETH": {"price": "5"}}}
    hub.flush_prices()
    assert drained(hub, client) == []


def test_several_messages_are_one_array(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 2}, 7))
    assert len(json.loads(client.drain() or "")) == 3


def test_a_client_with_a_full_queue_is_marked_and_gets_no_more(hub: Hub) -> None:
    slow = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    quick = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    for seq in range(6, QUEUE_LIMIT + 10):
        hub.accept("ai_decision", seq, 7, seq, {})
        hub.distribute()
        quick.drain()
    assert slow.is_too_slow
    assert len(slow.queue) == QUEUE_LIMIT
    assert not quick.is_too_slow


def test_a_new_epoch_discards_the_history(hub: Hub) -> None:
    hub.accept("ai_decision", 1, 8, 1, {})
    assert json.loads(hub.hello({"time_ms": 1})) == {"channel": "hello", "epoch": 8, "time_ms": 1}
    assert hub.missed("ai_decision", 5, 7) is None
    assert hub.last_seq("ai_decision") == 1


def test_an_undistributed_push_reaches_a_new_client_once(hub: Hub) -> None:
    old = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    hub.accept("ai_decision", 6, 7, 6, {})
    new = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    assert [message["seq"] for message in drained(hub, new)] == [6]
    assert [message["seq"] for message in drained(hub, old)] == [6]


def test_only_subscribers_of_a_channel_get_its_pushes(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("trade_executed",), {}, None))
    drained(hub, client)
    hub.accept("ai_decision", 6, 7, 6, {})
    assert drained(hub, client) == []
