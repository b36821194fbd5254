"""What account states and fired stops mean for baselines, high-water marks and halts. Pure.

Each account state is applied in two steps. `record_equity` takes every state, also those that waited in the stream
while risk was down, since each may hold a day's last equity or a new high. `update_account_halts` takes only the newest
state, since what an older one says about losses and positions may be over.
"""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from common.events import AccountUpdated
from common.trading.durations import DAY_MS, HOUR_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate.halts import Halt, Reason
from risk.gate.rules.loss import loss_since_percent
from risk.state.market_time import day_of
from risk.state.persistent_state import Baseline, LastState, ModelRecord, PersistentState, Transfers


def record_equity(persistent: PersistentState, account: AccountUpdated, *, is_newest: bool) -> PersistentState:
    """With an account state's equity in the model's baseline and high-water mark.

    Each state counts once and in order: one that is neither the newest nor later than the last recorded one was counted
    before. A day begins with the last equity known before midnight UTC of market time, else with the first one of the
    day. A state that lies more than a day before the baseline's day begins a day too: the market is another one, a
    replay from its start. Money moved in or out is no profit or loss: baseline and high-water mark move along.
    """
    record = persistent.record(account.model)
    last = record.last
    if last is not None and account.received_ms < last.received_ms and not is_newest:
        return persistent
    record, moved_usd = _with_transfers(record, account)
    day = day_of(account.state_ms)
    baseline = record.baseline
    if baseline is None or day > baseline.day or (is_newest and day < baseline.day - 1):
        start_usd = account.equity_usd if last is None else last.equity_usd + moved_usd
        record = replace(record, baseline=Baseline(day, start_usd))
    return persistent.with_record(
        account.model,
        replace(
            record,
            high_water_usd=max(record.high_water_usd or Decimal(0), account.equity_usd),
            last=LastState(account.received_ms, account.equity_usd),
        ),
    )


def update_account_halts(
    limits: Limits, persistent: PersistentState, account: AccountUpdated, unfinished: Collection[Symbol] = ()
) -> PersistentState:
    """With the halts that the newest state of an account begins and ends; `record_equity` has taken it already.

    A position on a coin with an `unfinished` entry belongs to that entry, even where the state doesn't name its intent.
    """
    model, market_ms = account.model, account.state_ms
    persistent = persistent.without_halts(
        lambda halt: halt.model == model and halt.until_ms is not None and halt.until_ms <= market_ms
    )
    return _update_position_halts(_with_loss_halts(limits, persistent, account), account, unfinished)


def record_stop(limits: Limits, persistent: PersistentState, model: str, order: str, market_ms: int) -> PersistentState:
    """The state after a stop order (or a liquidation) of the model was filled; further fills of that order don't count.

    From `max_stops_per_day` within 24 hours on, the model's entries are halted for `stops_pause_hours`.
    """
    record = persistent.record(model)
    if any(order == known for known, _ in record.stops):
        return persistent
    stops = (*((known, at) for known, at in record.stops if market_ms - at < DAY_MS), (order, market_ms))
    persistent = persistent.with_record(model, replace(record, stops=stops))
    if len(stops) < limits.max_stops_per_day:
        return persistent
    until_ms = market_ms + limits.stops_pause_hours * HOUR_MS
    persistent = persistent.without_halts(lambda halt: halt.model == model and halt.reason is Reason.STOPS)
    return persistent.with_halt(Halt(model, Reason.STOPS, market_ms, until_ms, f"{len(stops)} stops within 24 hours"))


def resume_after_drawdown(persistent: PersistentState, model: str, account: AccountUpdated | None) -> PersistentState:
    """Ends a drawdown halt on a person's resume: the high-water mark starts again from the present equity.

    The present state is recorded first, so that older ones that still wait in the stream can't raise the mark again.
    """
    if not any(halt.model == model and halt.reason is Reason.DRAWDOWN for halt in persistent.halts):
        return persistent
    persistent = persistent.without_halts(lambda halt: halt.model == model and halt.reason is Reason.DRAWDOWN)
    if account is not None:
        persistent = record_equity(persistent, account, is_newest=True)
    equity_usd = None if account is None else account.equity_usd
    return persistent.with_record(model, replace(persistent.record(model), high_water_usd=equity_usd))


def _with_transfers(record: ModelRecord, account: AccountUpdated) -> tuple[ModelRecord, Decimal]:
    """The record after the transfers since the last state, and their sum (out: negative).

    Sums that start from a new `since_ms` can't be compared with those of before: they are taken over as they are.
    """
    if account.sums is None:
        return record, Decimal(0)
    now = Transfers(account.sums.since_ms, account.sums.transfers_usd)
    known = record.transfers if record.transfers is not None and record.transfers.since_ms == now.since_ms else now
    moved_usd = now.sum_usd - known.sum_usd
    record = replace(record, transfers=now)
    if moved_usd == 0:
        return record, moved_usd
    if record.baseline is not None:
        record = replace(record, baseline=replace(record.baseline, equity_usd=record.baseline.equity_usd + moved_usd))
    if record.high_water_usd is not None:
        record = replace(record, high_water_usd=max(Decimal(0), record.high_water_usd + moved_usd))
    return record, moved_usd


def _with_loss_halts(limits: Limits, persistent: PersistentState, account: AccountUpdated) -> PersistentState:
    model, market_ms, record = account.model, account.state_ms, persistent.record(account.model)
    if record.baseline is not None and record.baseline.equity_usd > 0:
        lost_percent = loss_since_percent(record.baseline.equity_usd, account.equity_usd)
        if lost_percent >= limits.max_daily_loss_percent:
            next_day_ms = (record.baseline.day + 1) * DAY_MS
            detail = f"{lost_percent:.2f} % lost since the day began"
            halted = persistent.with_halt(Halt(model, Reason.DAILY_LOSS, market_ms, next_day_ms, detail))
            if halted is not persistent and limits.flatten_on_daily_loss:
                halted = halted.with_halt(Halt(model, Reason.FLATTEN, account.received_ms, detail="daily loss"))
            persistent = halted
    if record.high_water_usd is not None and record.high_water_usd > 0:
        fallen_percent = loss_since_percent(record.high_water_usd, account.equity_usd)
        if fallen_percent >= limits.max_drawdown_percent:
            detail = f"{fallen_percent:.2f} % below the high-water mark"
            persistent = persistent.with_halt(Halt(model, Reason.DRAWDOWN, market_ms, detail=detail))
    return persistent


def _update_position_halts(
    persistent: PersistentState, account: AccountUpdated, unfinished: Collection[Symbol]
) -> PersistentState:
    """Begins EXTERNAL on a position that no intent explains; ends it and FLATTEN once the positions are closed."""
    model = account.model
    external = sorted(
        [str(held.symbol) for held in account.positions if held.intent_id is None and held.symbol not in unfinished]
        + [position.coin for position in account.external_positions]
    )
    if external:
        persistent = persistent.with_halt(Halt(model, Reason.EXTERNAL, account.state_ms, detail=", ".join(external)))
    is_flat = not account.positions and not unfinished

    def is_over(halt: Halt) -> bool:
        if halt.reason is Reason.FLATTEN:
            return is_flat and account.received_ms >= halt.since_ms
        return halt.reason is Reason.EXTERNAL and not external

    return persistent.without_halts(lambda halt: halt.model == model and is_over(halt))
