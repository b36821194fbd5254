"""Publishes figures for readers that have no access to risk's settings and table, as cache keys.

`risk:limits`: the limits in force. `risk:day:{model}`: the equity with which the model's UTC day of market time began,
and what the gate counts for it; missing until the day has begun, before which nothing is approved.
"""

import json
from typing import Final

from common.agent.prompt.memory import ActiveHalt, GateFigures, ReservedEntry, RiskDay
from common.runtime.service import Service
from common.trading.durations import MINUTE_MS, NEVER
from common.trading.limits import Limits
from risk.gate.halts import most_severe
from risk.handlers import RiskHandlers
from risk.state.gate_inputs import active_halts
from risk.state.market_time import day_of

LIMITS_KEY: Final = "risk:limits"
DAY_KEY: Final = "risk:day:"
CHECK_EVERY_S: Final = 1.0
REPEAT_EVERY_S: Final = 5.0


def limits_value(limits: Limits) -> str:
    """Every limit by its name, decimals as strings."""
    return json.dumps(limits.model_dump(mode="json"))


def cache_values(handlers: RiskHandlers) -> dict[str, str]:
    """The values by key."""
    values = {LIMITS_KEY: limits_value(handlers.limits)}
    for model in handlers.models:
        baseline = handlers.state.persistent.record(model).baseline
        if baseline is not None:
            day = RiskDay(day=baseline.day, equity_usd=baseline.equity_usd, gate=gate_figures(handlers, model))
            values[DAY_KEY + model] = day.model_dump_json()
    return values


def gate_figures(handlers: RiskHandlers, model: str) -> GateFigures:
    """What the gate would count for a decision of the model now."""
    state, held = handlers.state, handlers.state.model(model)
    record, counters, market_ms = state.persistent.record(model), held.counters, state.market_ms
    halts = active_halts(state, model, market_ms)
    cooldown_ms = handlers.limits.entry_cooldown_s * 1000
    disk_free = handlers.disk_free_percent
    ends_ms = {coin: at_ms + cooldown_ms for coin in handlers.coins if (at_ms := counters.last_entry_ms(coin))}
    return GateFigures(
        high_water_usd=record.high_water_usd,
        entries_today=held.entries_on(day_of(market_ms)),
        trading_state=most_severe(halts).value,
        is_disk_full=disk_free is not None and disk_free < handlers.limits.min_disk_free_percent,
        halts=tuple(
            ActiveHalt(reason=halt.reason.value, state=halt.state.value, until_ms=halt.until_ms) for halt in halts
        ),
        cooldowns={coin: end_ms for coin, end_ms in ends_ms.items() if end_ms > market_ms},
        stops_ms=tuple(at_ms for _, at_ms in record.stops),
        approvals_ms=counters.approvals_after(market_ms - MINUTE_MS),
        reserved=tuple(
            ReservedEntry(
                symbol=entry.symbol,
                side=entry.side,
                notional_usd=entry.notional_usd,
                margin_usd=entry.margin_usd,
                loss_usd=entry.loss_usd,
            )
            for entry in held.reservations.values()
            if entry.is_entry
        ),
    )


async def publish_limits(service: Service, handlers: RiskHandlers) -> None:
    """Sets the keys within a second of a change, and every few seconds again, since Redis may have been wiped."""
    published: dict[str, str] = {}
    published_at_s = NEVER
    while True:
        values, now_s = cache_values(handlers), service.clock.monotonic()
        if service.is_owner and (values != published or now_s - published_at_s >= REPEAT_EVERY_S):
            await service.publish(cache=values)
            published, published_at_s = values, now_s
        await service.clock.sleep(CHECK_EVERY_S)
