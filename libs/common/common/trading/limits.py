"""Every limit of the risk gate, with unit, default and bounds: the gate applies it, the prompt states it."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator

from common.trading.instruments import MIN_NOTIONAL_USD, Symbol

PositionSizeBasis = Literal["margin", "notional"]


class Limits(BaseModel, frozen=True):
    """The limits; in the environment under the same names in capitals. Percentages carry their basis in comments.

    `allowed_symbols` is a comma list; an empty one, the default, means every coin of the arena (see `for_coins`).
    """

    # The first eight. The size is a percentage of equity on the basis below; stop and target are price moves.
    max_position_size_percent: Decimal = Field(default=Decimal(20), ge=1, le=100)
    max_leverage: int = Field(default=20, ge=1, le=50)
    max_open_positions: int = Field(default=3, ge=1, le=len(Symbol))
    min_confidence: Decimal = Field(default=Decimal(60), ge=0, le=100)
    max_daily_trades: int = Field(default=50, ge=0, le=10_000)
    max_daily_loss_percent: Decimal = Field(default=Decimal(10), gt=0, le=100)
    stop_loss_percent: Decimal = Field(default=Decimal(5), gt=0, le=50)
    take_profit_percent: Decimal = Field(default=Decimal(10), gt=0, le=90)

    position_size_basis: PositionSizeBasis = "margin"
    allowed_symbols: str = ""

    max_mark_age_ms: int = Field(default=5_000, ge=100, le=60_000)
    max_book_age_ms: int = Field(default=5_000, ge=100, le=60_000)
    max_account_age_ms: int = Field(default=15_000, ge=1_000, le=120_000)
    max_decision_age_ms: int = Field(default=30_000, ge=1_000, le=600_000)
    max_snapshot_age_ms: int = Field(default=90_000, ge=1_000, le=900_000)
    max_snapshot_drift_percent: Decimal = Field(default=Decimal(1), gt=0, le=20)
    max_clock_skew_ms: int = Field(default=2_000, ge=100, le=60_000)
    market_speed: Decimal = Field(default=Decimal(1), gt=0, le=1_000)

    min_liquidation_distance_ratio: Decimal = Field(default=Decimal("1.5"), ge=1, le=10)
    slippage_allowance_percent: Decimal = Field(default=Decimal(1), ge=0, le=20)
    max_gross_exposure_ratio: Decimal = Field(default=Decimal(10), gt=0, le=50)
    max_drawdown_percent: Decimal = Field(default=Decimal(40), gt=0, le=100)
    flatten_on_daily_loss: bool = False

    min_notional_usd: Decimal = Field(default=MIN_NOTIONAL_USD, ge=MIN_NOTIONAL_USD, le=1_000_000)
    max_notional_usd: Decimal | None = Field(default=None, gt=0)
    entry_collar_percent: Decimal = Field(default=Decimal("0.5"), gt=0, le=5)
    exit_collar_percent: Decimal = Field(default=Decimal(3), gt=0, le=20)
    max_mark_mid_gap_percent: Decimal = Field(default=Decimal(1), gt=0, le=10)
    entry_valid_s: int = Field(default=30, ge=1, le=300)

    min_disk_free_percent: Decimal = Field(default=Decimal(5), ge=0, le=50)

    entry_cooldown_s: int = Field(default=60, ge=0, le=86_400)
    max_orders_per_minute: int = Field(default=5, ge=1, le=60)
    max_stops_per_day: int = Field(default=3, ge=1, le=1_000)
    stops_pause_hours: int = Field(default=6, ge=1, le=168)

    @field_validator("allowed_symbols")
    @classmethod
    def _names_known_symbols(cls, value: str) -> str:
        unknown = sorted(set(_names(value)) - set(Symbol))
        if unknown:
            raise ValueError(f"must be a comma list out of {','.join(Symbol)}; unknown: {','.join(unknown)}")
        return ",".join(_names(value))

    @cached_property
    def symbols(self) -> frozenset[Symbol]:
        """The coins that may be entered; all that exist while `allowed_symbols` is empty."""
        return frozenset(Symbol(name) for name in _names(self.allowed_symbols)) or frozenset(Symbol)

    def for_coins(self, coins: Sequence[Symbol]) -> Self:
        """These limits with `allowed_symbols` naming the allowed coins of an arena that trades `coins`, in their order.

        Raises ValueError that names each allowed coin which the arena doesn't trade.
        """
        if unknown := [name for name in _names(self.allowed_symbols) if name not in coins]:
            raise ValueError(
                f"ALLOWED_SYMBOLS: this arena doesn't trade {','.join(unknown)}; "
                f"choose from {','.join(coins)}, or add it to the coins of arena.toml"
            )
        allowed = [coin for coin in coins if coin in self.symbols]
        # A new object: a copy would keep the cached `symbols`.
        return type(self).model_validate(dict(self) | {"allowed_symbols": ",".join(allowed)})


def _names(allowed_symbols: str) -> list[str]:
    return [name.strip() for name in allowed_symbols.split(",") if name.strip()]
