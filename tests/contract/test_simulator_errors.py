"""Every recorded error text that concerns perpetuals can be provoked, word for word; why the others can't occur."""

import csv
import json
import re
from typing import Any

import pytest
from error_scenarios import ACTION_ERRORS, ALTERNATIVE, Refusals, Scenario
from hyperliquid_golden import RECORDINGS
from signing_trader import NOW, SigningTrader

from simulator.server.faults import Faults
from simulator.server.http import UNREADABLE
from simulator.server.rate_limit import RequestRateLimiter
from simulator.server.sockets import Client, Sockets
from simulator.wire.info.dispatch import answer_info
from simulator.wire.requests import BadRequest, Unsupported

ASSET = " asset={n}"

CANT_OCCUR = {
    "Order must have minimum value of 10 {quote}. asset={n}": "spot orders aren't simulated",
    "Order price too far from oracle / Price too far from oracle asset={n}": "the 80% band is answered",
    "Only post-only orders allowed immediately after network upgrade": "there are no network upgrades",
    "Cross margin is not allowed for this asset.": "none of the six coins is isolated only",
    "Action disabled when unified account is active": "accounts are always the classic kind",
    "Mainnet and testnet require different signature.": "both networks' signatures are accepted",
}


def unreadable(trader: SigningTrader) -> Refusals:
    for kind in ("nonsense", "userFills"):
        with pytest.raises(BadRequest):
            answer_info(trader.world, {"type": kind}, NOW)
    return f"422 text/plain: {UNREADABLE}"


def throttled(trader: SigningTrader) -> Refusals:
    limiter = RequestRateLimiter()
    limiter.count("1.1.1.1", 1_200, NOW)
    assert limiter.is_exhausted("1.1.1.1", NOW)
    return "429 body: null"


def unsupported(trader: SigningTrader) -> Refusals:
    for body in (
        {"type": "l2Book", "coin": "BTC", "nSigFigs": 9},
        {"type": "candleSnapshot", "req": {"coin": "BTC", "interval": "7m", "startTime": 0, "endTime": 1}},
    ):
        with pytest.raises(Unsupported):
            answer_info(trader.world, body, NOW)
    return "500 body: null"


class LocalSocket:
    """A socket connection without a network: collects what the simulator would send."""

    def __init__(self, trader: SigningTrader) -> None:
        async def never(request: dict[str, Any], address: str) -> dict[str, Any]:
            raise AssertionError

        self.sockets = Sockets(trader.world, Faults(), lambda: NOW, never)
        self.client = Client("1.1.1.1")
        self.sockets.clients.add(self.client)

    def receive(self, text: str) -> None:
        self.sockets._dispatch(self.client, text)

    def errors(self) -> list[str]:
        refusals = []
        while not self.client.queue.empty():
            message = json.loads(self.client.queue.get_nowait() or "{}")
            if message.get("channel") == "error":
                refusals.append(str(message["data"]))
        return refusals


def subscribed(*subscriptions: Any, method: str = "subscribe") -> Scenario:
    def refusals(trader: SigningTrader) -> Refusals:
        socket = LocalSocket(trader)
        for subscription in subscriptions:
            socket.receive(json.dumps({"method": method, "subscription": subscription}))
        return socket.errors()

    return refusals


def malformed(trader: SigningTrader) -> Refusals:
    socket = LocalSocket(trader)
    socket.receive("{not json")
    return socket.errors()


def too_many_posts(trader: SigningTrader) -> Refusals:
    socket = LocalSocket(trader)
    socket.client.posts = set(range(100))  # type: ignore[arg-type]
    socket.receive(json.dumps({"method": "post", "id": 7, "request": {"type": "info", "payload": {}}}))
    return socket.errors()


PROVOKED: dict[str, Scenario] = {
    **ACTION_ERRORS,
    "422 text/plain: Failed to deserialize the JSON body into the target type": unreadable,
    "429 body: null": throttled,
    "500 body: null": unsupported,
    "Already subscribed: {json}": subscribed({"type": "allMids"}, {"type": "allMids"}),
    "Already unsubscribed: {json}": subscribed({"type": "allMids"}, method="unsubscribe"),
    "Invalid subscription {json}": subscribed({"type": "trades", "coin": "NOPE"}),
    "Error parsing JSON into valid websocket request: {raw}": malformed,
    "Cannot track more than {n} total users.": subscribed(
        *({"type": "userFills", "user": f"0x{n:040x}"} for n in range(11))
    ),
    "too many pending post requests id={n}": too_many_posts,
}


def pattern(text: str) -> str:
    """What a text of the table matches. The exchange may name an order's asset where the docs don't."""
    if text.endswith(ASSET):
        return pattern(text.removesuffix(ASSET)).removesuffix("?")
    return "(?s)" + ".+".join(re.escape(part) for part in re.split(r"\{\w+\}", text)) + r"( asset=\d+)?"


@pytest.mark.parametrize("text", sorted(PROVOKED))
def test_errors_equal_the_recorded_ones(text: str) -> None:
    refusals = PROVOKED[text](SigningTrader())
    found = [refusals] if isinstance(refusals, str) else refusals
    assert found
    for expected, each in zip(text.split(ALTERNATIVE), found, strict=True):
        assert re.fullmatch(pattern(expected), each)


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason=f"no recordings of Hyperliquid at {RECORDINGS}")
def test_the_table_holds_every_recorded_error() -> None:
    with (RECORDINGS / "observed_errors.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    assert sorted(row["string (verbatim; {x}=variable)"] for row in rows) == sorted([*PROVOKED, *CANT_OCCUR])
