"""Subscribes the SDK's WebSocket and waits until it is in effect: orders and fills are sent only once."""

import time
from collections.abc import Callable
from typing import Any

from hyperliquid.info import Info

LIMIT_S = 60.0


def wait_for(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline, f"timed out waiting for {what}"
        time.sleep(0.05)


def subscribe_all(info: Info, wanted: list[Any], received: dict[str, list[Any]]) -> list[int]:
    """Appends each message's data to `received` by channel; returns the subscriptions' numbers once all are in effect.

    The last subscription must be one that gets a message at once. Subscriptions made before the SDK is connected are
    sent from another thread in any order; afterwards the socket is served in order.
    """
    wait_for("the connection", lambda: info.ws_manager.ws_ready)
    collect = lambda message: received.setdefault(message["channel"], []).append(message["data"])  # noqa: E731
    numbers = [info.subscribe(subscription, collect) for subscription in wanted]
    wait_for("the last subscription's answer", lambda: wanted[-1]["type"] in received)
    return numbers
