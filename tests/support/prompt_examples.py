"""Prompts of a made market: a seeded walk of minutes, the snapshot at any of them, an account with positions, a memory.

The indicators are plausible figures of the walk; what they are exactly is the ingester's business.
"""

import itertools
import random
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from common.agent.prompt.build import build_prompt
from common.agent.prompt.memory import (
    Answered,
    ClosedTrade,
    Denial,
    GateFigures,
    Memory,
    PastIgnoredStop,
    PastRefusal,
    PositionPlan,
    Standing,
)
from common.agent.prompt.strategy import Strategy, load_strategy
from common.events import (
    AccountPosition,
    AccountUpdated,
    Action,
    BookSummary,
    CandleSeries,
    CoinSnapshot,
    IgnoredStop,
    IgnoreReason,
    Invalidation,
    MarketSnapshot,
    Prompt,
    Sentiment,
    TradeFlow,
)
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.growth import Growth
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.limits import Limits
from common.trading.orders import Side
from common.trading.roster import Language
from support.account_examples import account_state
from support.risk_examples import MARKS

D = Decimal
COINS = read_roster(None).coins
HISTORY_DAYS = 30
START_MS = 1_790_035_200_000  # A UTC midnight.
HISTORY_MS = HISTORY_DAYS * DAY_MS
SHOWN, VALUES = 20, 10


@cache
def walk(symbol: Symbol) -> tuple[float, ...]:
    """One price a minute: the history before START_MS, then a day."""
    rng = random.Random(f"walk of {symbol}")
    minutes = (HISTORY_MS + DAY_MS) // MINUTE_MS
    steps = itertools.accumulate(
        (rng.gauss(0, 0.0006) for _ in range(minutes)), lambda sum_, step: 0.9999 * sum_ + step
    )
    return tuple(float(MARKS[symbol]) * (1 + step) for step in steps)


def ema(values: Sequence[float], length: int) -> list[float]:
    average = values[0]
    return [average := average + (value - average) * 2 / (length + 1) for value in values]


def rsi(values: Sequence[float], length: int) -> list[float]:
    moves = [after - before for before, after in itertools.pairwise(values)]
    gains, losses = (ema([max(0.0, sign * move) for move in moves], 2 * length - 1) for sign in (1, -1))
    return [100 * gain / ((gain + loss) or 1) for gain, loss in zip(gains, losses, strict=True)]


def candles(symbol: Symbol, interval: str, boundary_ms: int) -> CandleSeries:
    """The interval's last candles at the boundary, the newest one open unless it ends there."""
    length_ms, prices = INTERVALS_MS[interval], walk(symbol)
    minutes = length_ms // MINUTE_MS
    last_open_ms = (boundary_ms - 1) // length_ms * length_ms
    opens_ms = [last_open_ms - length_ms * back for back in reversed(range(80)) if back * length_ms < HISTORY_MS]
    begins = [(open_ms - START_MS + HISTORY_MS) // MINUTE_MS for open_ms in opens_ms]
    now = (boundary_ms - START_MS + HISTORY_MS) // MINUTE_MS
    spans = [prices[max(0, begin) : min(now, begin + minutes) + 1] for begin in begins if begin >= 0]
    closes = [span[-1] for span in spans]
    highs, lows = [max(span) for span in spans], [min(span) for span in spans]
    ranges = [high - low for high, low in zip(highs, lows, strict=True)]
    volumes = [1 + 40 * (high - low) / high for high, low in zip(highs, lows, strict=True)]
    fast, slow = ema(closes, 12), ema(closes, 26)
    is_last_closed = last_open_ms + length_ms <= boundary_ms
    finished = volumes if is_last_closed else volumes[:-1]
    return CandleSeries(
        interval=interval,
        open_times_ms=tuple(opens_ms[-SHOWN:]),
        opens=tuple(span[0] for span in spans[-SHOWN:]),
        highs=tuple(highs[-SHOWN:]),
        lows=tuple(lows[-SHOWN:]),
        closes=tuple(closes[-SHOWN:]),
        volumes=tuple(volumes[-SHOWN:]),
        is_last_closed=is_last_closed,
        ema20=tuple(ema(closes, 20)[-VALUES:]),
        ema50=tuple(ema(closes, 50)[-VALUES:]),
        macd=tuple(one - other for one, other in zip(fast[-VALUES:], slow[-VALUES:], strict=True)),
        rsi7=tuple(rsi(closes, 7)[-VALUES:]),
        rsi14=tuple(rsi(closes, 14)[-VALUES:]),
        atr3=ema(ranges, 5)[-1],
        atr14=ema(ranges, 27)[-1],
        volume_average=sum(finished[-20:]) / 20,
    )


def coin_snapshot(symbol: Symbol, boundary_ms: int) -> CoinSnapshot:
    rng = random.Random(f"{symbol} at {boundary_ms}")
    price = walk(symbol)[(boundary_ms - START_MS + HISTORY_MS) // MINUTE_MS]
    mid = INSTRUMENTS[symbol].round_price(D(str(price)))
    return CoinSnapshot(
        symbol=symbol,
        mid_price=mid,
        mark_price=INSTRUMENTS[symbol].round_price(mid * D("1.0001")),
        oracle_price=mid,
        prev_day_price=D(str(walk(symbol)[(boundary_ms - START_MS + HISTORY_MS - DAY_MS) // MINUTE_MS])),
        day_volume_usd=D(rng.randrange(10**8, 10**10)),
        funding_rate_hourly=D(rng.randrange(-300, 300)) / 10**7,
        premium=rng.gauss(0, 0.0004),
        open_interest_coin=D(25_000),
        open_interest_average_coin=24_000.0,
        open_interest_change_1h_percent=rng.gauss(0, 0.5),
        open_interest_change_24h_percent=rng.gauss(0, 3),
        max_leverage=INSTRUMENTS[symbol].max_leverage,
        book=BookSummary(
            time_ms=boundary_ms,
            best_bid_price=mid,
            best_ask_price=mid,
            spread_bps=rng.uniform(0.1, 3),
            bid_depth_usd=rng.uniform(1e5, 1e7),
            ask_depth_usd=rng.uniform(1e5, 1e7),
            imbalance=rng.uniform(-0.9, 0.9),
        ),
        flow=TradeFlow(
            window_s=300, buy_usd=rng.uniform(1e4, 3e6), sell_usd=rng.uniform(1e4, 3e6), trade_count=rng.randrange(900)
        ),
        series={interval: candles(symbol, interval, boundary_ms) for interval in INTERVALS_MS},
    )


def a_snapshot(minute: int = 607, coins: Sequence[Symbol] = COINS, **changes: Any) -> MarketSnapshot:
    """The snapshot that many minutes after START_MS."""
    boundary_ms = START_MS + minute * MINUTE_MS
    fields: dict[str, Any] = {
        "run_id": "run",
        "cycle_number": minute + 1,
        "boundary_ms": boundary_ms,
        "interval_s": 60,
        "missed_cycles": 0,
        "partial": False,
        "coins": {symbol: coin_snapshot(symbol, boundary_ms) for symbol in coins},
        "sentiment": Sentiment(fear_greed=40, time_ms=START_MS),
    }
    return MarketSnapshot(**(fields | changes))


def a_held(symbol: Symbol, side: Side, boundary_ms: int, **changes: Any) -> AccountPosition:
    """A position of $2,000, 5x, its stop 3 % away."""
    mark = MARKS[symbol]
    held: dict[str, Any] = {
        "symbol": symbol,
        "side": side,
        "size_coin": D(2_000) / mark,
        "entry_price": mark * D("0.99537"),
        "mark_price": mark,
        "leverage": 5,
        "is_isolated": True,
        "notional_usd": D(2_000),
        "unrealized_pnl_usd": D("10.05") * side.sign,
        "margin_used_usd": D(400),
        "liquidation_price": mark * (1 - side.sign * D("0.18137")),
        "funding_since_open_usd": D("0.12"),
        "stop_loss_price": mark * (1 - side.sign * D("0.03017")),
        "take_profit_price": mark * (1 + side.sign * D("0.04031")),
        "protected": True,
        "intent_id": "intent",
        "cycle_id": "cycle",
        "opened_ms": boundary_ms - 45 * MINUTE_MS,
    }
    return AccountPosition(**(held | changes))


def a_state(*positions: AccountPosition, at_ms: int, **changes: Any) -> AccountUpdated:
    """An account of $9,500."""
    return account_state(*positions, at_ms=at_ms, **({"equity_usd": D(9_500)} | changes))


def a_plan(held: AccountPosition, at_ms: int, reasoning: str) -> PositionPlan:
    return PositionPlan(
        symbol=held.symbol,
        side=held.side,
        cycle_id="cycle",
        entered_ms=at_ms - 45 * MINUTE_MS,
        entry_price=held.entry_price,
        reasoning=reasoning,
        confidence=D(66),
        invalidation_condition=Invalidation(timeframe="1h", indicator="close", op="<", value=float(held.mark_price)),
        asked_stop_loss=held.stop_loss_price,
        asked_take_profit=held.take_profit_price,
        stop_loss=held.stop_loss_price,
        take_profit=held.take_profit_price,
        initial_stop_loss=held.stop_loss_price,
        initial_risk_usd=D(60),
        fees_usd=D("0.9"),
        funding_usd=D("0.12"),
        best_price=held.mark_price * D("1.00619"),
        worst_price=held.mark_price * D("0.99311"),
    )


def a_memory(
    at_ms: int, *positions: AccountPosition, texts: str = "trend intact, pullback ended", **changes: Any
) -> Memory:
    """A memory with every kind of entry, as many as are shown; `texts` stands for what the contender wrote."""
    fields: dict[str, Any] = {
        "positions": tuple(a_plan(held, at_ms, texts) for held in positions),
        "answers": tuple(
            Answered(
                symbol=symbol, action=Action.HOLD, confidence=D(70), reasoning=texts, time_ms=at_ms - 3 * MINUTE_MS
            )
            for symbol in COINS
        ),
        "trades": tuple(
            ClosedTrade(
                symbol=symbol,
                side=Side.LONG,
                leverage=5,
                entry_price=MARKS[symbol],
                exit_price=MARKS[symbol] * D("1.01013"),
                pnl_usd=D("18.20"),
                fees_usd=D("1.80"),
                funding_usd=D("0.05"),
                close_reason="take_profit",
                entered_ms=at_ms - 200 * MINUTE_MS,
                exited_ms=at_ms - 120 * MINUTE_MS,
            )
            for symbol in COINS[:5]
        ),
        "denials": tuple(
            Denial(symbol=symbol, action=Action.LONG, code="LEVERAGE", value="15", limit="11", time_ms=at_ms - 60_000)
            for symbol in COINS[:5]
        ),
        "ignored_stops": (
            PastIgnoredStop(
                symbol=Symbol.BTC,
                stop=IgnoredStop(
                    field="stop_loss",
                    reason=IgnoreReason.WRONG_SIDE,
                    asked_price=D(101_000),
                    used_price=D(95_000),
                    mark_price=D(100_000),
                ),
                time_ms=at_ms - 45 * MINUTE_MS,
            ),
        ),
        "refused_answers": (
            PastRefusal(code="NOT_JSON", reason="no JSON", is_corrected=True, time_ms=at_ms - 9 * MINUTE_MS),
        ),
        "growth": Growth.begun_with(D(10_000)),
        "day": at_ms // DAY_MS,
        "day_start_usd": D(10_000),
        "gate": GateFigures(high_water_usd=D(10_000), entries_today=4, stops_ms=(at_ms - 60 * MINUTE_MS,)),
        "sharpe": D("-1.234"),
        "standings": (
            Standing(rank=1, model="qwen", equity_usd=D(10_400), return_percent=D(4)),
            Standing(rank=2, model="deepseek", equity_usd=D(9_500), return_percent=D(-5)),
        ),
    }
    return Memory(**(fields | changes))


def a_prompt(
    minute: int = 607,
    *,
    strategy: str | Strategy = "trend-v2",
    language: Language = "zh",
    mode: Any = "baseline",
    snapshot: MarketSnapshot | None = None,
    account: AccountUpdated | None = None,
    memory: Memory | None = None,
    limits: Limits | None = None,
    coins: Sequence[Symbol] = COINS,
) -> Prompt:
    """The prompt at a minute: one position and a full memory, unless others are given."""
    snapshot = snapshot or a_snapshot(minute, coins)
    at_ms = snapshot.boundary_ms
    held = a_held(coins[0], Side.LONG, at_ms)
    account = account or a_state(held, at_ms=at_ms)
    return build_prompt(
        snapshot,
        account,
        a_memory(at_ms, *account.positions) if memory is None else memory,
        strategy=load_strategy(strategy, language) if isinstance(strategy, str) else strategy,
        limits=limits or Limits(),
        coins=coins,
        language=language,
        mode=mode,
    )
