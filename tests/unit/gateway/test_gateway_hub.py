"""The fan-out's core: replay, reset, conflation, slow clients, bad messages."""

import json
from typing import Any

import pytest

from gateway.hub import CHANNELS, HISTORY, PRICES, QUEUE_LIMIT, BadMessage, Client, Hub, Subscribe, encoded, parse


def drained(hub: Hub, client: Client) -> list[dict[str, Any]]:
    hub.hand_out()
    frame = client.take()
    if frame is None:
        return []
    body = json.loads(frame)
    return body if isinstance(body, list) else [body]


@pytest.fixture
def hub() -> Hub:
    hub = Hub()
    for seq in range(1, 6):
        hub.take("ai_decision", seq, 7, seq, {"n": seq})
    return hub


def subscribed(hub: Hub, wanted: Subscribe) -> Client:
    client = Client()
    hub.clients.add(client)
    snapshots = {name: encoded(name, hub.last_seq(name), 1, {"snapshot": True}) for name in hub.needs_snapshot(wanted)}
    hub.greet(client, wanted, snapshots)
    return client


def test_a_newcomer_gets_a_snapshot_with_the_last_sequence_and_then_pushes(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {}, None))
    hub.take("ai_decision", 6, 7, 6, {"n": 6})
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
def test_a_past_that_cannot_be_told_is_a_reset_and_a_snapshot(hub: Hub, since: int, epoch: int | None) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": since}, epoch))
    reset, snapshot = drained(hub, client)
    assert reset == {"channel": "ai_decision", "reset": True}
    assert snapshot["data"] == {"snapshot": True}


def test_prices_of_other_counters_are_a_reset_too(hub: Hub) -> None:
    hub.take("price_update", 1, 7, 1, {"prices": {}})
    reset, _ = drained(hub, subscribed(hub, Subscribe(("price_update",), {"price_update": 1}, 6)))
    assert reset == {"channel": "price_update", "reset": True}
    assert len(drained(hub, subscribed(hub, Subscribe(("price_update",), {"price_update": 1}, 7)))) == 1


def test_a_channel_named_twice_counts_once() -> None:
    wanted = parse('{"op":"subscribe","channels":["ai_decision","ai_decision"]}')
    assert isinstance(wanted, Subscribe)
    assert wanted.channels == ("ai_decision",)


def test_a_trimmed_past_is_a_reset() -> None:
    hub = Hub()
    for seq in range(1, HISTORY + 10):
        hub.take("ai_decision", seq, 7, seq, {})
    assert hub.missed("ai_decision", 5, 7) is None
    assert len(hub.missed("ai_decision", 9, 7) or ()) == HISTORY


def test_a_client_that_missed_all_there_is_has_room_for_it() -> None:
    hub, channels = Hub(), tuple(name for name in CHANNELS if name != PRICES)
    for channel in channels:
        for seq in range(1, HISTORY + 1):
            hub.take(channel, seq, 7, seq, {})
    client = subscribed(hub, Subscribe(channels, dict.fromkeys(channels, 0), 7))
    assert not client.is_too_slow
    assert len(drained(hub, client)) == HISTORY * len(channels)


def test_a_client_without_room_for_what_it_missed_hears_nothing_after_it(hub: Hub) -> None:
    client = Client()
    hub.clients.add(client)
    for _ in range(QUEUE_LIMIT):
        client.put('{"channel":"pong"}')
    hub.greet(client, Subscribe(("ai_decision",), {"ai_decision": 3}, 7), {})
    client.take()
    hub.take("ai_decision", 6, 7, 6, {})
    assert drained(hub, client) == []
    assert client.is_too_slow


def test_prices_conflate_to_the_latest_and_go_out_on_the_beat(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("price_update",), {}, None))
    drained(hub, client)
    hub.take("price_update", 1, 7, 1, {"prices": {"BTC": {"price": "1"}, "ETH": {"price": "5"}}})
    hub.take("price_update", 2, 7, 2, {"prices": {"BTC": {"price": "2"}}})
    assert drained(hub, client) == []
    hub.flush_prices()
    [push] = drained(hub, client)
    assert push["seq"] == 2
    assert push["data"] == {"prices": {"BTC": {"price": "2"}, "ETH": {"price": "5"}}}
    hub.flush_prices()
    assert drained(hub, client) == []


def test_several_messages_leave_as_one_array(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 2}, 7))
    assert len(json.loads(client.take() or "")) == 3


def test_a_client_that_does_not_keep_up_is_marked_and_gets_no_more(hub: Hub) -> None:
    slow = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    quick = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    for seq in range(6, QUEUE_LIMIT + 10):
        hub.take("ai_decision", seq, 7, seq, {})
        hub.hand_out()
        quick.take()
    assert slow.is_too_slow
    assert len(slow.waiting) == QUEUE_LIMIT
    assert not quick.is_too_slow


def test_new_counters_are_noticed_and_forget_the_past(hub: Hub) -> None:
    assert hub.take("ai_decision", 1, 8, 1, {}) is True
    assert json.loads(hub.hello()) == {"channel": "hello", "epoch": 8}
    assert hub.missed("ai_decision", 5, 7) is None
    assert hub.last_seq("ai_decision") == 1


def test_what_was_taken_but_not_handed_out_reaches_a_newcomer_once(hub: Hub) -> None:
    old = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    hub.take("ai_decision", 6, 7, 6, {})
    new = subscribed(hub, Subscribe(("ai_decision",), {"ai_decision": 5}, 7))
    assert [message["seq"] for message in drained(hub, new)] == [6]
    assert [message["seq"] for message in drained(hub, old)] == [6]


def test_only_subscribers_of_a_channel_hear_it(hub: Hub) -> None:
    client = subscribed(hub, Subscribe(("trade_executed",), {}, None))
    drained(hub, client)
    hub.take("ai_decision", 6, 7, 6, {})
    assert drained(hub, client) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[" * 4000, "not JSON"),
        ("[]", "op must be"),
        ('{"op":"steal"}', "op must be"),
        ('{"op":"subscribe"}', "channels must be"),
        ('{"op":"subscribe","channels":["keys"]}', "channels must be"),
        ('{"op":"subscribe","channels":["ai_decision"],"since":{"ai_decision":"x"}}', "since must"),
        ('{"op":"subscribe","channels":["ai_decision"],"since":{"ai_decision":true}}', "since must"),
        ('{"op":"subscribe","channels":["ai_decision"],"epoch":"x"}', "epoch must"),
    ],
)
def test_a_bad_message_is_refused_with_its_reason(text: str, complaint: str) -> None:
    with pytest.raises(BadMessage, match=complaint):
        parse(text)
