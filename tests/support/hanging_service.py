"""A service of which one part hangs, run as a process of its own: `python hanging_service.py SCENARIO`."""

import asyncio
import os
import sys
import threading

from common.events import ControlCommand
from common.runtime.database import open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import ServiceSettings

SCENARIO = sys.argv[1]


async def drop_cancellations() -> None:
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            continue


async def hang_in_thread() -> None:
    await asyncio.to_thread(threading.Event().wait)


async def fail() -> None:
    await asyncio.sleep(0.5)
    raise KeyError("a defect")


async def use_redis(service: Service) -> None:
    while True:
        await service.redis.set("key", "value")


async def main() -> None:
    settings = ServiceSettings()
    async with Service.open("risk", settings) as service:
        service.on(ControlCommand, lambda event, now_ms: ())
        if "drops" in SCENARIO:
            service.spawn("drops", drop_cancellations)
        if "thread" in SCENARIO:
            service.spawn("thread", hang_in_thread)
        if "task-fails" in SCENARIO:
            service.spawn("fails", fail)
        if "loop-fails" in SCENARIO:
            service.on_rebuild(fail)
        if "redis" in SCENARIO:
            for number in range(20):
                service.spawn(f"redis-{number}", lambda: use_redis(service))
        if "database" in SCENARIO:
            await open_pool(os.environ["DATABASE_URL"])
        service.log.info("running")
        await service.run()
        if "close" in SCENARIO:
            await drop_cancellations()


if __name__ == "__main__":
    run_service(main)
