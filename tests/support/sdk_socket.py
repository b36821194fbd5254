"""The SDK's WebSocket, subscribed so that what comes afterwards is heard: orders and fills are told only once."""

import time
from collections.abc import Callable
from typing import Any

from hyperliquid.info import Info

LIMIT_S = 60.0


def wait_for(what: str, look: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not look():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def subscribe_all(info: Info, wanted: list[Any], heard: dict[str, list[Any]]) -> list[int]:
    """Puts each message's data into `heard` under its channel; returns the subscriptions' numbers once all stand.

    The last subscription must be one that answers by itself. What the SDK is asked for before it is connected goes out
    from a thread of its own, in no order with the rest; after that one socket is served in order.
    """
    wait_for("the connection", lambda: info.ws_manager.ws_ready)
    told = lambda message: heard.setdefault(message["channel"], []).append(message["data"])  # noqa: E731
    numbers = [info.subscribe(subscription, told) for subscription in wanted]
    wait_for("the last subscription's answer", lambda: wanted[-1]["type"] in heard)
    return numbers
