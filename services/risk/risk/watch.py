"""What account states and stops that fired mean for baselines, high-water marks and halts. Pure."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from common.events import AccountUpdated
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.durable import Baseline, Durable, Last, Record, Transfers
from risk.halts import Halt, Reason
from risk.rules.loss import loss_since_percent

DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def remember_money(durable: Durable, account: AccountUpdated, *, is_newest: bool) -> Durable:
    """With an account state's money: where its day began, its best day.

    States count once and in order: of those that aren't the newest, what came before the last one was counted already.
    A day begins with the last equity known before midnight UTC of market time, else with the first one of the day. So
    does one that lies days back: another market is played. Money moved in or out is no profit or loss: baseline and
    high-water mark move along.
    """
    record = durable.record(account.model)
    last = record.last
    if last is not None and account.received_ms < last.received_ms and not is_newest:
        return durable
    record, moved_usd = _with_transfers(record, account)
    day = account.state_ms // DAY_MS
    begun = record.baseline
    if begun is None or day > begun.day or (is_newest and day < begun.day - 1):
        start_usd = account.equity_usd if last is None else last.equity_usd + moved_usd
        record = replace(record, baseline=Baseline(day, start_usd))
    return durable.with_record(
        account.model,
        replace(
            record,
            high_water_usd=max(record.high_water_usd or Decimal(0), account.equity_usd),
            last=Last(account.received_ms, account.equity_usd),
        ),
    )


def watch_account(
    limits: Limits, durable: Durable, account: AccountUpdated, under_way: Collection[Symbol] = ()
) -> Durable:
    """With the halts that the newest state of an account begins and ends; its money is remembered already.

    A position on a coin with an entry `under_way` is that entry's, even where its state doesn't say so yet.
    """
    model, market_ms = account.model, account.state_ms
    durable = durable.end(lambda halt: halt.model == model and halt.until_ms is not None and halt.until_ms <= market_ms)
    return _positions(_losses(limits, durable, account), account, under_way)


def _with_transfers(record: Record, account: AccountUpdated) -> tuple[Record, Decimal]:
    """The record after what was moved in or out since the last state, and how much that is (out: negative).

    Sums that begin anew explain nothing of before: they are taken over as they are.
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


def watch_stop(limits: Limits, durable: Durable, model: str, order: str, market_ms: int) -> Durable:
    """What is to be remembered after a stop (or a liquidation) of the model fired; fills of one order count once."""
    record = durable.record(model)
    if any(order == seen for seen, _ in record.stops):
        return durable
    stops = (*((seen, at) for seen, at in record.stops if market_ms - at < DAY_MS), (order, market_ms))
    durable = durable.with_record(model, replace(record, stops=stops))
    if len(stops) < limits.max_stops_per_day:
        return durable
    until_ms = market_ms + limits.stops_pause_hours * HOUR_MS
    durable = durable.end(lambda halt: halt.model == model and halt.reason is Reason.STOPS)
    return durable.begin(Halt(model, Reason.STOPS, market_ms, until_ms, f"{len(stops)} stops within 24 hours"))


def resume(durable: Durable, model: str, account: AccountUpdated | None) -> Durable:
    """A person resumes a model after a drawdown: the high-water mark starts again from the present equity.

    States from before that still wait to be counted say nothing against it.
    """
    if not any(halt.model == model and halt.reason is Reason.DRAWDOWN for halt in durable.halts):
        return durable
    durable = durable.end(lambda halt: halt.model == model and halt.reason is Reason.DRAWDOWN)
    if account is not None:
        durable = remember_money(durable, account, is_newest=True)
    equity_usd = None if account is None else account.equity_usd
    return durable.with_record(model, replace(durable.record(model), high_water_usd=equity_usd))


def _losses(limits: Limits, durable: Durable, account: AccountUpdated) -> Durable:
    model, market_ms, record = account.model, account.state_ms, durable.record(account.model)
    if record.baseline is not None and record.baseline.equity_usd > 0:
        lost_percent = loss_since_percent(record.baseline.equity_usd, account.equity_usd)
        if lost_percent >= limits.max_daily_loss_percent:
            next_day_ms = (record.baseline.day + 1) * DAY_MS
            detail = f"{lost_percent:.2f} % lost since the day began"
            begun = durable.begin(Halt(model, Reason.DAILY_LOSS, market_ms, next_day_ms, detail))
            if begun is not durable and limits.flatten_on_daily_loss:
                begun = begun.begin(Halt(model, Reason.FLATTEN, account.received_ms, detail="daily loss"))
            durable = begun
    if record.high_water_usd is not None and record.high_water_usd > 0:
        fallen_percent = loss_since_percent(record.high_water_usd, account.equity_usd)
        if fallen_percent >= limits.max_drawdown_percent:
            detail = f"{fallen_percent:.2f} % below the high-water mark"
            durable = durable.begin(Halt(model, Reason.DRAWDOWN, market_ms, detail=detail))
    return durable


def _positions(durable: Durable, account: AccountUpdated, under_way: Collection[Symbol]) -> Durable:
    model = account.model
    external = sorted(
        [str(held.symbol) for held in account.positions if held.intent_id is None and held.symbol not in under_way]
        + [foreign.coin for foreign in account.external_positions]
    )
    if external:
        durable = durable.begin(Halt(model, Reason.EXTERNAL, account.state_ms, detail=", ".join(external)))
    is_flat = not account.positions and not under_way

    def is_over(halt: Halt) -> bool:
        if halt.reason is Reason.FLATTEN:
            return is_flat and account.received_ms >= halt.since_ms
        return halt.reason is Reason.EXTERNAL and not external

    return durable.end(lambda halt: halt.model == model and is_over(halt))
