"""Every recorded error text that concerns perpetuals can be provoked, word for word; why the others can't occur."""

import csv
import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from eth_account import Account
from hyperliquid_golden import RECORDINGS
from signing_trader import NOW, SigningTrader

from simulator.server.faults import Faults
from simulator.server.rate_limit import RequestRateLimiter
from simulator.server.sockets import Client, Sockets
from simulator.wire.info.dispatch import answer_info
from simulator.wire.requests import BadRequest, Unsupported

NOT_OWN_ACCOUNT = Account.from_key("0x" + "99" * 32)
AGENT = Account.from_key("0x" + "88" * 32)

ALTERNATIVE = " / "
"""Between two errors of one cause; `{x}` in a text is a variable."""

ASSET = " asset={n}"

CANT_OCCUR = {
    "Order must have minimum value of 10 {quote}. asset={n}": "spot orders aren't simulated",
    "Order price too far from oracle / Price too far from oracle asset={n}": "the 80% band is answered",
    "Only post-only orders allowed immediately after network upgrade": "there are no network upgrades",
    "Cross margin is not allowed for this asset.": "none of the six coins is isolated only",
    "Action disabled when unified account is active": "accounts are always the classic kind",
    "Mainnet and testnet require different signature.": "both networks' signatures are accepted",
}

Refusals = str | list[str] | None


def errors(statuses: list[Any]) -> list[str]:
    return [row["error"] for row in statuses if isinstance(row, dict) and "error" in row]


def refusal(answer: dict[str, Any]) -> str:
    assert answer["status"] == "err", answer
    return str(answer["response"])


def capped(trader: SigningTrader, share: str) -> None:
    """Open interest is capped at that share of what it is."""
    now = trader.world.exchange.open_interest_usd("BTC")
    trader.world.exchange.open_interest_caps["BTC"] = now * Decimal(share)


def isolated(trader: SigningTrader, size: float = 0.1, leverage: int = 5) -> None:
    trader.act({"type": "updateLeverage", "asset": 0, "isCross": False, "leverage": leverage})
    trader.order(trader.wire(size, 1.02, "Ioc"))


def leverage(trader: SigningTrader, value: int, *, is_cross: bool = True) -> str:
    return refusal(trader.act({"type": "updateLeverage", "asset": 0, "isCross": is_cross, "leverage": value}))


def margin(trader: SigningTrader, micro_usd: int) -> str:
    return refusal(trader.act({"type": "updateIsolatedMargin", "asset": 0, "isBuy": True, "ntli": micro_usd}))


def approve(trader: SigningTrader, wallet: Any, name: str) -> dict[str, Any]:
    action = {"type": "approveAgent", "agentAddress": wallet if isinstance(wallet, str) else wallet.address}
    return trader.act_as_user(action | {"agentName": name})


def tick(trader: SigningTrader) -> Refusals:
    return errors(trader.order(trader.wire(0.01) | {"p": "100000.5"}))


def zero_liquidity(trader: SigningTrader) -> Refusals:
    """A stop whose limit is far from what the book offers when it fires."""
    trader.order(trader.wire(0.01, 1.02, "Ioc"))
    trader.order(trader.trigger(-0.01, 0.99, "sl", p=trader.price(1.7)))
    market = trader.world.market.coins["BTC"]
    market.mid, market.mark, market.oracle = market.mid * 0.98, market.mark * 0.98, market.oracle * 0.98
    from simulator.exchange.trading.order_entry import fire_triggers

    fire_triggers(trader.world.exchange, NOW)
    trader.world.take_changes()
    ends = [row["status"] for row in trader.info("historicalOrders")]
    assert "marketOrderNoLiquidityRejected" in ends
    from simulator.exchange import errors as words

    return f"{words.NO_LIQUIDITY} asset=0"


def lower_cross(trader: SigningTrader) -> Refusals:
    trader.order(trader.wire(10, 1.02, "Ioc"))
    return leverage(trader, 1)


def lower_isolated(trader: SigningTrader) -> Refusals:
    isolated(trader, 4.0, 20)
    return leverage(trader, 1, is_cross=False)


def switch(trader: SigningTrader) -> Refusals:
    trader.order(trader.wire(0.1, 1.02, "Ioc"))
    return leverage(trader, 20, is_cross=False)


def not_isolated(trader: SigningTrader) -> Refusals:
    trader.order(trader.wire(0.1, 1.02, "Ioc"))
    return margin(trader, 5_000_000)


def isolated_then(micro_usd: int) -> Callable[[SigningTrader], Refusals]:
    def refusals(trader: SigningTrader) -> Refusals:
        isolated(trader)
        return margin(trader, micro_usd)

    return refusals


def modified_away(trader: SigningTrader) -> Refusals:
    """The first leg is done, the second refused: the old order is gone."""
    [resting] = trader.order(trader.wire(0.01, 0.9))
    oid = resting["resting"]["oid"]
    text = refusal(trader.act({"type": "modify", "oid": oid, "order": trader.wire(0.01, 1.05)}))
    assert trader.info("openOrders") == []
    assert text.split(": ", 1)[1].startswith("Post only order would have immediately matched")
    return text


def too_many_agents(trader: SigningTrader) -> Refusals:
    for number in range(3):
        assert approve(trader, Account.from_key(f"0x{number + 1:064x}"), f"bot{number}")["status"] == "ok"
    return refusal(approve(trader, AGENT, "bot3"))


def agent_twice(trader: SigningTrader) -> Refusals:
    approve(trader, AGENT, "bot")
    return refusal(approve(trader, AGENT, "other"))


def pending_removal(trader: SigningTrader) -> Refusals:
    approve(trader, AGENT, "bot")
    assert approve(trader, "0x" + "0" * 40, "bot")["status"] == "ok"
    text = refusal(approve(trader, NOT_OWN_ACCOUNT, "bot"))
    trader.now_ms += 5_000
    assert approve(trader, NOT_OWN_ACCOUNT, "bot")["status"] == "ok"
    return text


def agent_sends(trader: SigningTrader) -> Refusals:
    action = {
        "type": "agentSendAsset",
        "destination": NOT_OWN_ACCOUNT.address.lower(),
        "sourceDex": "",
        "destinationDex": "",
    }
    return refusal(trader.act(action | {"token": "USDC", "amount": "1", "fromSubAccount": ""}))


def agent_withdraws(trader: SigningTrader) -> Refusals:
    approve(trader, AGENT, "bot")
    action = {"type": "usdSend", "destination": NOT_OWN_ACCOUNT.address.lower(), "amount": "1"}
    text = refusal(trader.act_as_user(action, wallet=AGENT))
    assert text.endswith(AGENT.address.lower())
    return text


def sub_accounts(trader: SigningTrader) -> Refusals:
    trader.account.volume_usd = Decimal(200_000)
    for number in range(10):
        assert trader.act({"type": "createSubAccount", "name": f"sub{number}"})["status"] == "ok"
    return refusal(trader.act({"type": "createSubAccount", "name": "sub10"}))


def exhausted(trader: SigningTrader) -> Refusals:
    trader.account.requests_used = 10_000
    first = trader.order(trader.wire(0.01, 0.9))
    assert "resting" in first[0], "one action in ten seconds gets through"
    return refusal(trader.act({"type": "order", "orders": [trader.wire(0.01, 0.9)], "grouping": "na"}))


def transfers(trader: SigningTrader) -> Refusals:
    to = {"destination": NOT_OWN_ACCOUNT.address.lower(), "amount": "1000000"}
    return [refusal(trader.act_as_user({"type": kind} | to)) for kind in ("withdraw3", "usdSend")]


def duplicate(trader: SigningTrader) -> Refusals:
    trader.act({"type": "noop"}, nonce=NOW)
    return refusal(trader.act({"type": "noop"}, nonce=NOW))


def garbage(trader: SigningTrader) -> Refusals:
    return refusal(trader.send({"type": "noop"}, NOW, {"r": "0x0", "s": "0x0", "v": 27}))


def unreadable(trader: SigningTrader) -> Refusals:
    from simulator.server.http import UNREADABLE

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


def subscribed(*subscriptions: Any, method: str = "subscribe") -> Callable[[SigningTrader], Refusals]:
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


PROVOKED: dict[str, Callable[[SigningTrader], Refusals]] = {
    "Price must be divisible by tick size. asset={n}": tick,
    "Order has invalid price. asset={n}": lambda trader: errors(trader.order(trader.wire(0.01) | {"p": "1.23"})),
    "Order has invalid size. asset={n}": lambda trader: errors(trader.order(trader.wire(0.000001))),
    "Order has zero size.": lambda trader: errors(trader.order(trader.wire(0.01) | {"s": "0"})),
    "Order must have minimum value of $10. asset={n}": lambda trader: errors(trader.order(trader.wire(0.00002))),
    "Insufficient margin to place order. asset={n}": lambda trader: errors(trader.order(trader.wire(100))),
    "Reduce only order would increase position. asset={n}": lambda trader: errors(
        trader.order(trader.wire(-0.01, r=True))
    ),
    "Post only order would have immediately matched, bbo was {bid}@{ask}. asset={n}": lambda trader: errors(
        trader.order(trader.wire(0.01, 1.05, "Alo"))
    ),
    "Order could not immediately match against any resting orders. asset={n}": lambda trader: errors(
        trader.order(trader.wire(0.01, 0.9, "Ioc"))
    ),
    "Invalid TP/SL price. asset={n}": lambda trader: errors(
        trader.order(trader.wire(0.01, 1.02, "Ioc"), trader.trigger(-0.01, 1.1, "sl"))
    ),
    "No liquidity available for market order. asset={n}": zero_liquidity,
    "Order price cannot be more than 80% away from the reference price": lambda trader: errors(
        trader.order(trader.wire(0.01, 1.9))
    ),
    "Order would increase open interest while open interest is capped": lambda trader: (
        capped(trader, "1"),
        errors(trader.order(trader.wire(0.01, 1.02, "Ioc"))),
    )[1],
    "Order rejected due to price more aggressive than oracle while at open interest cap": lambda trader: (
        capped(trader, "1"),
        trader.world.market.coins["BTC"].asks.clear(),
        errors(trader.order(trader.wire(0.01, 1.02))),
    )[2],
    "Order would increase open interest too quickly": lambda trader: (
        capped(trader, "1.0000001"),
        errors(trader.order(trader.wire(1, 1.02, "Ioc"))),
    )[1],
    "Order would cause position to exceed margin tier limit at current leverage": lambda trader: (
        trader.world.exchange.deposit(trader.user, Decimal(100_000_000), NOW),
        trader.act({"type": "updateLeverage", "asset": 7, "isCross": True, "leverage": 10}),
        errors(trader.order(trader.wire(9_000, coin="BNB"))),
    )[2],
    "Builder fee has not been approved": lambda trader: errors(
        trader.order(trader.wire(0.01), builder={"b": "0x" + "7" * 40, "f": 1})
    ),
    "Trading is halted": lambda trader: errors(trader.order(trader.wire(0.01) | {"a": 2})),
    "Main order cannot be trigger order.": lambda trader: errors(
        trader.order(trader.trigger(-0.01, 0.9, "sl"), trader.trigger(-0.01, 1.1, "tp"), grouping="normalTpsl")
    ),
    "Unexpected number of trigger orders": lambda trader: errors(
        trader.order(trader.wire(0.01), grouping="normalTpsl")
    ),
    "Orders are empty.": lambda trader: errors(trader.order()),
    "Order was never placed, already canceled, or filled. asset={n}": lambda trader: errors(
        trader.act({"type": "cancel", "cancels": [{"a": 0, "o": 5}]})["response"]["data"]["statuses"]
    ),
    "Cannot modify canceled or filled order": lambda trader: refusal(
        trader.act({"type": "modify", "oid": 5, "order": trader.wire(0.01, 0.9)})
    ),
    "Error placing new order during modify: {reason}": modified_away,
    "Invalid nonce: duplicate nonce {n}": duplicate,
    "Invalid nonce: nonce too low {n} < {min}": lambda trader: refusal(
        trader.act({"type": "noop"}, nonce=NOW - 3 * 86_400_000)
    ),
    "Invalid nonce: nonce too high {n} > {max}": lambda trader: refusal(
        trader.act({"type": "noop"}, nonce=NOW + 2 * 86_400_000)
    ),
    "Action already expired": lambda trader: refusal(trader.act({"type": "noop"}, expiresAfter=NOW - 1)),
    "User or API Wallet {addr} does not exist.": lambda trader: refusal(
        trader.act({"type": "noop"}, wallet=NOT_OWN_ACCOUNT)
    ),
    "Must deposit before performing actions. User: {addr}": agent_withdraws,
    "Unable to recover signer.": garbage,
    "Vault not registered: {addr}": lambda trader: refusal(trader.act({"type": "noop"}, vaultAddress="0x" + "5" * 40)),
    "Invalid leverage value": lambda trader: leverage(trader, 41),
    "Cannot switch leverage type with open position.": switch,
    (
        "Cross position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, deposit more collateral."
    ): lower_cross,
    (
        "Isolated position does not have sufficient margin available to decrease leverage. "
        "To decrease leverage, add margin to the position."
    ): lower_isolated,
    "Position does not use isolated margin.": not_isolated,
    "Cannot update margin for empty position.": lambda trader: margin(trader, 5),
    "Update to isolated margin cannot be zero.": lambda trader: margin(trader, 0),
    "Account does not have sufficient margin available for increase.": isolated_then(10**15),
    "Position does not have sufficient margin for reduction.": isolated_then(-(10**15)),
    "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: ${x}.": lambda trader: (
        refusal(trader.act({"type": "scheduleCancel"}))
    ),
    "Cannot create sub-accounts until enough volume traded. Required: $100000. Traded: ${x}.": lambda trader: refusal(
        trader.act({"type": "createSubAccount", "name": "one"})
    ),
    "Too many sub-accounts.": sub_accounts,
    (
        "Too many cumulative requests sent ({n} > {cap}) for cumulative volume traded ${x}. "
        "Place taker orders to free up 1 request per USDC traded."
    ): exhausted,
    "Too many extra agents for cumulative volume traded. Current limit is 3": too_many_agents,
    "Extra agent already used.": agent_twice,
    "User has pending agent removal": pending_removal,
    "Agent valid_until already expired.": lambda trader: refusal(approve(trader, AGENT, f"bot valid_until {NOW - 1}")),
    "Extra agent name must be between 1 and 16 characters long": lambda trader: refusal(
        approve(trader, AGENT, "a" * 17)
    ),
    "Referral code not registered": lambda trader: refusal(trader.act({"type": "setReferrer", "code": "UNKNOWN"})),
    "Agent can only send asset to same user or their sub-accounts.": agent_sends,
    "Insufficient balance for withdrawal / Insufficient balance for token transfer": transfers,
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
