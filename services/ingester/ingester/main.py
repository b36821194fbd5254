"""Ingester: keeps the market connection and turns it into events, a cache and one snapshot per cycle.

Reads    Hyperliquid's WebSocket and /info (real, or the simulator's)
Writes   market.tick, market.snapshot, ws.push (price_update); price:, kline:, orderbook:, tape:, snapshot:latest,
         run:id, market:source; files of what was received, with CAPTURE_DIR
State    the newest of every stream, 500 candles per series; rebuilt from the cache and candleSnapshot
Failure  a lost or silent connection is opened again for ever; a frame that can't be read is skipped alone
"""

from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from ingester.capture import Capture
from ingester.complaints import Complaints
from ingester.config import IngesterSettings
from ingester.connection import Connection
from ingester.ingest import Ingester
from ingester.market_source import MarketSource


def capture_of(settings: IngesterSettings, service: Service) -> Capture | None:
    """The recording that was asked for."""
    if settings.capture_dir is None:
        return None
    size, count = settings.capture_file_mb * 1_000_000, settings.capture_files
    folder, url = settings.capture_dir, settings.api_url
    return Capture(folder, url, service.clock, service.log, file_bytes=size, files=count)


async def main() -> None:
    settings = load_settings("ingester", IngesterSettings)
    async with Service.open("ingester", settings) as service:
        service.set_ready("market", False, "waiting for the market")
        service.set_ready("exchange", False, "waiting for the exchange's list of coins")
        complaints = Complaints(service.clock, service.log)
        capture = capture_of(settings, service)
        ingester = Ingester(service, settings, complaints, capture)
        connection = Connection(
            settings.ws_url,
            service.clock,
            service.log,
            complaints,
            take=ingester.take,
            connected=ingester.connected,
            silent=ingester.silent,
            heard=None if capture is None else capture.frame,
        )
        service.on_rebuild(ingester.load)
        service.spawn("connection", connection.run)
        service.spawn("history", ingester.fill_history)
        service.spawn("beat", ingester.beat)
        service.spawn("sentiment", ingester.sentiment.run)
        service.spawn("source", MarketSource(service, settings, lambda: ingester.is_connected).run)
        if capture is not None:
            service.spawn("capture", capture.run)
        await service.run()


if __name__ == "__main__":
    run_service(main)
