"""The ingester's parts over the bus in memory and a manual clock, for tests of its tasks."""

from ingester_frames import COINS, T0_MS, RecordedLog, book, context, mids
from manual_clock import ManualClock

from common.bus.memory import MemoryBus
from common.runtime.service import Service
from ingester.config import IngesterSettings
from ingester.exchange.throttled_warnings import ThrottledWarnings
from ingester.market.state import MarketState
from ingester.sentiment import SentimentSource
from ingester.tasks.backfill import Backfill
from ingester.tasks.cycle_publisher import CyclePublisher
from ingester.tasks.session import MarketSession

STALL_LIMIT_S = 15.0


class IngesterHarness:
    """A market session and a cycle publisher; tests deliver frames and move the clock."""

    def __init__(self) -> None:
        self.clock, self.log = ManualClock(T0_MS), RecordedLog()
        self.settings = IngesterSettings(metrics_port=0, sentiment_url="off")
        self.bus = MemoryBus(self.clock.now_ms)
        self.service = Service("ingester", self.settings, self.bus, self.clock, self.log, lease=False)
        self.session = MarketSession(
            self.service,
            MarketState(COINS),
            ThrottledWarnings(self.clock, self.log),
            stall_limit_s=STALL_LIMIT_S,
        )
        self.backfill = Backfill(self.service, self.settings, self.session, None)
        sentiment = SentimentSource(self.settings.sentiment_url, self.clock, self.log)
        self.cycles = CyclePublisher(self.service, self.settings, self.session, self.backfill, sentiment)

    def connect(self) -> None:
        """Opens a connection, on which price, context and book of every coin arrive."""
        self.session.on_change(True, "")
        self.deliver_market()

    def deliver_market(self) -> None:
        """Delivers every coin's state, stamped with the clock's time."""
        self.session.receive(mids())
        for symbol in COINS:
            self.session.receive(context(symbol.value))
            self.session.receive(book(symbol.value, self.clock.now_ms()))
        self.session.apply_pending()

    @property
    def unmet(self) -> dict[str, str]:
        """The service's unmet readiness conditions with their reasons."""
        return self.service.readiness.unmet
