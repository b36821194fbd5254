"""The panel's part about what an exchange announces: caps, leverage limits, delistings, upgrades; and its clock."""

from decimal import Decimal
from typing import Any

from simulator.exchange import interventions
from simulator.exchange.state.exchange import Exchange
from simulator.server.faults import InvalidFault
from simulator.server.http import Server

MAX_SKEW_S = 10 * 86_400.0
MAX_LEVERAGE = 50

Body = dict[str, Any]


class Announcements:
    """Each action takes a request's body and returns its answer."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @property
    def _exchange(self) -> Exchange:
        return self._server.world.exchange

    def _coin_of(self, body: Body) -> str:
        name = str(body["coin"])
        if name not in self._exchange.market.coins:
            raise InvalidFault(f"coin must be one of {', '.join(self._exchange.market.coins)}")
        return name

    def cap(self, body: Body) -> Body:
        """Caps the open interest of a coin at `usd`; null removes the cap."""
        name, usd = self._coin_of(body), body["usd"]
        limit = None if usd is None else Decimal(str(usd))
        if limit is not None and not (limit.is_finite() and limit >= 0):
            raise InvalidFault("usd must be an amount, or null for no cap")
        self._exchange.open_interest_caps.pop(name, None)
        if limit is not None:
            self._exchange.open_interest_caps[name] = limit
        return {"open_interest_usd": str(self._exchange.open_interest_usd(name))}

    def coin(self, body: Body) -> Body:
        """Changes a coin's leverage limits in meta, or with `delisted` ends it; its positions with it, if `settles`."""
        name, world = self._coin_of(body), self._server.world
        if "max_leverage" in body:
            most = int(body["max_leverage"])
            tier = int(body["tier_leverage"]) if "tier_leverage" in body else None
            if not 1 <= most <= MAX_LEVERAGE or not 1 <= (tier or 1) <= most:
                raise InvalidFault(f"max_leverage 1 to {MAX_LEVERAGE}, tier_leverage 1 to max_leverage")
            interventions.change_leverage(self._exchange, name, most, tier)
        if body.get("delisted") is True:
            settles = bool(body.get("settles", True))
            interventions.delist(self._exchange, name, world.stamp_ms(self._server.now_ms()), settles=settles)
            self._server.persist_changes()
        coin = self._exchange.market.listing.coins[name]
        return {"coin": name, "max_leverage": coin.max_leverage, "tier_leverage": coin.tier_leverage}

    def post_only(self, body: Body) -> Body:
        """Refuses every order but post-only ones for `seconds`, as after an upgrade of the network."""
        until_ms = self._server.world.market.time_ms + round(float(body["seconds"]) * 1000)
        self._exchange.deviations.post_only_until_ms = until_ms
        return {"post_only_until_ms": until_ms}

    def clock(self, body: Body) -> Body:
        """Sets the exchange's clock `skew_s` ahead of the true time (negative: behind).

        Nonces and expiry are judged by it, new orders, fills and ledger rows are stamped by it, states and books show
        it. Candles and the market's own trades keep the market's time.
        """
        skew_s = float(body["skew_s"])
        if not abs(skew_s) <= MAX_SKEW_S:
            raise InvalidFault(f"skew_s must be within {MAX_SKEW_S:g}")
        self._exchange.deviations.skew_ms = round(skew_s * 1000)
        return {"time_ms": self._server.world.time_ms}
