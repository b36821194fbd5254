"""How much of each limit a model uses, for the metrics. Pure."""

from decimal import Decimal

from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.limits import Limits
from common.trading.margin import notional_usd
from risk.gate.rules.loss import loss_since_percent
from risk.state.market_time import day_of
from risk.state.risk_state import RiskState


def limit_use(limits: Limits, state: RiskState, model: str) -> dict[str, float]:
    """The used share per limit, 1 at the limit, by the names of `metrics.LIMITS`; what isn't known is left out."""
    held, record = state.model(model), state.persistent.record(model)
    day, account = day_of(state.market_ms), held.account
    stops = sum(state.market_ms - at_ms < DAY_MS for _, at_ms in record.stops)
    approvals = len(held.counters.approvals_after(state.market_ms - MINUTE_MS))
    used = {
        "daily_trades": _share(held.entries_on(day), limits.max_daily_trades),
        "orders_per_minute": _share(approvals, limits.max_orders_per_minute),
        "stops_per_day": _share(stops, limits.max_stops_per_day),
    }
    if account is None:
        return used
    used["open_positions"] = _share(len(account.positions), limits.max_open_positions)
    marks = {symbol: market.mark_price for symbol, market in state.markets.items()}
    gross_usd = sum(
        (notional_usd(each.size_coin, marks.get(each.symbol, each.mark_price)) for each in account.positions),
        Decimal(0),
    )
    if account.equity_usd > 0:
        used["gross_exposure"] = _share(gross_usd / account.equity_usd, limits.max_gross_exposure_ratio)
    baseline = record.baseline
    if baseline is not None and baseline.equity_usd > 0:
        lost = loss_since_percent(baseline.equity_usd, account.equity_usd) if baseline.day == day else Decimal(0)
        used["daily_loss"] = _share(max(Decimal(0), lost), limits.max_daily_loss_percent)
    fallen = drawdown_fraction(state, model)
    if fallen is not None:
        used["drawdown"] = fallen * 100 / float(limits.max_drawdown_percent)
    return used


def drawdown_fraction(state: RiskState, model: str) -> float | None:
    """How far the equity lies below its high-water mark; None while either isn't known."""
    account, high_usd = state.model(model).account, state.persistent.record(model).high_water_usd
    if account is None or high_usd is None or high_usd <= 0:
        return None
    return float(max(Decimal(0), loss_since_percent(high_usd, account.equity_usd))) / 100


def _share(used: Decimal | int, limit: Decimal | int) -> float:
    return float(used / limit) if limit else 1.0
