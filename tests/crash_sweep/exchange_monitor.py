"""Polls the exchange's own state throughout: for how long is a position without a stop?"""

import contextlib
import threading
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx

POLL_EVERY_S = 0.25
FILLS_PAGE = 2_000


class ExchangeMonitor:
    """A thread that polls the simulator. `longest_s` is by (address, coin); time without the exchange counts."""

    def __init__(self, url: str, addresses: Sequence[str]) -> None:
        self._url, self._addresses = f"{url}/info", addresses
        self._client = httpx.Client(timeout=30)
        self._stopping = threading.Event()
        self._since: dict[tuple[str, str], float] = {}
        self.longest_s: dict[tuple[str, str], float] = {}
        self.polls = self.positions_seen = 0
        self._thread = threading.Thread(target=self._run, name="exchange-monitor", daemon=True)

    def __enter__(self) -> "ExchangeMonitor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._client.close()

    def ask(self, **body: Any) -> Any:
        answer = self._client.post(self._url, json=body)
        answer.raise_for_status()
        return answer.json()

    def fills(self, address: str) -> dict[tuple[int, int], dict[str, Any]]:
        """Every fill by (trade id, order id), page by page."""
        found: dict[tuple[int, int], dict[str, Any]] = {}
        start_ms = 0
        while True:
            rows = self.ask(type="userFillsByTime", user=address, startTime=start_ms)
            found |= {(row["tid"], row["oid"]): row for row in rows}
            if len(rows) < FILLS_PAGE:
                return found
            start_ms = max(row["time"] for row in rows)

    def positions(self, address: str) -> dict[str, Decimal]:
        """Signed sizes by coin."""
        state = self.ask(type="clearinghouseState", user=address, dex="")
        rows = [row["position"] for row in state["assetPositions"]]
        return {row["coin"]: Decimal(row["szi"]) for row in rows}

    def unprotected(self, address: str) -> set[str]:
        """Coins whose position isn't covered by stops. Orders are read last, so they are never older than positions."""
        held = self.positions(address)
        orders = self.ask(type="frontendOpenOrders", user=address, dex="") if held else []
        found = set()
        for coin, size in held.items():
            closing = "A" if size > 0 else "B"
            stops = [
                Decimal(order["sz"])
                for order in orders
                if order["coin"] == coin
                and order["side"] == closing
                and order["reduceOnly"]
                and order["orderType"] == "Stop Market"
            ]
            if not any(stop == 0 for stop in stops) and sum(stops) < abs(size):
                found.add(coin)
        self.positions_seen += len(held)
        return found

    def _run(self) -> None:
        while not self._stopping.wait(POLL_EVERY_S):
            with contextlib.suppress(httpx.HTTPError):
                for address in self._addresses:
                    self._note(address, self.unprotected(address), time.monotonic())
                self.polls += 1

    def _note(self, address: str, unprotected: set[str], now_s: float) -> None:
        for key in [key for key in self._since if key[0] == address and key[1] not in unprotected]:
            del self._since[key]
        for coin in unprotected:
            since_s = self._since.setdefault((address, coin), now_s)
            self.longest_s[address, coin] = max(self.longest_s.get((address, coin), 0.0), now_s - since_s)
