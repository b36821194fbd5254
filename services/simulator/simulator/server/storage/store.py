"""The SQLite file: one transaction per acknowledged action, committed before the answer is sent.

A commit reaches the operating system, not the disk: the state survives SIGKILL, not a power cut.
"""

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import Account
from simulator.exchange.state.exchange import Changes, Exchange
from simulator.exchange.state.keys import Agent
from simulator.exchange.state.orders import Order, Twap
from simulator.exchange.world import World
from simulator.market.candles import STORED_ROWS, Candle
from simulator.market.market import Market
from simulator.market.source import SYNTHETIC, Source
from simulator.server.storage.documents import account_document, account_of, fill_of, order_of, plain, twap_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, key));
CREATE TABLE IF NOT EXISTS rows (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS candles (coin TEXT, interval TEXT, open_ms INTEGER, body TEXT NOT NULL,
    PRIMARY KEY (coin, interval, open_ms));
"""


class UnlistedCoins(Exception):
    """The stored accounts hold positions or open orders in coins that aren't listed; the message names the coins."""


class Store:
    """The stored state in `folder`. Raises sqlite3.Error when the disk fails."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "simulator.sqlite", isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.executescript(SCHEMA)
        self._stored: dict[tuple[str, str], int] = {}

    def close(self) -> None:
        self._db.close()

    def save(self, world: World, batch: Sequence[Changes]) -> None:
        """Persists a batch of changes in one transaction; events keep their order."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for changes in batch:
                self._save_events(changes)
            for address in {address for changes in batch for address in changes.accounts}:
                self._put("account", address, account_document(world.exchange.accounts[address]))
            for oid, order in {oid: order for changes in batch for oid, order in changes.orders.items()}.items():
                self._put("order", str(oid), plain(asdict(order)))
            for twap in {twap.id: twap for changes in batch for twap in changes.twaps.values()}.values():
                self._put("twap", str(twap.id), plain(asdict(twap)))
            for signer in world.keys.take_used():
                self._put("nonces", signer, world.keys.nonces[signer])
            if world.keys.take_changed():
                self._put("agents", "all", [asdict(agent) for agent in world.keys.agents.values()])
                self._put("retired", "all", sorted(world.keys.retired))
            self._put("counters", "all", _counters(world))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _save_events(self, changes: Changes) -> None:
        for account, order, status in changes.updates:
            at = order.status_ms if status != OrderStatus.OPEN else order.time_ms
            self._append("order_event", account, {"oid": order.oid, "status": status, "at": at})
        for fill in changes.fills:
            self._append("fill", fill.account, plain(asdict(fill)))
        for twap, at_ms in changes.twap_events:
            self._append("twap_event", twap.account, {"state": plain(asdict(twap)), "at": at_ms})
        for account, row in changes.fundings:
            self._append("funding", account, row)
        for account, row in changes.ledger:
            self._append("ledger", account, row)

    def save_market(self, world: World) -> None:
        """Persists the market's state, and the candles that closed or were amended since the last call."""
        self._db.execute("BEGIN IMMEDIATE")
        for name, market in world.market.coins.items():
            for interval, series in market.candles.series.items():
                amended_ms = {open_ms for each, open_ms in market.candles.amended if each == interval}
                self._save_candles(name, interval, series, amended_ms)
        self._put("market", "all", world.market.save())
        self._put("books", "all", world.exchange.books.save())
        self._put("rates", "all", dict(world.histories.rates))
        self._put("counters", "all", _counters(world))
        self._db.execute("COMMIT")
        for market in world.market.coins.values():
            market.candles.amended.clear()

    def _save_candles(self, coin: str, interval: str, series: list[Candle], amended_ms: set[int]) -> None:
        last = self._stored.get((coin, interval), -1)
        begin = bisect_right(series, last, key=lambda candle: candle.open_ms)
        fresh = [candle for candle in series[:begin] if candle.open_ms in amended_ms] if amended_ms else []
        fresh += series[begin:-1]
        if not fresh:
            return
        rows = [(coin, interval, c.open_ms, json.dumps(_figures(c))) for c in fresh]
        self._db.executemany("INSERT OR REPLACE INTO candles VALUES (?, ?, ?, ?)", rows)
        self._db.execute(
            "DELETE FROM candles WHERE coin = ? AND interval = ? AND open_ms < ?",
            (coin, interval, series[-STORED_ROWS[interval] - 1 :][0].open_ms),
        )
        self._stored[coin, interval] = max(last, fresh[-1].open_ms)

    def source(self) -> Source | None:
        """The stored source of the market; None in a new folder."""
        stored = self._get("source", "all")
        if stored is not None:
            return Source(**stored)
        return None if self._get("market", "all") is None else SYNTHETIC

    def last_prices(self) -> dict[str, float]:
        """The mid prices of the stored market; empty without one."""
        market = self._get("market", "all") or {"coins": {}}
        return {name: row["mid"] for name, row in market["coins"].items()}

    def begin_market(self, source: Source) -> None:
        """Deletes the stored market and stores the source of the next one; accounts and orders stay."""
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("DELETE FROM candles")
        self._db.execute("DELETE FROM documents WHERE kind IN ('market', 'rates', 'books')")
        self._put("source", "all", source.stored())
        self._db.execute("COMMIT")
        self._stored.clear()

    def load_market(self, market: Market) -> None:
        """Continues a market from its stored state, if there is one."""
        saved = self._get("market", "all")
        if saved is not None:
            self._load_market(market, saved)

    def load(self, world: World) -> bool:
        """Fills `world`, except its market, from disk; False when there is nothing yet. Raises UnlistedCoins."""
        counters = self._get("counters", "all")
        if counters is None:
            return False
        exchange = world.exchange
        orders = {order.oid: order for order in sorted(map(order_of, self._all("order")), key=lambda order: order.oid)}
        twaps = [twap_of(body) for body in self._all("twap")]
        accounts = [account_of(body) for body in self._all("account")]
        running = [twap for twap in twaps if twap.status == "activated"]
        in_use = _coins_in_use(accounts, orders.values(), running)
        if unlisted := sorted(in_use - world.market.coins.keys()):
            raise UnlistedCoins(", ".join(unlisted))
        exchange.load(accounts, orders.values(), running)
        if (books := self._get("books", "all")) is not None:
            exchange.books.load(books)
        world.histories.orders = dict(orders)
        self._load_rows(world, orders)
        world.trim()
        self._load_keys(world)
        for coin, rates in (self._get("rates", "all") or {}).items():
            world.histories.rates[coin] = rates
        _load_counters(exchange, counters)
        # Only the stored market's own funding hour counts: another source may be at another time.
        if self._get("market", "all") is not None:
            world.funded_hour = counters["funded_hour"]
        return True

    def _load_market(self, market: Market, saved: dict[str, Any]) -> None:
        closed: dict[tuple[str, str], list[list[float]]] = {}
        query = "SELECT coin, interval, open_ms, body FROM candles ORDER BY open_ms"
        for coin, interval, open_ms, body in self._db.execute(query):
            closed.setdefault((coin, interval), []).append([open_ms, *json.loads(body)])
            self._stored[coin, interval] = open_ms
        market.load(saved, closed)

    def _load_keys(self, world: World) -> None:
        """The API wallets, those no longer valid, and the nonces used."""
        world.keys.agents = {row["address"]: Agent(**row) for row in self._get("agents", "all") or []}
        world.keys.retired = set(self._get("retired", "all") or [])
        for key, body in self._db.execute("SELECT key, body FROM documents WHERE kind = 'nonces'"):
            world.keys.nonces[key] = json.loads(body)

    def _load_rows(self, world: World, orders: dict[int, Order]) -> None:
        histories = world.histories
        for kind, account, text in self._db.execute("SELECT kind, account, body FROM rows ORDER BY number"):
            body = json.loads(text)
            if kind == "fill":
                histories.fills[account].append(fill_of(body))
            elif kind == "funding":
                histories.fundings[account].append(body)
            elif kind == "ledger":
                histories.ledger[account].append(body)
            elif kind == "twap_event":
                histories.twap_events[account].append((twap_of(body["state"]), body["at"]))
            else:
                histories.order_events[account].append((orders[body["oid"]], OrderStatus(body["status"]), body["at"]))

    def _put(self, kind: str, key: str, body: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(body)))

    def _append(self, kind: str, account: str, body: Any) -> None:
        self._db.execute("INSERT INTO rows (kind, account, body) VALUES (?, ?, ?)", (kind, account, json.dumps(body)))

    def _get(self, kind: str, key: str) -> Any:
        row = self._db.execute("SELECT body FROM documents WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return None if row is None else json.loads(row[0])

    def _all(self, kind: str) -> list[Any]:
        found = self._db.execute("SELECT body FROM documents WHERE kind = ?", (kind,))
        return [json.loads(body) for (body,) in found]


def _figures(candle: Candle) -> list[float]:
    return [candle.open, candle.high, candle.low, candle.close, candle.volume, candle.count]


def _coins_in_use(accounts: Iterable[Account], orders: Iterable[Order], running: Iterable[Twap]) -> set[str]:
    """The coins with a position, an open order or a running TWAP."""
    held = {coin for account in accounts for coin in account.positions}
    return held | {order.coin for order in orders if order.is_open} | {twap.coin for twap in running}


def _load_counters(exchange: Exchange, counters: dict[str, Any]) -> None:
    """The next ids, and the exchange's own money."""
    exchange.next_oid, exchange.next_tid = counters["oid"], counters["tid"]
    exchange.next_twap = counters["twap"]
    exchange.rewards = {builder: Decimal(usd) for builder, usd in counters.get("rewards", {}).items()}
    exchange.fees, exchange.house.raw_usd = Decimal(counters["fees"]), Decimal(counters["house"])
    exchange.deposited, exchange.withdrawn = Decimal(counters["deposited"]), Decimal(counters["withdrawn"])


def _counters(world: World) -> dict[str, Any]:
    exchange = world.exchange
    return {
        "oid": exchange.next_oid,
        "tid": exchange.next_tid,
        "twap": exchange.next_twap,
        "deposited": str(exchange.deposited),
        "withdrawn": str(exchange.withdrawn),
        "fees": str(exchange.fees),
        "rewards": {builder: str(usd) for builder, usd in exchange.rewards.items()},
        "house": str(exchange.house.raw_usd),
        "funded_hour": world.funded_hour,
    }
