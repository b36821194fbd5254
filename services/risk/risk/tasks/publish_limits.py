"""Publishes figures for readers that have no access to risk's settings and table, as cache keys.

`risk:limits`: the limits in force. `risk:day:{model}`: the equity with which the model's UTC day of market time began.
"""

import json
from typing import Final

from common.runtime.service import Service
from common.trading.limits import Limits
from risk.handlers import RiskHandlers

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
            values[DAY_KEY + model] = json.dumps({"day": baseline.day, "equity_usd": str(baseline.equity_usd)})
    return values


async def publish_limits(service: Service, handlers: RiskHandlers) -> None:
    """Sets the keys within a second of a change, and every few seconds again, since Redis may have been wiped."""
    published: dict[str, str] = {}
    published_at_s = float("-inf")
    while True:
        values, now_s = cache_values(handlers), service.clock.monotonic()
        if service.is_owner and (values != published or now_s - published_at_s >= REPEAT_EVERY_S):
            await service.publish(cache=values)
            published, published_at_s = values, now_s
        await service.clock.sleep(CHECK_EVERY_S)
