"""The prompt: constant text first, every series oldest to newest, the account's figures, the time last."""

import re
from decimal import Decimal
from typing import Any

from common.agent.prompt.build import build_prompt
from common.agent.prompt.memory import Denial, Memory
from common.agent.prompt.strategy import Strategy
from common.events import AccountSums, AccountUpdated, Action, LeverageLimit, MarketSnapshot, Prompt
from common.events.market import BookSummary, CandleSeries, CoinSnapshot, Sentiment, TradeFlow
from common.runtime.roster import read_roster
from common.trading.growth import Growth
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.roster import Language

D = Decimal
COINS = read_roster(None).coins
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
        "coins": {symbol: coin(symbol) for symbol in COINS},
        "sentiment": Sentiment(fear_greed=40, classification="Fear", time_ms=BOUNDARY_MS - 7_200_000),
    }
    return MarketSnapshot(**(fields | changes))


ACCOUNT = AccountUpdated(
    model="qwen",
    address="0x0",
    equity_usd=D(9_500),
    balance_usd=D(9_000),
    available_balance_usd=D(9_000),
    margin_used_usd=D(0),
    maintenance_margin_usd=D(0),
    unrealized_pnl_usd=D(0),
    total_notional_usd=D(0),
    positions=(),
    open_orders=(),
    covers=(),
    open_intents=(),
    state_ms=BOUNDARY_MS,
    received_ms=BOUNDARY_MS,
)
STRATEGY = Strategy("trend-v2", "Follow trends.")


def prompt_of(
    memory: Memory | None = None,
    *,
    coins: tuple[Symbol, ...] = COINS,
    language: Language = "en",
    limits: Limits | None = None,
    account: AccountUpdated = ACCOUNT,
    **changes: Any,
) -> Prompt:
    return build_prompt(
        snapshot(**{"coins": {symbol: coin(symbol) for symbol in coins}} | changes),
        account,
        memory or Memory(),
        strategy=STRATEGY,
        limits=limits or Limits(),
        coins=coins,
        language=language,
    )


def user_of(memory: Memory | None = None, **changes: Any) -> str:
    return prompt_of(memory, **changes).user


def test_the_system_message_is_the_same_in_every_cycle() -> None:
    first = prompt_of()
    second = prompt_of(cycle_number=4, boundary_ms=BOUNDARY_MS + 60_000)
    assert first.system == second.system
    assert first.system.startswith("Follow trends.")
    assert "JSON" in first.system
    assert first.user != second.user
    assert first.prompt_hash != second.prompt_hash


def test_the_time_comes_last_and_every_coin_once() -> None:
    user = user_of()
    heads = re.findall(r"^# (.+)$", user, re.MULTILINE)
    assert heads[: len(COINS)] == [str(symbol) for symbol in COINS]
    assert heads[-1] == "NOW"
    assert "minutes_since_start: 2\n" in user
    assert "time_utc: 2026-05-28 20:27:00" in user


def test_series_run_from_oldest_to_newest_and_end_with_the_newest() -> None:
    line = next(line for line in user_of().splitlines() if line.startswith("5m (oldest to newest)"))
    closes = re.search(r"close \[([^\]]+)\]", line)
    assert closes is not None
    assert [int(each) for each in closes[1].split(", ")] == list(range(1_050, 1_060))


def test_the_account_shows_return_sharpe_and_one_kind_of_cash() -> None:
    user = user_of(Memory(growth=Growth.begun_with(D(10_000)), sharpe=D("-1.234")))
    assert "return_percent: -5.00 %" in user
    assert "sharpe: -1.23 (hourly returns, annualized)\n" in user
    assert "available_balance_usd: 9000.00" in user
    assert "free collateral" not in user
    assert "sharpe: n/a" in user_of()


def test_the_return_is_shown_without_deposits() -> None:
    """10,000 became 9,500; then as much was paid in, 700 having been paid in before the recorder began."""
    names = ("start_cash_usd", "closed_pnl_usd", "fees_usd", "funding_usd")
    sums = AccountSums(since_ms=0, transfers_usd=D(10_200), **dict.fromkeys(names, D(0)))
    account = ACCOUNT.model_copy(update={"equity_usd": D(19_000), "sums": sums})
    memory = Memory(growth=Growth.begun_with(D(10_000)), transfers_usd=D(700))
    assert "return_percent: -5.00 %" in user_of(memory, account=account)


def test_a_leverage_that_the_exchange_lowered_is_shown() -> None:
    limits = (
        LeverageLimit(symbol=Symbol.BTC, lower_bound_usd=D(0), max_leverage=5),
        LeverageLimit(symbol=Symbol.ETH, lower_bound_usd=D(0), max_leverage=0),
    )
    system = prompt_of(account=ACCOUNT.model_copy(update={"leverage_limits": limits})).system
    assert "usable_leverage BTC long 5 short 5" in system
    assert "usable_leverage ETH long 0 short 0" in system
    assert "usable_leverage SOL long 10 short 9" in system


def test_denials_come_back_with_their_reasons() -> None:
    denial = Denial(symbol=Symbol.BTC, action=Action.LONG, code="LEVERAGE", value="15", limit="11", time_ms=BOUNDARY_MS)
    assert "- LONG BTC denied by LEVERAGE: 15 against 11" in user_of(Memory(denials=(denial,)))


def test_a_missing_sentiment_index_is_unknown() -> None:
    assert "fear_greed: 40 (Fear), 2 hours old" in user_of()
    assert "fear_greed: unknown" in user_of(sentiment=None)


def test_a_prompt_keeps_to_about_ten_thousand_characters() -> None:
    prompt = prompt_of()
    assert 6_000 < len(prompt.system) + len(prompt.user) < 14_000


def test_coins_come_from_the_roster() -> None:
    prompt = prompt_of(coins=(Symbol.HYPE, Symbol.BTC))
    assert "- Coins: HYPE, BTC." in prompt.system
    assert "usable_leverage HYPE long 8 short 7" in prompt.system
    assert "usable_leverage ETH" not in prompt.system
    assert prompt.user.startswith("# HYPE\n")


def test_the_limits_are_stated_with_their_figures() -> None:
    system = prompt_of(limits=Limits(max_open_positions=2, max_position_size_percent=D(15))).system
    assert "At most 2 open positions, 50 entries a UTC day." in system
    assert "at most 15." in system


def test_a_contender_is_asked_to_reason_in_its_language() -> None:
    english, chinese = prompt_of(), prompt_of(language="zh")
    assert chinese.system.startswith(english.system)
    assert "请用中文推理" in chinese.system.removeprefix(english.system)
    assert chinese.user == english.user


def test_only_coins_that_may_be_entered_are_offered() -> None:
    system = prompt_of(limits=Limits(allowed_symbols="BTC,SOL")).system
    assert re.findall(r"^usable_leverage (\w+)", system, re.MULTILINE) == ["BTC", "SOL"]
    assert "Coins: BTC, SOL." in system
