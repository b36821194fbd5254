"""Recorder: every event into PostgreSQL, once, and what changed to the browsers.

Reads    every stream but ws.push
Writes   its tables and views; ws.push (trade_executed, position_update, ai_decision, account_update); system.alert;
         memory:{model}
State    none but PostgreSQL
Failure  without PostgreSQL it waits, events stay pending; a batch stored twice changes nothing
"""

from common.runtime.database import migrate, open_pool
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from recorder.config import RecorderSettings
from recorder.gaps import GapCheck
from recorder.record import Recorder
from recorder.statistics import refresh_everything


async def main() -> None:
    settings = load_settings("recorder", RecorderSettings)
    async with Service.open("recorder", settings) as service:
        pool = await open_pool(settings.database_url.get_secret_value())
        await migrate(pool, "recorder")
        async with pool.connection() as connection:
            await refresh_everything(connection)
        recorder = Recorder(pool, service, settings)
        service.on_rebuild(recorder.forget)
        service.on_batch(recorder.store)
        service.spawn("gaps", GapCheck(service, settings.gap_check_interval_s).run)
        await service.run()
        await pool.close()


if __name__ == "__main__":
    run_service(main)
