"""The prompt: constant text first, every series oldest to newest, the account's figures, the time last."""

import re
from decimal import Decimal
from typing import Any

import pytest

from common.agent.prompt import Memory, Strategy, build_prompt
from common.agent.settings import AgentSettings
from common.events import AccountUpdated, MarketSnapshot
from common.events.market import BookSummary, CandleSeries, CoinSnapshot, Sentiment, TradeFlow
from common.trading.instruments import Symbol
from common.trading.symbols import SYMBOLS

D = Decimal
BOUNDARY_MS = 1_780_000_020_000
INTERVALS = ("1m", "5m", "15m", "1h", "4h", "1d")
LENGTH = 60


def candles(interval: str, base: float) -> CandleSeries:
    rising = tuple(base + step for step in range(LENGTH))
    return CandleSeries(
        interval=interval,
        open_times_ms=tuple(range(LENGTH)),
        opens=rising,
        highs=rising,
        lows=rising,
        closes=rising,
        volumes=rising,
        is_last_closed=False,
        ema20=rising,
        ema50=rising,
        macd=rising,
        rsi7=rising,
        rsi14=rising,
        atr3=1.5,
        atr14=2.5,
        volume_average=3.5,
    )


def coin(symbol: Symbol) -> CoinSnapshot:
    return CoinSnapshot(
        symbol=symbol,
        mid_price=D("117524.5"),
        mark_price=D(117_520),
        oracle_price=D(117_500),
        prev_day_price=D(116_000),
        day_volume_usd=D(1_000_000),
        funding_rate_hourly=D("0.0000125"),
        premium=0.0001,
        open_interest_coin=D(25_000),
        open_interest_average_coin=24_000.0,
        max_leverage=10,
        book=BookSummary(
            time_ms=1,
            best_bid_price=D(117_524),
            best_ask_price=D(117_525),
            spread_bps=0.085,
            bid_depth_usd=100.0,
            ask_depth_usd=200.0,
            imbalance=-0.333,
        ),
        flow=TradeFlow(window_s=300, buy_usd=10.0, sell_usd=20.0, trade_count=3),
        series={name: candles(name, 1_000.0) for name in INTERVALS},
    )


def snapshot(cycle_number: int = 3, **changes: Any) -> MarketSnapshot:
    fields: dict[str, Any] = {
        "run_id": "r",
        "cycle_number": cycle_number,
        "boundary_ms": BOUNDARY_MS,
        "interval_s": 60,
        "missed_cycles": 0,
        "partial": False,
        "coins": {symbol: coin(symbol) for symbol in SYMBOLS},
        "sentiment": Sentiment(fear_greed=40, classification="Fear", time_ms=BOUNDARY_MS - 7_200_000),
    }
    return MarketSnapshot(**(fields | changes))


ACCOUNT = AccountUpdated.model_construct(
    model="qwen", equity_usd=D(9_500), withdrawable_usd=D(9_000), positions=(), state_ms=BOUNDARY_MS
)
STRATEGY = Strategy("trend-v1", "Follow trends.")


@pytest.fixture
def settings() -> AgentSettings:
    return AgentSettings.model_construct(**{name: field.default for name, field in AgentSettings.model_fields.items()})


def user_of(settings: AgentSettings, memory: Memory | None = None, **changes: Any) -> str:
    return build_prompt(STRATEGY, snapshot(**changes), ACCOUNT, memory or Memory(), settings).user


def test_what_stays_the_same_is_in_the_system_message_so_that_caches_can_bill_it_low(settings: AgentSettings) -> None:
    first = build_prompt(STRATEGY, snapshot(), ACCOUNT, Memory(), settings)
    second = build_prompt(STRATEGY, snapshot(4, boundary_ms=BOUNDARY_MS + 60_000), ACCOUNT, Memory(), settings)
    assert first.system == second.system
    assert first.system.startswith("Follow trends.")
    assert "JSON" in first.system
    assert first.user != second.user
    assert first.prompt_hash != second.prompt_hash


def test_the_time_comes_last_and_every_coin_once(settings: AgentSettings) -> None:
    user = user_of(settings)
    heads = re.findall(r"^# (.+)$", user, re.MULTILINE)
    assert heads[: len(SYMBOLS)] == [str(symbol) for symbol in SYMBOLS]
    assert heads[-1] == "NOW"
    assert "minutes_since_start: 2\n" in user
    assert "time_utc: 2026-05-28 20:27:00" in user


def test_series_run_from_oldest_to_newest_and_end_with_the_newest(settings: AgentSettings) -> None:
    line = next(line for line in user_of(settings).splitlines() if line.startswith("5m (oldest to newest)"))
    closes = re.search(r"close \[([^\]]+)\]", line)
    assert closes is not None
    assert [int(each) for each in closes[1].split(", ")] == list(range(1_050, 1_060))


def test_the_account_tells_return_sharpe_and_one_kind_of_cash(settings: AgentSettings) -> None:
    user = user_of(settings, Memory(start_balance_usd=D(10_000), sharpe=D("-1.234")))
    assert "return_since_start: -5.00 %" in user
    assert "sharpe_ratio_annualised: -1.23\n" in user
    assert "available_cash_usd: 9000.00" in user
    assert "free collateral" not in user
    assert "sharpe_ratio_annualised: n/a" in user_of(settings)


def test_denials_come_back_with_their_reasons(settings: AgentSettings) -> None:
    denial = {"action": "LONG", "symbol": "BTC", "code": "LEVERAGE", "detail": "15 > 11"}
    assert "- LONG BTC denied by LEVERAGE: 15 > 11" in user_of(settings, Memory(denials=[denial]))


def test_an_old_index_of_sentiment_is_left_out_not_made_up(settings: AgentSettings) -> None:
    assert "fear_greed: 40 (Fear), 2 hours old" in user_of(settings)
    assert "fear_greed: unknown" in user_of(settings, sentiment=None)


def test_a_prompt_keeps_to_about_ten_thousand_characters(settings: AgentSettings) -> None:
    prompt = build_prompt(STRATEGY, snapshot(), ACCOUNT, Memory(), settings)
    assert 6_000 < len(prompt.system) + len(prompt.user) < 14_000
