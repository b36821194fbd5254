"""Ended trades by coin, day, hour and result: sums that read every trade, so their responses are cached for long."""

from typing import Final

from gateway.storage.queries import Queries, Row

GROUPS: Final = {
    "coins": ("api_trade_coins", "symbol"),
    "days": ("api_trade_days", "day_ms"),
    "hours": ("api_trade_hours", "weekday, hour"),
    "histogram": ("api_trade_histogram", "from_percent"),
}
"""By its name in the response: the view, and its key."""


class TradeGroups:
    """Rows as REST returns them. Raises what `Queries` raises."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def read(self, model: str | None) -> dict[str, list[Row]]:
        """The groups of one contender's trades, or of all; each in the order of its key."""
        return {
            name: await self._queries.rows(
                f"SELECT {key}, trades, trades_won, pnl, fees, funding FROM {view}"  # noqa: S608 - of GROUPS
                f" WHERE model IS NOT DISTINCT FROM %s ORDER BY {key}",
                (model,),
            )
            for name, (view, key) in GROUPS.items()
        }
