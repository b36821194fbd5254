"""The market as the ingester knows it: every coin of the roster, with its candles."""

from collections.abc import Sequence

from common.trading.instruments import Symbol
from ingester.market.candles import Candles, list_series
from ingester.market.coin import CoinState
from ingester.market.series import SeriesBuilder


class MarketState:
    """Coins in the roster's order. One task changes it at a time: everything here runs in one event loop, no await."""

    def __init__(self, coins: Sequence[Symbol]) -> None:
        self.coins = {symbol: CoinState(symbol) for symbol in coins}
        self.candles = Candles(coins)
        self.series = {series: SeriesBuilder(series[1]) for series in list_series(coins)}

    def list_unknown(self) -> list[str]:
        """Coins without price, context or book."""
        return [symbol.value for symbol, coin in self.coins.items() if not coin.is_known]
