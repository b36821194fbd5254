"""The changing half of a prompt: market, account, positions, memory. Series run from oldest to newest. Pure."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from common.agent.prompt.figures import UNKNOWN, figure, percent, series, usd
from common.agent.prompt.memory import Memory
from common.agent.prompt.rules import system_prompt
from common.agent.prompt.strategy import Strategy
from common.events import AccountPosition, AccountUpdated, CandleSeries, CoinSnapshot, MarketSnapshot, Prompt
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.margin import TAKER_FEE_FRACTION
from common.trading.roster import Language

SHOWN = 10


def build_prompt(
    snapshot: MarketSnapshot,
    account: AccountUpdated,
    memory: Memory,
    *,
    strategy: Strategy,
    limits: Limits,
    coins: Sequence[Symbol],
    language: Language,
) -> Prompt:
    """The two messages for one cycle."""
    instruments = [account.instrument(symbol) for symbol in coins if symbol in limits.symbols]
    system = system_prompt(strategy.text, limits, instruments, language)
    user = "\n\n".join(
        [
            *(_coin(coin) for coin in snapshot.coins.values()),
            _sentiment(snapshot),
            _account(account, memory, limits),
            _positions(account.positions, snapshot.boundary_ms),
            _memory(memory),
            _time(snapshot),
        ]
    )
    digest = hashlib.sha256(f"{system}\x1e{user}".encode()).hexdigest()[:32]
    return Prompt(system=system, user=user, strategy=strategy.name, strategy_hash=strategy.digest, prompt_hash=digest)


def _time(snapshot: MarketSnapshot) -> str:
    moment = datetime.fromtimestamp(snapshot.boundary_ms / 1000, UTC)
    minutes = (snapshot.cycle_number - 1) * snapshot.interval_s // 60
    lines = [
        "# NOW",
        f"cycle: {snapshot.cycle_number}",
        f"time_utc: {moment:%Y-%m-%d %H:%M:%S}",
        f"minutes_since_start: {minutes}",
    ]
    if snapshot.partial:
        lines.append("note: history is still loading; longer series may be short")
    lines.append("Decide now. Answer with one JSON object.")
    return "\n".join(lines)


def _last(values: Sequence[float]) -> float | None:
    return values[-1] if values else None


def _coin(coin: CoinSnapshot) -> str:
    one, five, fifteen = (coin.series[name] for name in ("1m", "5m", "15m"))
    change = float(coin.mid_price / coin.prev_day_price - 1) * 100 if coin.prev_day_price else None
    lines = [
        f"# {coin.symbol}",
        f"mid_price: {figure(coin.mid_price, 7)}  mark_price: {figure(coin.mark_price, 7)}  "
        f"oracle_price: {figure(coin.oracle_price, 7)}",
        f"change_24h: {percent(change)}  day_volume_usd: {figure(coin.day_volume_usd)}",
        f"ema20_5m: {figure(_last(five.ema20), 7)}  macd_5m: {figure(_last(five.macd))}  "
        f"rsi7_5m: {figure(_last(five.rsi7), 4)}",
        f"open_interest: latest {figure(coin.open_interest_coin)} average {figure(coin.open_interest_average_coin)}",
        f"funding_rate_hourly: {figure(coin.funding_rate_hourly)}  premium: {figure(coin.premium)}",
        _book(coin),
        f"flow_{coin.flow.window_s}s: buy_usd {figure(coin.flow.buy_usd)} sell_usd {figure(coin.flow.sell_usd)} "
        f"trades {coin.flow.trade_count}",
        _intraday("1m", one),
        _intraday("5m", five),
        _intraday("15m", fifteen),
        _trend("1h", coin.series["1h"]),
        _context(coin.series["4h"]),
        _trend("1d", coin.series["1d"]),
    ]
    return "\n".join(lines)


def _book(coin: CoinSnapshot) -> str:
    book = coin.book
    if book is None:
        return "book: unknown"
    return (
        f"book: spread_bps {figure(book.spread_bps, 3)} bid_depth_usd {figure(book.bid_depth_usd)} "
        f"ask_depth_usd {figure(book.ask_depth_usd)} imbalance {figure(book.imbalance, 3)}"
    )


def _intraday(name: str, candles: CandleSeries) -> str:
    return (
        f"{name} (oldest to newest): close {series(candles.closes, SHOWN, 6)} ema20 {series(candles.ema20, 3, 6)} "
        f"macd {series(candles.macd, SHOWN, 3)} rsi7 {series(candles.rsi7, 5, 3)} "
        f"rsi14 {series(candles.rsi14, SHOWN, 3)}"
    )


def _trend(name: str, candles: CandleSeries) -> str:
    return (
        f"{name}: close {figure(_last(candles.closes), 6)} ema20 {figure(_last(candles.ema20), 6)} "
        f"ema50 {figure(_last(candles.ema50), 6)} rsi14 {figure(_last(candles.rsi14), 3)}"
    )


def _context(candles: CandleSeries) -> str:
    return (
        f"4h: ema20 {figure(_last(candles.ema20), 6)} ema50 {figure(_last(candles.ema50), 6)} "
        f"atr3 {figure(candles.atr3, 4)} atr14 {figure(candles.atr14, 4)} volume {figure(_last(candles.volumes), 4)} "
        f"volume_average {figure(candles.volume_average, 4)} macd {series(candles.macd, SHOWN, 3)} "
        f"rsi14 {series(candles.rsi14, SHOWN, 3)}"
    )


def _sentiment(snapshot: MarketSnapshot) -> str:
    sentiment = snapshot.sentiment
    if sentiment is None:
        return "# SENTIMENT\nfear_greed: unknown"
    hours = (snapshot.boundary_ms - sentiment.time_ms) / (60 * MINUTE_MS)
    return f"# SENTIMENT\nfear_greed: {sentiment.fear_greed} ({sentiment.classification}), {hours:.0f} hours old"


def stop_losses_usd(positions: Sequence[AccountPosition], slippage_percent: Decimal) -> Decimal:
    """What all open positions would lose from mark to stop with the costs of leaving, in USD, as the gate counts it.

    One without a confirmed stop counts with its margin.
    """
    total = Decimal(0)
    for held in positions:
        stop = held.stop_loss_price if held.protected else None
        leaving = held.size_coin * (held.mark_price if stop is None else stop)
        loss = held.margin_used_usd if stop is None else held.side.sign * (held.mark_price - stop) * held.size_coin
        total += max(Decimal(0), loss) + leaving * (TAKER_FEE_FRACTION + slippage_percent / 100)
    return total


def loss_budget_usd(account: AccountUpdated, memory: Memory, limits: Limits) -> Decimal | None:
    """What may still be lost today beyond what the stops of open positions may cost, in USD.

    None until risk has published how the account's day began; it approves nothing before, either.
    """
    start = memory.day_start_usd
    if start is None or memory.day != account.state_ms // DAY_MS:
        return None
    left = start * limits.max_daily_loss_percent / 100 - (start - account.equity_usd)
    return max(Decimal(0), left - stop_losses_usd(account.positions, limits.slippage_allowance_percent))


def return_percent(account: AccountUpdated, memory: Memory) -> Decimal | None:
    """The time-weighted return since the start, without what was paid in or out; None before the recorder knows it."""
    if memory.growth is None:
        return None
    moved_usd = Decimal(0) if account.sums is None else account.sums.transfers_usd - memory.transfers_usd
    return (memory.growth.with_transfer(account.equity_usd, moved_usd).at(account.equity_usd) - 1) * 100


def _account(account: AccountUpdated, memory: Memory, limits: Limits) -> str:
    budget, total = loss_budget_usd(account, memory, limits), return_percent(account, memory)
    return "\n".join(
        [
            "# ACCOUNT",
            f"equity_usd: {usd(account.equity_usd)}",
            f"available_balance_usd: {usd(account.available_balance_usd)}",
            f"return_percent: {percent(total)}",
            f"sharpe: {figure(memory.sharpe, 3)} (hourly returns, annualized)",
            f"loss_budget_left_usd: {UNKNOWN if budget is None else usd(budget)}",
            f"open_positions: {len(account.positions)}",
        ]
    )


def _positions(positions: Sequence[AccountPosition], boundary_ms: int) -> str:
    if not positions:
        return "# POSITIONS\nnone"
    lines = ["# POSITIONS"]
    for held in positions:
        minutes = "unknown" if held.opened_ms is None else str(max(0, boundary_ms - held.opened_ms) // MINUTE_MS)
        lines.append(
            f"- {held.symbol} {held.side} {held.leverage}x size_coin {figure(held.size_coin, 7)} "
            f"notional_usd {usd(held.notional_usd)} entry_price {figure(held.entry_price, 7)} "
            f"mark_price {figure(held.mark_price, 7)} "
            f"stop_loss {figure(held.stop_loss_price, 7)} take_profit {figure(held.take_profit_price, 7)} "
            f"liquidation_price {figure(held.liquidation_price, 7)} unrealized_pnl_usd {usd(held.unrealized_pnl_usd)} "
            f"age_minutes {minutes}"
        )
    return "\n".join(lines)


def _memory(memory: Memory) -> str:
    lines = ["# LAST TRADES (newest first)"]
    for trade in memory.trades:
        lines.append(
            f"- {trade.symbol} {trade.side} {trade.leverage or UNKNOWN}x entry_price {figure(trade.entry_price, 7)} "
            f"exit_price {figure(trade.exit_price, 7)} pnl_usd {usd(trade.pnl_usd)} by {trade.close_reason}"
        )
    lines += [] if memory.trades else ["none"]
    lines.append("# LAST DENIALS (newest first)")
    for denial in memory.denials:
        figures = f": {denial.value} against {denial.limit}" if denial.limit else ""
        lines.append(f"- {denial.action} {denial.symbol} denied by {denial.code}{figures}")
    return "\n".join(lines if memory.denials else [*lines, "none"])
