"""What the bus's benches send, and how they read a raw reply."""

from decimal import Decimal
from typing import Any

from common.events import Event, MarketTick, originate
from common.trading.instruments import Symbol

STREAM = MarketTick.TYPE
BATCH = 256
ONE = Decimal("117550.5")


def tick(number: int) -> Event[MarketTick]:
    payload = MarketTick(
        symbol=Symbol.BTC,
        mid_price=ONE,
        mark_price=ONE,
        oracle_price=ONE,
        best_bid_price=ONE,
        best_ask_price=ONE,
        prev_day_price=ONE,
        day_volume_usd=ONE,
        funding_rate_hourly=Decimal("0.0000125"),
        open_interest_coin=ONE,
        mark_received_ms=number,
        book_received_ms=number,
    )
    return originate(payload, keys=("BTC", number), time_ms=number, now_ms=number)


def entries_of(reply: Any) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """The entries of one stream in an XREADGROUP's reply, of either protocol version."""
    pages = reply.values() if isinstance(reply, dict) else [page for _, page in reply or ()]
    return [entry for page in pages for entry in (page[0] if page and isinstance(page[0], list) else page)]
