"""Recorder: stores every event in PostgreSQL, once, and pushes what changed to the browsers.

Reads    every stream but ws.push
Writes   its tables and views; ws.push (trade_executed, position_update, ai_decision, account_update); system.alert;
         memory:{model}
State    PostgreSQL; in memory only what was pushed last
Failure  without PostgreSQL it waits and events stay pending; a batch stored twice changes nothing
"""

from functools import partial

from common.runtime.database import migrate, open_pool
from common.runtime.database_watch import watch_database
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from recorder.config import RecorderSettings
from recorder.handlers import Recorder
from recorder.monitoring.sequence_check import SequenceCheck
from recorder.monitoring.table_gauges import TableGauges
from recorder.projections.results import fill_in_results
from recorder.projections.statistics import recompute_all
from recorder.storage.retention import Retention


async def main() -> None:
    roster = load_roster("recorder")
    settings = load_settings("recorder", RecorderSettings)
    async with Service.open("recorder", settings, contenders=roster.ids) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        await migrate(pool, "recorder")
        async with pool.connection() as connection:
            await recompute_all(connection)
            await fill_in_results(connection)
        recorder = Recorder(
            pool, service.redis, snapshot_interval_s=settings.snapshot_interval_s, contenders=roster.ids
        )
        service.on_rebuild(recorder.forget)
        service.on_batch(recorder.store)
        service.spawn("retention", Retention(pool, service.clock, settings.keep_days).run)
        service.spawn("sequence check", SequenceCheck(service, settings.gap_check_interval_s).run)
        service.spawn("table gauges", TableGauges(service, pool, roster.ids).run)
        service.spawn("database", partial(watch_database, service, pool))
        await service.run()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
