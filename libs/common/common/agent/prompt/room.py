"""What the gate would let an entry take now, by the gate's own arithmetic. Pure.

Not in it: how fresh the figures are when the answer comes, and what the decision itself states (confidence, size).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Final

from common.agent.prompt.memory import Memory
from common.events import AccountUpdated
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.losses import loss_fraction_at_stop, loss_of_position_usd, margin_with_fees_usd
from common.trading.margin import initial_margin_usd
from common.trading.orders import Side

SIZE_STEP_PERCENT: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Room:
    """The room for one more entry, USD, and what denies one: the gate's codes, for every coin and by coin.

    `loss_usd` is None until risk has published how the account's day began; it approves nothing before, either.
    """

    equity_usd: Decimal
    loss_usd: Decimal | None
    exposure_usd: Decimal
    margin_usd: Decimal
    denied_by: tuple[str, ...]
    coins_denied_by: Mapping[Symbol, str]

    def largest_notional_usd(self, limits: Limits, side: Side, stop_percent: Decimal) -> Decimal:
        """The largest notional whose loss at that stop fits; the margin is another matter."""
        by_loss = (self.loss_usd or Decimal(0)) / loss_fraction_at_stop(limits, side, stop_percent / 100)
        notional = min(by_loss, self.exposure_usd)
        return notional if limits.max_notional_usd is None else min(notional, limits.max_notional_usd)

    def largest_size_percent(self, limits: Limits, side: Side, leverage: int, stop_percent: Decimal) -> Decimal:
        """The largest position_size_percent at that leverage and stop, rounded down to a tenth.

        0 where it would be less than 1, which an answer can't state: it reads as a fraction.
        """
        if self.equity_usd <= 0:
            return Decimal(0)
        by_margin = self.margin_usd / margin_with_fees_usd(initial_margin_usd(Decimal(1), leverage), Decimal(1))
        notional = min(self.largest_notional_usd(limits, side, stop_percent), by_margin)
        per_percent = self.equity_usd / 100 * (leverage if limits.position_size_basis == "margin" else 1)
        percent = min(limits.max_position_size_percent, notional / per_percent)
        return percent.quantize(SIZE_STEP_PERCENT, rounding=ROUND_DOWN) if percent >= 1 else Decimal(0)


def room_of(account: AccountUpdated, memory: Memory, limits: Limits, coins: Sequence[Symbol], market_ms: int) -> Room:
    """The room for an entry on one of `coins` at that market time."""
    reserved = memory.gate.reserved
    held_usd = sum((held.size_coin * held.mark_price for held in account.positions), Decimal(0))
    reserved_usd = sum((entry.notional_usd for entry in reserved), Decimal(0))
    loss_usd = loss_budget_usd(account, memory, limits)
    return Room(
        equity_usd=account.equity_usd,
        loss_usd=loss_usd,
        exposure_usd=max(Decimal(0), limits.max_gross_exposure_ratio * account.equity_usd - held_usd - reserved_usd),
        margin_usd=account.available_balance_usd - sum((entry.margin_usd for entry in reserved), Decimal(0)),
        denied_by=tuple(_denials(account, memory, limits, loss_usd, market_ms)),
        coins_denied_by={
            symbol: code
            for symbol in coins
            if (code := _coin_denial(symbol, account, memory, limits, market_ms)) is not None
        },
    )


def loss_budget_usd(account: AccountUpdated, memory: Memory, limits: Limits) -> Decimal | None:
    """What may still be lost today beyond what the stops of open and approved positions may cost, in USD."""
    start = _day_start_usd(account, memory)
    if start is None:
        return None
    left = account.equity_usd - start * (1 - limits.max_daily_loss_percent / 100)
    for held in account.positions:
        left -= loss_of_position_usd(
            limits,
            held.side,
            size_coin=held.size_coin,
            mark_price=held.mark_price,
            stop_loss_price=held.confirmed_stop_price,
            margin_used_usd=held.margin_used_usd,
        )
    return max(Decimal(0), left - sum((entry.loss_usd for entry in memory.gate.reserved), Decimal(0)))


def _day_start_usd(account: AccountUpdated, memory: Memory) -> Decimal | None:
    return memory.day_start_usd if memory.day == account.state_ms // DAY_MS else None


def taken_coins(account: AccountUpdated, memory: Memory) -> frozenset[Symbol]:
    """The coins that are held, or that an approved entry has reserved: they fill the slots for open positions."""
    held = {position.symbol for position in account.positions}
    return frozenset(held | {entry.symbol for entry in memory.gate.reserved})


def _denials(
    account: AccountUpdated, memory: Memory, limits: Limits, loss_usd: Decimal | None, market_ms: int
) -> Iterator[str]:
    """The codes that deny an entry on any coin, in the gate's order."""
    gate, start_usd = memory.gate, _day_start_usd(account, memory)
    yield from (f"STATE_{state}" for state in ("HALTED", "REDUCING") if any(h.state == state for h in gate.halts))
    if gate.is_disk_full:
        yield "DISK_FULL"
    if len(taken_coins(account, memory)) >= limits.max_open_positions:
        yield "OPEN_POSITIONS"
    if gate.entries_today >= limits.max_daily_trades:
        yield "DAILY_TRADES"
    floor_usd = None if start_usd is None else start_usd * (1 - limits.max_daily_loss_percent / 100)
    if floor_usd is None or account.equity_usd <= floor_usd:
        yield "DAILY_LOSS"
    if not loss_usd:
        yield "LOSS_BUDGET"
    peak_usd = gate.high_water_usd
    if peak_usd is not None and account.equity_usd <= peak_usd * (1 - limits.max_drawdown_percent / 100):
        yield "DRAWDOWN"
    if sum(at_ms >= market_ms - MINUTE_MS for at_ms in gate.approvals_ms) >= limits.max_orders_per_minute:
        yield "RATE"


def _coin_denial(symbol: Symbol, account: AccountUpdated, memory: Memory, limits: Limits, market_ms: int) -> str | None:
    """The code that denies an entry on the coin in either direction, or that of a held one on its own side."""
    if symbol in taken_coins(account, memory) or any(order.symbol is symbol for order in account.open_orders):
        return "POSITION_HELD"
    if account.instrument(symbol).max_leverage < 1:
        return "LEVERAGE"
    if memory.gate.cooldowns.get(symbol, market_ms) > market_ms:
        return "COOLDOWN"
    return None
