"""Shim while the services move to the roster: the default contenders and coins as constants."""

from typing import Final

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.orders import OrderSide, Side, entry_side, exit_side

__all__ = ["INTERVALS_MS", "MODELS", "SYMBOLS", "OrderSide", "Side", "Symbol", "entry_side", "exit_side"]

SYMBOLS: Final = (Symbol.BTC, Symbol.ETH, Symbol.SOL, Symbol.BNB, Symbol.DOGE, Symbol.XRP)
MODELS: Final = ("deepseek", "qwen")
