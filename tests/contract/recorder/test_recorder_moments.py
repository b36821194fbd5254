"""The arena as of a moment: accounts, positions and trades against recomputations from the raw fills."""

from bisect import bisect_right
from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from recorder_examples import snapshot, state
from trade_histories import COINS, History

from common.events import AccountLedger, Event, LedgerKind, OrderFilled, originate
from common.runtime.database import Pool
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from gateway.storage.moments import MomentQueries
from gateway.storage.queries import Queries
from recorder.handlers import Recorder

D = Decimal
MODELS = ("deepseek", "qwen")
START = D(10_000)
STEPS = 60
CENT = D("0.000001")


class Arena:
    """Two contenders' generated fills, walking prices, funding, a deposit, and states of the accounts now and then."""

    def __init__(self, random: Random) -> None:
        self.fills: dict[str, list[Event[OrderFilled]]] = {}
        self.paid: dict[str, list[Event[AccountLedger]]] = defaultdict(list)
        self.prices: list[tuple[int, dict[Symbol, Decimal]]] = []
        self.events: list[Event[Any]] = []
        end_ms = 0
        for model in MODELS:
            history = History(model, random)
            for number in range(STEPS):
                history.now_ms += 7
                history.step(number)
            self.events += history.events
            self.fills[model] = [event for event in history.events if isinstance(event.data, OrderFilled)]
            end_ms = max(end_ms, history.now_ms)
        self.end_ms = end_ms
        mids = {coin: D(100) for coin in COINS}
        for at_ms in range(900_000, end_ms + 600_000, 30 * MINUTE_MS):
            mids = {
                coin: (mid * (1 + D(random.randint(-90, 90)) / 10_000)).quantize(CENT) for coin, mid in mids.items()
            }
            self.prices.append((at_ms, mids))
            self.events.append(snapshot(f"c{at_ms}", at_ms, mids))
        for model in MODELS:
            for number, at_ms in enumerate(range(2_000_001, end_ms, 97 * MINUTE_MS)):
                kind = LedgerKind.TRANSFER if number == 3 else LedgerKind.FUNDING
                coin = None if number == 3 else random.choice(COINS).value
                amount = D(250) if number == 3 else D(random.randint(-300, 300)) / 100
                payload = AccountLedger(model=model, kind=kind, amount_usd=amount, reason="", coin=coin)
                event = originate(payload, keys=(model, at_ms), time_ms=at_ms, now_ms=at_ms)
                self.paid[model].append(event)
                self.events.append(event)
            for at_ms in range(950_000, end_ms, 211 * MINUTE_MS):
                unrealized = self.unrealized(model, at_ms)
                equity = self.equity(model, at_ms)
                figures = {"balance_usd": equity - unrealized, "unrealized_pnl_usd": unrealized}
                self.events.append(state(model, at_ms, equity, **figures))
        self.events.sort(key=lambda event: (event.time_ms, event.type))

    def marks(self, at_ms: int) -> dict[Symbol, Decimal]:
        return self.prices[bisect_right(self.prices, at_ms, key=lambda each: each[0]) - 1][1]

    def sizes(self, model: str, at_ms: int) -> dict[Symbol, Decimal]:
        sizes: dict[Symbol, Decimal] = defaultdict(D)
        for event in self.fills[model]:
            if event.time_ms <= at_ms:
                data = event.data
                sizes[data.symbol] += data.size_coin if data.side == "BUY" else -data.size_coin
        return {coin: size for coin, size in sizes.items() if size}

    def entries(self, model: str, at_ms: int) -> dict[Symbol, Decimal]:
        """Average entry prices, as an exchange keeps them: a fill that reduces leaves the average."""
        kept: dict[Symbol, tuple[Decimal, Decimal]] = defaultdict(lambda: (D(0), D(0)))
        for event in self.fills[model]:
            if event.time_ms > at_ms:
                continue
            data = event.data
            size, entry = kept[data.symbol]
            signed = data.size_coin if data.side == "BUY" else -data.size_coin
            after = size + signed
            if size * signed >= 0:
                entry = (abs(size) * entry + abs(signed) * data.price) / abs(after)
            elif size * after < 0:
                entry = data.price
            kept[data.symbol] = (after, entry)
        return {coin: entry for coin, (size, entry) in kept.items() if size}

    def unrealized(self, model: str, at_ms: int) -> Decimal:
        entries, marks = self.entries(model, at_ms), self.marks(at_ms)
        return sum((size * (marks[coin] - entries[coin]) for coin, size in self.sizes(model, at_ms).items()), D(0))

    def equity(self, model: str, at_ms: int) -> Decimal:
        """By cash alone: what was paid and received, and what is held at the prices as of then."""
        cash = START
        for event in self.fills[model]:
            if event.time_ms <= at_ms:
                data = event.data
                cash -= (data.size_coin if data.side == "BUY" else -data.size_coin) * data.price + data.fee_usd
        cash += sum((event.data.amount_usd for event in self.paid[model] if event.time_ms <= at_ms), D(0))
        marks = self.marks(at_ms)
        return cash + sum((size * marks[coin] for coin, size in self.sizes(model, at_ms).items()), D(0))

    def deposits(self, model: str, at_ms: int) -> Decimal:
        paid = (each for each in self.paid[model] if each.data.kind is LedgerKind.TRANSFER and each.time_ms <= at_ms)
        return sum((event.data.amount_usd for event in paid), D(0))


def near(value: Decimal) -> Any:
    return pytest.approx(value, abs=D("0.00001"))


async def test_a_moment_follows_from_the_raw_fills(recorder: Recorder, pool: Pool) -> None:
    random = Random(5)
    arena = Arena(random)
    for at in range(0, len(arena.events), 100):
        await recorder.store(arena.events[at : at + 100], 1)
    times = sorted([*random.sample(range(1_000_000, arena.end_ms), 25), arena.fills["qwen"][9].time_ms])
    held = reduced = 0
    for moment in await MomentQueries(Queries(pool), MODELS).moments(times):
        at_ms = moment["time_ms"]
        marks = arena.marks(at_ms)
        assert {row["symbol"]: D(row["mark_price"]) for row in moment["prices"]} == marks
        assert [row["model"] for row in moment["accounts"]] == list(MODELS)
        for account in moment["accounts"]:
            model = account["model"]
            assert D(account["equity"]) == near(arena.equity(model, at_ms))
            assert D(account["unrealized_pnl"]) == near(arena.unrealized(model, at_ms))
            assert D(account["equity"]) == near(D(account["balance"]) + D(account["unrealized_pnl"]))
            sizes, entries = arena.sizes(model, at_ms), arena.entries(model, at_ms)
            rows = {row["symbol"]: row for row in moment["positions"] if row["model"] == model}
            assert rows.keys() == {coin.value for coin in sizes}
            for coin, size in sizes.items():
                row = rows[coin]
                assert D(row["position_size"]) * (1 if row["side"] == "LONG" else -1) == size
                assert D(row["entry_price"]) == near(entries[coin])
                assert D(row["unrealized_pnl"]) == near(size * (marks[coin] - entries[coin]))
                held += 1
        queries = MomentQueries(Queries(pool), MODELS)
        for trade in (await queries.trades(at_ms, {"model": None, "symbol": None}, 200, None))[0]:
            assert trade["entry_time"] <= at_ms
            if trade["status"] != "OPEN":
                assert trade["exit_time"] <= at_ms
                continue
            size = arena.sizes(trade["model"], at_ms)[Symbol(trade["symbol"])]
            assert D(trade["open_size"]) == abs(size)
            assert (trade["exit_time"], trade["pnl"], trade["close_reason"]) == (None, None, None)
            reduced += trade["exit_notional"] is not None
    assert held > 20
    assert reduced > 3
