"""One trading session by ccxt, unchanged, against the URL given: prints what it saw as one JSON object."""

import asyncio
import json
import sys
from typing import Any

import ccxt.pro

BTC, ETH = "BTC/USDC:USDC", "ETH/USDC:USDC"
LIMIT_S = 60


async def session(url: str, address: str, key: str) -> dict[str, Any]:
    client = ccxt.pro.hyperliquid({"walletAddress": address, "privateKey": key, "timeout": LIMIT_S * 1000})
    client.urls["api"] = {"public": url, "private": url, "ws": {"public": f"ws{url[4:]}/ws"}}
    seen: dict[str, Any] = {}
    try:
        markets = await client.load_markets()
        seen["markets"] = {name: markets[name]["baseId"] for name in (BTC, ETH)}
        seen["balance"] = (await client.fetch_balance())["USDC"]["total"]
        await client.set_leverage(5, ETH, {"marginMode": "isolated"})
        ticker = await client.fetch_ticker(ETH)
        price = ticker["last"] or ticker["close"]

        resting = await client.create_order(BTC, "limit", "buy", 0.001, 70_000)
        moved = await client.edit_order(resting["id"], BTC, "limit", "buy", 0.001, 71_000)
        opened = await client.fetch_open_orders(BTC)
        seen["resting"] = [order["price"] for order in opened]
        seen["moved_to_a_new_id"] = moved["id"] != resting["id"]
        await client.cancel_order(opened[0]["id"], BTC)
        seen["after_cancel"] = (await client.fetch_order(opened[0]["id"], BTC))["status"]

        fills = asyncio.create_task(client.watch_my_trades())
        await asyncio.sleep(0)
        await client.watch_order_book(ETH)  # One socket is served in order: the fills are subscribed to by now.
        entry = await client.create_order(
            ETH,
            "market",
            "buy",
            0.05,
            price,
            {
                "stopLoss": {"triggerPrice": round(price * 0.95), "type": "market"},
                "takeProfit": {"triggerPrice": round(price * 1.1), "type": "market"},
            },
        )
        seen["entry"] = (await client.fetch_order(entry["id"], ETH))["status"]
        seen["watched_fill"] = [trade["amount"] for trade in await asyncio.wait_for(fills, LIMIT_S)]
        [position] = await client.fetch_positions([ETH])
        seen["position"] = {name: position[name] for name in ("side", "contracts", "leverage", "marginMode")}
        triggers = await client.fetch_open_orders(ETH)
        seen["triggers"] = sorted(order["triggerPrice"] is not None for order in triggers)
        seen["fees_paid"] = sum(trade["fee"]["cost"] for trade in await client.fetch_my_trades(ETH))
        await client.create_order(ETH, "market", "sell", 0.05, price, {"reduceOnly": True})
        seen["flat"] = await client.fetch_positions([ETH])
        seen["triggers_left"] = len(await client.fetch_open_orders(ETH))

        try:
            await client.create_order(BTC, "limit", "buy", 0.00001, 70_000)
        except ccxt.pro.InvalidOrder as error:
            seen["too_small"] = str(error)

        seen["candles"] = len(await client.fetch_ohlcv(BTC, "1h", limit=50))
        book = await client.fetch_order_book(BTC)
        seen["book"] = [len(book["bids"]), len(book["asks"]), book["bids"][0][0] < book["asks"][0][0]]
        seen["funding"] = (await client.fetch_funding_rate(BTC))["fundingRate"] is not None
        seen["trades"] = len(await client.fetch_trades(ETH)) > 0
        seen["ledger"] = len(await client.fetch_deposits("USDC"))
        watched = await asyncio.wait_for(client.watch_order_book(BTC), LIMIT_S)
        seen["watched_book"] = watched["bids"][0][0] < watched["asks"][0][0]
        seen["watched_ticker"] = (await asyncio.wait_for(client.watch_ticker(BTC), LIMIT_S))["symbol"]
        seen["watched_candle"] = len((await asyncio.wait_for(client.watch_ohlcv(BTC, "1m"), LIMIT_S))[0])
    finally:
        await client.close()
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(session(*sys.argv[1:4]))) + "\n")
