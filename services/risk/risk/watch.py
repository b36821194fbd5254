"""What account states and stops that fired mean for baselines, high-water marks and halts. Pure."""

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal

from common.events import AccountUpdated
from common.trading.symbols import Symbol
from risk.durable import Baseline, Durable, Record, Transfers
from risk.halts import Halt, Reason
from risk.limits import Limits
from risk.rules.loss import loss_since_percent

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
CENT = Decimal("0.01")


def watch_money(limits: Limits, durable: Durable, previous: AccountUpdated | None, account: AccountUpdated) -> Durable:
    """What is to be remembered of an account's money; `previous` is the state before this one.

    A day begins with the last equity known before midnight UTC of market time, else with the first one of the day.
    Money moved in or out is no profit or loss: baseline and high-water mark move along.
    """
    model, market_ms = account.model, account.state_ms
    durable = durable.end(lambda halt: halt.model == model and halt.until_ms is not None and halt.until_ms <= market_ms)
    record = _with_transfers(durable.record(model), transfers_of(account))
    day = market_ms // DAY_MS
    if record.baseline is None or day > record.baseline.day:
        record = replace(record, baseline=Baseline(day, _start_usd(previous, account)))
    record = replace(record, high_water_usd=max(record.high_water_usd or Decimal(0), account.equity_usd))
    return _losses(limits, durable.with_record(model, record), account)


def transfers_of(account: AccountUpdated) -> Transfers | None:
    """What was moved in and out by this state. Cash that came and isn't explained yet counts as moved in.

    The exchange may show a deposit in the cash before it shows it in its record; profit it must not be meanwhile.
    """
    sums = account.sums
    if sums is None:
        return None
    explained_usd = sums.start_cash_usd + sums.closed_pnl_usd - sums.fees_usd + sums.funding_usd + sums.transfers_usd
    surplus_usd = account.cash_usd - explained_usd
    return Transfers(sums.since_ms, sums.transfers_usd + (surplus_usd if surplus_usd >= CENT else 0))


def _moved_usd(before: Transfers | None, now: Transfers | None) -> Decimal:
    """What was moved in between, out negative. Sums that began anew explain nothing of before."""
    if before is None or now is None or before.since_ms != now.since_ms:
        return Decimal(0)
    return now.sum_usd - before.sum_usd


def _with_transfers(record: Record, now: Transfers | None) -> Record:
    """The record after what was moved since the last state that it contains."""
    moved_usd = _moved_usd(record.transfers, now)
    record = replace(record, transfers=now or record.transfers)
    if moved_usd and record.baseline is not None:
        record = replace(record, baseline=replace(record.baseline, equity_usd=record.baseline.equity_usd + moved_usd))
    if moved_usd and record.high_water_usd is not None:
        record = replace(record, high_water_usd=max(Decimal(0), record.high_water_usd + moved_usd))
    return record


def _start_usd(previous: AccountUpdated | None, account: AccountUpdated) -> Decimal:
    """The equity with which a day begins whose first state is `account`."""
    if previous is None:
        return account.equity_usd
    return previous.equity_usd + _moved_usd(transfers_of(previous), transfers_of(account))


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


def resume(durable: Durable, model: str, equity_usd: Decimal | None) -> Durable:
    """A person resumes a model after a drawdown: the high-water mark starts again from the present equity."""
    if not any(halt.model == model and halt.reason is Reason.DRAWDOWN for halt in durable.halts):
        return durable
    durable = durable.end(lambda halt: halt.model == model and halt.reason is Reason.DRAWDOWN)
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


def watch_positions(durable: Durable, account: AccountUpdated, under_way: Collection[Symbol] = ()) -> Durable:
    """What is to be remembered of what the newest state of an account holds.

    A position on a coin with an entry `under_way` is that entry's, even where its state doesn't say so yet.
    """
    model = account.model
    external = sorted(
        [str(held.symbol) for held in account.positions if held.intent_id is None and held.symbol not in under_way]
        + [foreign.coin for foreign in account.foreign_positions]
    )
    if external:
        durable = durable.begin(Halt(model, Reason.EXTERNAL, account.state_ms, detail=", ".join(external)))
    is_flat = not account.positions and not under_way

    def is_over(halt: Halt) -> bool:
        if halt.reason is Reason.FLATTEN:
            return is_flat and account.received_ms >= halt.since_ms
        return halt.reason is Reason.EXTERNAL and not external

    return durable.end(lambda halt: halt.model == model and is_over(halt))
