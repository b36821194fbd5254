"""Executor: one Hyperliquid account per model through the official SDK.

Reads    risk.approved, control.command
Writes   order.accepted, order.rejected, order.cancelled, order.filled, account.updated, system.alert; account:{model}
State    tables intents, intent_orders, intent_sends, executor_cursors; the exchange's own record is the truth
Failure  an unknown outcome is asked for, never guessed; a position without a confirmed stop is closed
"""

from typing import Any

from common.events import Command, ControlCommand, Event, RiskApproved
from common.runtime.database import migrate, open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from common.trading.symbols import MODELS
from executor.config import ExecutorSettings
from executor.feed import AccountFeed
from executor.halt import HaltFile
from executor.lane import Lane
from executor.store import IntentStore
from executor.venue import Venue


async def main() -> None:
    settings = load_settings("executor", ExecutorSettings)
    async with Service.open("executor", settings, lease=True) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        await migrate(pool, "executor")
        store, halts = IntentStore(pool), HaltFile(settings.executor_data_dir)
        lanes: dict[str, Lane] = {}
        for model in MODELS:
            key, address = settings.key_of(model), settings.address_of(model)
            venue = Venue(key, settings.api_url, address, settings.exchange_timeout_s, service.clock.now_ms)
            lanes[model] = Lane(model, venue, store, service, settings, halts)
            feed = AccountFeed(settings.api_url, lanes[model], service.clock, service.log)
            service.spawn(f"lane-{model}", lanes[model].run)
            service.spawn(f"feed-{model}", feed.run)

        async def take(event: Event[RiskApproved], now_ms: int) -> tuple[Event[Any], ...]:
            """An approval is done with once its intent is stored; the lane does the rest."""
            await store.add(event, now_ms)
            lanes[event.data.model].kick()
            return ()

        def obey(event: Event[ControlCommand], now_ms: int) -> tuple[Event[Any], ...]:
            if event.data.command is Command.HALT:
                halts.halt(event.data.model, event.data.reason)
            elif event.data.command is Command.RESUME:
                halts.resume(event.data.model)
            return ()

        async def begin() -> None:
            for lane in lanes.values():
                lane.go.set()

        service.on(RiskApproved, take)
        service.on(ControlCommand, obey)
        service.on_rebuild(begin)
        await service.run()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
