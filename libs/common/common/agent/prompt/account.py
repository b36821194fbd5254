"""The contender's account as it is now: figures, what the gate has room for, positions with their plans. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from common.agent.prompt.figures import UNKNOWN, figure, one_line, percent, usd
from common.agent.prompt.memory import Memory, PositionPlan
from common.agent.prompt.room import Room, room_of, taken_coins
from common.agent.prompt.rules import plain, stops_percent
from common.events import AccountPosition, AccountUpdated, Invalidation
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side

LEVERAGES: Final = (2, 5, 10)
"""Rows of the table of sizes, beside the largest leverage."""
REASON_CHARACTERS: Final = 90


def clock(time_ms: int) -> str:
    """A time of day, UTC."""
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%H:%M:%S}"


def return_percent(account: AccountUpdated, memory: Memory) -> Decimal | None:
    """The time-weighted return since the start, without what was paid in or out; None before the recorder knows it."""
    if memory.growth is None:
        return None
    moved_usd = Decimal(0) if account.sums is None else account.sums.transfers_usd - memory.transfers_usd
    return (memory.growth.with_transfer(account.equity_usd, moved_usd).at(account.equity_usd) - 1) * 100


def account_section(account: AccountUpdated, memory: Memory, limits: Limits, market_ms: int) -> str:
    """Money, counters and trading state."""
    gate, is_today = memory.gate, memory.day == account.state_ms // DAY_MS
    entries = str(gate.entries_today) if is_today else UNKNOWN
    stops = sum(market_ms - stop_ms < DAY_MS for stop_ms in gate.stops_ms)
    return "\n".join(
        [
            "# ACCOUNT",
            f"equity_usd={usd(account.equity_usd)} available_balance_usd={usd(account.available_balance_usd)} "
            f"return={percent(return_percent(account, memory))} sharpe={figure(memory.sharpe, 3)}",
            f"open_positions={len(taken_coins(account, memory))}/{limits.max_open_positions} "
            f"entries_today={entries}/{limits.max_daily_trades} stops_24h={stops}/{limits.max_stops_per_day}",
            f"trading_state={gate.trading_state if is_today else UNKNOWN}{_halts(memory)}",
        ]
    )


def _halts(memory: Memory) -> str:
    """Each halt with its end; one without ends by an event, or by a person."""
    return "".join(
        f" {halt.reason}" + ("" if halt.until_ms is None else f"_until={clock(halt.until_ms)}")
        for halt in memory.gate.halts
    )


def entry_section(
    account: AccountUpdated, memory: Memory, limits: Limits, coins: Sequence[Symbol], market_ms: int
) -> str:
    """What an entry may take now: the coins that are free, and the largest size by leverage and stop (long/short)."""
    room = room_of(account, memory, limits, coins, market_ms)
    loss = UNKNOWN if room.loss_usd is None else usd(room.loss_usd)
    lines = [
        "# ENTRY",
        f"loss_budget_left_usd={loss} exposure_left_usd={usd(room.exposure_usd)} denied_by={_list(room.denied_by)}",
        " ".join(f"{symbol}={_coin(symbol, room, memory)}" for symbol in coins) or "-",
    ]
    if not room.denied_by:
        lines += _size_table(room, limits)
    return "\n".join(lines)


def _list(codes: Sequence[str]) -> str:
    return ",".join(codes) or "none"


def _coin(symbol: Symbol, room: Room, memory: Memory) -> str:
    code = room.coins_denied_by.get(symbol, "free")
    return f"{code}_until_{clock(memory.gate.cooldowns[symbol])}" if code == "COOLDOWN" else code


def _size_table(room: Room, limits: Limits) -> list[str]:
    stops = stops_percent(limits)
    leverages = sorted({each for each in LEVERAGES if each < limits.max_leverage} | {limits.max_leverage})
    notional = [_pair(*(usd_whole(room.largest_notional_usd(limits, side, stop)) for side in Side)) for stop in stops]
    rows = [
        " ".join(
            [
                f"{leverage}x",
                *(
                    _pair(*(plain(room.largest_size_percent(limits, side, leverage, stop)) for side in Side))
                    for stop in stops
                ),
            ]
        )
        for leverage in leverages
    ]
    head = " ".join(["largest", *(f"stop{plain(stop)}%" for stop in stops)])
    return [head, " ".join(["notional_usd", *notional]), *rows]


def _pair(long: str, short: str) -> str:
    return long if long == short else f"{long}/{short}"


def usd_whole(value: Decimal) -> str:
    """Whole dollars, rounded down."""
    return str(int(max(Decimal(0), value)))


def positions_section(positions: Sequence[AccountPosition], memory: Memory, market_ms: int) -> str:
    """Each open position with what its contender planned at its entry."""
    plans = {plan.symbol: plan for plan in memory.positions}
    lines = ["# POSITIONS"]
    for held in positions:
        lines += [_position(held, market_ms, plans.get(held.symbol)), _plan(plans.get(held.symbol), held.side)]
    return "\n".join(lines if positions else [*lines, "none"])


def _position(held: AccountPosition, market_ms: int, plan: PositionPlan | None) -> str:
    age = UNKNOWN if held.opened_ms is None else str(max(0, market_ms - held.opened_ms) // MINUTE_MS)
    risk_usd = None if plan is None else plan.initial_risk_usd
    multiple = figure(held.unrealized_pnl_usd / risk_usd, 3) if risk_usd else UNKNOWN
    stop = figure(held.stop_loss_price, 7) + ("" if held.protected else "(unconfirmed)")
    return (
        f"- {held.symbol} {held.side} {held.leverage}x size_coin={figure(held.size_coin, 7)} "
        f"notional_usd={usd(held.notional_usd)} entry={figure(held.entry_price, 7)} "
        f"stop={stop} target={figure(held.take_profit_price, 7)} "
        f"liq={figure(held.liquidation_price, 7)} pnl_usd={usd(held.unrealized_pnl_usd)} r={multiple} "
        f"age_minutes={age}"
    )


def _plan(plan: PositionPlan | None, side: Side) -> str:
    if plan is None or plan.side is not side:
        return f"  plan={UNKNOWN}"
    return (
        f"  plan: confidence={figure(plan.confidence, 3)} asked={figure(plan.asked_stop_loss, 7)}/"
        f"{figure(plan.asked_take_profit, 7)} invalid_if={_condition(plan.invalidation_condition)} "
        f"fees_usd={usd(plan.fees_usd)} funding_usd={usd(plan.funding_usd)} best={figure(plan.best_price, 7)} "
        f"worst={figure(plan.worst_price, 7)} reason={one_line(plan.reasoning, REASON_CHARACTERS)}"
    )


def _condition(condition: Invalidation | None) -> str:
    if condition is None:
        return UNKNOWN
    return f"{condition.timeframe}:{condition.indicator}{condition.op}{figure(condition.value, 7)}"
