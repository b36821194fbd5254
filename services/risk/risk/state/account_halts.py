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
from common.trading.growth import EMPTY_USD
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate.halts import Halt, Reason
from risk.gate.rules.loss import loss_since_percent
from risk.state.market_time import day_of, is_of_another_clock
from risk.state.persistent_state import Baseline, LastState, ModelRecord, PersistentState, Transfers


def record_equity(persistent: PersistentState, account: AccountUpdated, *, is_newest: bool) -> PersistentState:
    """With an account state's equity in the model's baseline and high-water mark.

    Each state counts once and in order: one that is neither the newest nor later than the last recorded one was counted
    before. A day begins with the last equity known before midnight UTC of market time, else with the first one of the
    day. A state that lies more than a day before the baseline's day begins a day too: the market is another one, a
    replay from its start. Money moved in or out is no profit or loss: it scales baseline and high-water mark. An equity
    that nothing explains is neither: the record stays as it is.
    """
    record = persistent.record(account.model)
    if not account.is_explained:
        return persistent
    last = record.last
    if last is not None and account.received_ms < last.received_ms and not is_newest:
        return persistent
    record = _with_transfers(record, account)
    equity_usd = _measured_equity_usd(record, account)
    day = day_of(account.state_ms)
    baseline = record.baseline
    if baseline is None or day > baseline.day or (is_newest and day < baseline.day - 1):
        start_usd = equity_usd if record.last is None else record.last.equity_usd
        record = replace(record, baseline=Baseline(day, start_usd))
    return persistent.with_record(
        account.model,
        replace(
            record,
            high_water_usd=max(record.high_water_usd or Decimal(0), equity_usd),
            last=LastState(account.received_ms, equity_usd),
        ),
    )


def update_account_halts(
    limits: Limits,
    persistent: PersistentState,
    account: AccountUpdated,
    unfinished: Collection[Symbol] = (),
    *,
    now_ms: int,
) -> PersistentState:
    """With the halts that the newest state of an account begins and ends; `record_equity` has taken it already.

    A position on a coin with an `unfinished` entry belongs to that entry, even where the state doesn't name its intent.
    """
    model, market_ms = account.model, account.state_ms
    persistent = persistent.without_halts(
        lambda halt: halt.model == model and halt.until_ms is not None and halt.until_ms <= market_ms
    )
    persistent = _with_account_halts(persistent, account)
    if account.is_explained:
        persistent = _with_loss_halts(limits, persistent, account)
    return _update_position_halts(persistent, account, unfinished, now_ms)


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

    The present state is recorded first, so that older ones that wait in the stream can't raise the high-water mark
    again.
    """
    if not any(halt.model == model and halt.reason is Reason.DRAWDOWN for halt in persistent.halts):
        return persistent
    persistent = persistent.without_halts(lambda halt: halt.model == model and halt.reason is Reason.DRAWDOWN)
    if account is not None:
        persistent = record_equity(persistent, account, is_newest=True)
    equity_usd = None if account is None else _measured_equity_usd(persistent.record(model), account)
    return persistent.with_record(model, replace(persistent.record(model), high_water_usd=equity_usd))


def _with_transfers(record: ModelRecord, account: AccountUpdated) -> ModelRecord:
    """The record after the transfers since the last state: baseline, high-water mark and last equity are scaled.

    The ratio is that of the equity to what it was without these transfers, so that every distance to a limit stays the
    same in percent; what was gained or lost since the last state counts as before them. A withdrawal of everything
    scales nothing, as there is nothing left to scale back from: the record waits for the next deposit. What is paid
    into an account that has lost everything is added.

    Sums that start from a new `since_ms` can't be compared with those of before: they are taken over as they are.
    """
    if account.sums is None:
        return record
    known, sums, equity_usd = record.transfers, account.sums, account.equity_usd
    if known is None or known.since_ms != sums.since_ms:
        known = Transfers(sums.since_ms, sums.transfers_usd, None if known is None else known.emptied_usd)
    moved_usd = sums.transfers_usd - known.sum_usd
    before_usd = equity_usd - moved_usd if known.emptied_usd is None else known.emptied_usd
    record = replace(record, transfers=Transfers(sums.since_ms, sums.transfers_usd))
    if moved_usd == 0 and (known.emptied_usd is None or equity_usd < EMPTY_USD):
        return replace(record, transfers=known)
    if equity_usd < EMPTY_USD <= before_usd:
        return replace(record, transfers=Transfers(sums.since_ms, sums.transfers_usd, before_usd))
    if before_usd < EMPTY_USD:
        return _scaled(record, Decimal(1), moved_usd)
    return _scaled(record, equity_usd / before_usd)


def _scaled(record: ModelRecord, ratio: Decimal, added_usd: Decimal = Decimal(0)) -> ModelRecord:
    baseline, high_water_usd, last = record.baseline, record.high_water_usd, record.last
    if baseline is not None:
        baseline = replace(baseline, equity_usd=baseline.equity_usd * ratio + added_usd)
    if high_water_usd is not None:
        high_water_usd = max(Decimal(0), high_water_usd * ratio + added_usd)
    if last is not None:
        last = replace(last, equity_usd=last.equity_usd * ratio + added_usd)
    return replace(record, baseline=baseline, high_water_usd=high_water_usd, last=last)


def _measured_equity_usd(record: ModelRecord, account: AccountUpdated) -> Decimal:
    """The equity by which gains and losses are measured: of an account that was emptied, what it held before."""
    emptied_usd = None if record.transfers is None else record.transfers.emptied_usd
    return account.equity_usd if emptied_usd is None else emptied_usd


def _with_account_halts(persistent: PersistentState, account: AccountUpdated) -> PersistentState:
    """Begins and ends what concerns the account as a whole: the executor's findings, and an unexplained equity."""
    unexplained = (
        "" if account.is_explained else f"no fill, funding, transfer or price explains {account.equity_usd} USD"
    )
    for reason, detail in ((Reason.ACCOUNT, "; ".join(account.problems)), (Reason.UNEXPLAINED, unexplained)):
        if detail:
            persistent = persistent.with_halt(Halt(account.model, reason, account.state_ms, detail=detail))
        else:
            persistent = _without_halt(persistent, account.model, reason)
    return persistent


def _without_halt(persistent: PersistentState, model: str, reason: Reason) -> PersistentState:
    return persistent.without_halts(lambda halt: (halt.model, halt.reason) == (model, reason))


def _with_loss_halts(limits: Limits, persistent: PersistentState, account: AccountUpdated) -> PersistentState:
    model, market_ms, record = account.model, account.state_ms, persistent.record(account.model)
    equity_usd = _measured_equity_usd(record, account)
    if record.baseline is not None and record.baseline.equity_usd > 0:
        lost_percent = loss_since_percent(record.baseline.equity_usd, equity_usd)
        if lost_percent >= limits.max_daily_loss_percent:
            next_day_ms = (record.baseline.day + 1) * DAY_MS
            detail = f"{lost_percent:.2f} % lost since the day began"
            halted = persistent.with_halt(Halt(model, Reason.DAILY_LOSS, market_ms, next_day_ms, detail))
            if halted is not persistent and limits.flatten_on_daily_loss:
                halted = halted.with_halt(Halt(model, Reason.FLATTEN, account.received_ms, detail="daily loss"))
            persistent = halted
    if record.high_water_usd is not None and record.high_water_usd > 0:
        fallen_percent = loss_since_percent(record.high_water_usd, equity_usd)
        if fallen_percent >= limits.max_drawdown_percent:
            detail = f"{fallen_percent:.2f} % below the high-water mark"
            persistent = persistent.with_halt(Halt(model, Reason.DRAWDOWN, account.received_ms, detail=detail))
    return persistent


def _update_position_halts(
    persistent: PersistentState, account: AccountUpdated, unfinished: Collection[Symbol], now_ms: int
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
            return is_flat and (account.received_ms >= halt.since_ms or is_of_another_clock(halt.since_ms, now_ms))
        return halt.reason is Reason.EXTERNAL and not external

    return persistent.without_halts(lambda halt: halt.model == model and is_over(halt))
