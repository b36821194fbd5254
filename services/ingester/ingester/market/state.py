"""The market as the ingester knows it: every coin of the roster, with its candles."""

from collections.abc import Sequence

from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from ingester.market.candles import Candles
from ingester.market.coin import CoinState
from ingester.market.series import SeriesBuilder


class MarketState:
    """Coins in the roster's order. One task changes it at a time: everything here runs in one event loop, no await."""

    def __init__(self, coins: Sequence[Symbol]) -> None:
        self.coins = {symbol: CoinState(symbol) for symbol in coins}
        self.candles = Candles(coins)
        self.series = {
            symbol: {name: SeriesBuilder(self.candles.window((symbol, name)), name) for name in INTERVALS_MS}
            for symbol in coins
        }

    def list_unknown(self) -> list[str]:
        """Coins without price, context or book."""
        return [symbol.value for symbol, coin in self.coins.items() if not coin.is_known]
