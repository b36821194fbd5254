"""`risk:limits`: the limits in force, for whoever shows them; in Redis, as nobody else may read risk's settings."""

import json

from common.runtime.service import Service
from risk.limits import Limits

LIMITS_KEY = "risk:limits"
EVERY_S = 5.0


def limits_value(limits: Limits) -> str:
    """Every limit by its name, decimals as strings."""
    return json.dumps(limits.model_dump(mode="json"))


async def tell_limits(service: Service, limits: Limits) -> None:
    """Keeps the key there, also after Redis was wiped."""
    value = limits_value(limits)
    while True:
        await service.publish(cache={LIMITS_KEY: value})
        await service.clock.sleep(EVERY_S)
