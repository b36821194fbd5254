"""Ingester: keeps the market connection and turns it into events, a cache and one snapshot per cycle.

Reads    Hyperliquid's WebSocket and /info (real, or the simulator's)
Writes   market.tick, market.snapshot, ws.push (price_update); price:, kline:, orderbook:, snapshot:latest, run:id
State    the newest of every stream, 500 candles per series; rebuilt from the cache and candleSnapshot
Failure  a lost or silent connection is opened again for ever; a frame that can't be read is skipped alone
"""

from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from ingester.complaints import Complaints
from ingester.config import IngesterSettings
from ingester.connection import Connection
from ingester.ingest import Ingester


async def main() -> None:
    settings = load_settings("ingester", IngesterSettings)
    async with Service.open("ingester", settings) as service:
        service.set_ready("market", False, "waiting for the market")
        service.set_ready("exchange", False, "waiting for the exchange's list of coins")
        complaints = Complaints(service.clock, service.log)
        ingester = Ingester(service, settings, complaints)
        connection = Connection(
            settings.ws_url,
            service.clock,
            service.log,
            complaints,
            take=ingester.take,
            connected=ingester.connected,
            silent=ingester.silent,
        )
        service.on_rebuild(ingester.load)
        service.spawn("connection", connection.run)
        service.spawn("history", ingester.fill_history)
        service.spawn("beat", ingester.beat)
        service.spawn("sentiment", ingester.sentiment.run)
        await service.run()


if __name__ == "__main__":
    run_service(main)
