"""The exchange's errors of orders and actions: the full text of each, and a scenario that provokes it.

In a text `{x}` is a variable, and ALTERNATIVE stands between two errors of one cause.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from eth_account import Account
from signing_trader import NOW, SigningTrader

from simulator.exchange.errors import NO_LIQUIDITY
from simulator.exchange.trading.order_entry import fire_triggers

NOT_OWN_ACCOUNT = Account.from_key("0x" + "99" * 32)
AGENT = Account.from_key("0x" + "88" * 32)

ALTERNATIVE = " / "
Refusals = str | list[str]
Scenario = Callable[[SigningTrader], Refusals]


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
    """A stop whose limit is above what the book offers when it fires."""
    trader.order(trader.wire(0.01, 1.02, "Ioc"))
    trader.order(trader.trigger(-0.01, 0.99, "sl", p=trader.price(0.99)))
    market = trader.world.market.coins["BTC"]
    market.mid, market.mark, market.oracle = market.mid * 0.98, market.mark * 0.98, market.oracle * 0.98
    market.refresh(trader.world.market.rng, 0.25)
    fire_triggers(trader.world.exchange, NOW)
    trader.world.take_changes()
    ends = [row["status"] for row in trader.info("historicalOrders")]
    assert "marketOrderNoLiquidityRejected" in ends
    return f"{NO_LIQUIDITY} asset=0"


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


def capped_entry(trader: SigningTrader) -> Refusals:
    capped(trader, "1")
    return errors(trader.order(trader.wire(0.01, 1.02, "Ioc")))


def capped_price(trader: SigningTrader) -> Refusals:
    capped(trader, "1")
    trader.world.market.coins["BTC"].asks.clear()
    return errors(trader.order(trader.wire(0.01, 1.02)))


def capped_speed(trader: SigningTrader) -> Refusals:
    capped(trader, "1.0000001")
    return errors(trader.order(trader.wire(1, 1.02, "Ioc")))


def above_the_margin_tier(trader: SigningTrader) -> Refusals:
    trader.world.exchange.deposit(trader.user, Decimal(100_000_000), NOW)
    trader.act({"type": "updateLeverage", "asset": 7, "isCross": True, "leverage": 10})
    return errors(trader.order(trader.wire(9_000, coin="BNB")))


ACTION_ERRORS: dict[str, Scenario] = {
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
    "Order would increase open interest while open interest is capped": capped_entry,
    "Order rejected due to price more aggressive than oracle while at open interest cap": capped_price,
    "Order would increase open interest too quickly": capped_speed,
    "Order would cause position to exceed margin tier limit at current leverage": above_the_margin_tier,
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
}
