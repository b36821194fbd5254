"""Ended trades by coin, day, hour and result: sums that read every trade, so their responses are cached for long."""

from typing import Final

from gateway.storage.queries import Queries, Row

FIGURES: Final = "trades, trades_won, pnl, fees, funding"
KEYS: Final = {"days": ("day_ms",), "hours": ("weekday", "hour"), "histogram": ("from_percent",)}
"""By the kind of group, its name in the response: the columns of its key."""


class TradeGroups:
    """Rows as REST returns them. Raises what `Queries` raises."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def read(self, model: str | None) -> dict[str, list[Row]]:
        """The groups of one contender's trades, or of all; each in the order of its key."""
        coins = await self._queries.rows(
            f"SELECT symbol, {FIGURES} FROM api_trade_coins"  # noqa: S608 - a constant
            " WHERE model IS NOT DISTINCT FROM %s ORDER BY symbol",
            (model,),
        )
        rows = await self._queries.rows(
            f"SELECT kind, day_ms, weekday, hour, from_percent, {FIGURES} FROM api_trade_groups"  # noqa: S608 - as above
            " WHERE model IS NOT DISTINCT FROM %s ORDER BY day_ms, weekday, hour, from_percent",
            (model,),
        )
        figures = FIGURES.split(", ")
        groups = {
            kind: [{name: row[name] for name in (*key, *figures)} for row in rows if row["kind"] == kind]
            for kind, key in KEYS.items()
        }
        return {"coins": coins} | groups
