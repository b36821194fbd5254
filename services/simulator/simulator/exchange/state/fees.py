"""Fee rates: tiers by the volume of the last fourteen days, maker rebates by its share. Source: docs, Fees."""

from decimal import Decimal
from typing import Final

from simulator.exchange.state.account import Account
from simulator.market.candles import DAY_MS

WINDOW_DAYS = 14
DECIMALS = 6
BASE: Final = (Decimal("0.00045"), Decimal("0.00015"))
TIERS: Final = (
    (5_000_000, Decimal("0.0004"), Decimal("0.00012")),
    (25_000_000, Decimal("0.00035"), Decimal("0.00008")),
    (100_000_000, Decimal("0.0003"), Decimal("0.00004")),
    (500_000_000, Decimal("0.00028"), Decimal(0)),
    (2_000_000_000, Decimal("0.00026"), Decimal(0)),
    (7_000_000_000, Decimal("0.00024"), Decimal(0)),
)
"""(volume in USD above which the tier applies, taker rate, maker rate)."""
REBATES: Final = (
    (Decimal("0.005"), Decimal("-0.00001")),
    (Decimal("0.015"), Decimal("-0.00002")),
    (Decimal("0.03"), Decimal("-0.00003")),
)
"""(share of the exchange's volume, traded as a maker, above which the rebate applies, maker rate)."""
BUILDER_UNIT: Final = Decimal("0.00001")
"""Builder fees are counted in tenths of a basis point."""
MAX_BUILDER_UNITS: Final = 100


def day_of(time_ms: int) -> int:
    return time_ms // DAY_MS


def window_volume(account: Account, now_ms: int) -> Decimal:
    """USD traded within the window's days before today."""
    today = day_of(now_ms)
    counted = [row for day, row in account.volumes.items() if today - WINDOW_DAYS <= day < today]
    return sum((usd for row in counted for usd in row), Decimal(0))


def maker_volume(account: Account, now_ms: int) -> Decimal:
    """USD traded as a maker within the window's days before today."""
    today = day_of(now_ms)
    counted = [row[1] for day, row in account.volumes.items() if today - WINDOW_DAYS <= day < today]
    return sum(counted, Decimal(0))


def rates(account: Account, now_ms: int, exchange_volume_usd: Decimal = Decimal(0)) -> tuple[Decimal, Decimal]:
    """(taker, maker) fractions of the notional; `exchange_volume_usd` is the exchange's volume of the same days."""
    volume = window_volume(account, now_ms)
    taker, maker = BASE
    for bound, tier_taker, tier_maker in TIERS:
        if volume > bound:
            taker, maker = tier_taker, tier_maker
    made = maker_volume(account, now_ms) if exchange_volume_usd > 0 else Decimal(0)
    for share, rebate in REBATES:
        if made > share * exchange_volume_usd:
            maker = rebate
    return taker, maker


def count(account: Account, usd: Decimal, crossed: bool, now_ms: int) -> None:
    """Adds a trade to the daily volumes; drops days older than the window."""
    today = day_of(now_ms)
    account.volume_usd += usd
    account.volumes.setdefault(today, [Decimal(0), Decimal(0)])[0 if crossed else 1] += usd
    for day in [day for day in account.volumes if day < today - WINDOW_DAYS]:
        del account.volumes[day]
