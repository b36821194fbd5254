"""The six perpetuals and the two models of the arena, in the order in which everything lists them."""

from enum import StrEnum
from typing import Final


class Symbol(StrEnum):
    """A perpetual future on Hyperliquid, named by its coin."""

    BTC = "BTC"
    ETH = "ETH"
    SOL = "SOL"
    BNB = "BNB"
    DOGE = "DOGE"
    XRP = "XRP"


class Side(StrEnum):
    """Direction of a position."""

    LONG = "LONG"
    SHORT = "SHORT"

    @property
    def sign(self) -> int:
        """+1 for a long, −1 for a short."""
        return 1 if self is Side.LONG else -1

    @property
    def opposite(self) -> "Side":
        return Side.SHORT if self is Side.LONG else Side.LONG


class OrderSide(StrEnum):
    """Direction of an order or a fill."""

    BUY = "BUY"
    SELL = "SELL"


def entry_side(side: Side) -> OrderSide:
    """The order side that opens or grows a position of `side`."""
    return OrderSide.BUY if side is Side.LONG else OrderSide.SELL


def exit_side(side: Side) -> OrderSide:
    """The order side that closes a position of `side`."""
    return OrderSide.SELL if side is Side.LONG else OrderSide.BUY


SYMBOLS: Final = tuple(Symbol)
MODELS: Final = ("deepseek", "qwen")
INTERVALS_MS: Final = {
    "1m": 60_000,
    "5m": 300_000,
    "15m": 900_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "1d": 86_400_000,
}
