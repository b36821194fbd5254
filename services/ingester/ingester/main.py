"""Ingester: keeps the market connection and turns it into events, a cache and one snapshot per cycle.

Reads    Hyperliquid's WebSocket and /info (real, or the simulator's)
Writes   market.tick, market.snapshot, ws.push (price_update); price:, kline:, orderbook:, tape:, open_interest:,
         snapshot:latest, run:id, market:source; files of what was received, with CAPTURE_DIR
State    the newest frame of every stream, 700 candles per series; rebuilt from the cache and candleSnapshot
Failure  a lost or silent connection is reopened, without end; an unreadable frame is counted and skipped
"""

from common.runtime.outside.proxies import proxy_problem
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings, refuse_start
from common.trading.roster import Roster
from ingester.config import IngesterSettings
from ingester.exchange.connection import Connection, list_subscriptions
from ingester.exchange.market_source import MarketSource
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.market.state import MarketState
from ingester.sentiment import SentimentSource
from ingester.storage.capture import Capture
from ingester.tasks.backfill import Backfill
from ingester.tasks.cycle_publisher import CyclePublisher
from ingester.tasks.ingester import Ingester
from ingester.tasks.session import MarketSession


def open_capture(settings: IngesterSettings, service: Service) -> Capture | None:
    """The recording, when CAPTURE_DIR asks for one."""
    if settings.capture_dir is None:
        return None
    return Capture(
        settings.capture_dir,
        settings.api_url,
        service.clock,
        service.log,
        file_bytes=settings.capture_file_mb * 1_000_000,
        files=settings.capture_files,
    )


def compose(service: Service, settings: IngesterSettings, roster: Roster) -> None:
    """Builds the parts and registers their tasks with the service."""
    warnings = ThrottledWarnings(service.clock, service.log)
    capture = open_capture(settings, service)
    session = MarketSession(service, MarketState(roster.coins), warnings, stall_limit_s=settings.stall_limit_s)
    sentiment = SentimentSource(settings.sentiment_url, service.clock, service.log)
    backfill = Backfill(service, settings, session, None if capture is None else capture.add_answer)
    cycles = CyclePublisher(service, settings, session, backfill, sentiment)
    ingester = Ingester(service, settings, session, backfill, cycles)
    connection = Connection(
        settings.ws_url,
        list_subscriptions(roster.coins),
        service.clock,
        service.log,
        warnings,
        on_frame=session.receive,
        on_change=session.on_change,
        silent_stream=session.find_silent_stream,
        on_message=None if capture is None else capture.add_frame,
    )
    service.on_rebuild(ingester.load)
    service.spawn("connection", connection.run)
    service.spawn("backfill", ingester.run_backfill)
    service.spawn("ticks", ingester.run_ticks)
    service.spawn("sentiment", sentiment.run)
    service.spawn("market_source", MarketSource(service, settings, lambda: session.is_connected).run)
    if capture is not None:
        service.spawn("capture", capture.run)


async def main() -> None:
    settings = load_settings("ingester", IngesterSettings)
    roster = load_roster("ingester")
    if (problem := proxy_problem(settings.api_url, "httpx", "websockets")) is not None:
        refuse_start("ingester", [problem])
    async with Service.open("ingester", settings) as service:
        service.set_ready("market", False, "waiting for the market")
        service.set_ready("exchange", False, "waiting for the exchange's list of coins")
        compose(service, settings, roster)
        await service.run()


if __name__ == "__main__":
    run_service(main)
