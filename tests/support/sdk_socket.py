"""Subscribes the SDK's WebSocket and waits until it is in effect: orders and fills are sent only once."""

from typing import Any

from harness import wait_until
from hyperliquid.info import Info


def subscribe_all(info: Info, wanted: list[Any], received: dict[str, list[Any]]) -> list[int]:
    """Appends each message's data to `received` by channel; returns the subscriptions' numbers once all are in effect.

    The last subscription must be one that gets a message at once. Subscriptions made before the SDK is connected are
    sent from another thread in any order; afterwards the socket is served in order.
    """
    wait_until("the connection", lambda: info.ws_manager.ws_ready)
    collect = lambda message: received.setdefault(message["channel"], []).append(message["data"])  # noqa: E731
    numbers = [info.subscribe(subscription, collect) for subscription in wanted]
    wait_until("the last subscription's answer", lambda: wanted[-1]["type"] in received)
    return numbers
