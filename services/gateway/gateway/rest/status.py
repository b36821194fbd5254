"""GET status and GET roster: the mode, the market, who competes, and whether each contender may trade."""

from typing import Any

from common.runtime.service import Service
from common.trading.instruments import INSTRUMENTS, MAX_DECIMALS
from common.trading.roster import Roster
from common.version import VERSION
from gateway.config import GatewaySettings
from gateway.push.market_clock import MarketClock
from gateway.rest.schemas import TRADING_STATES
from gateway.storage.market_cache import MarketCache
from gateway.storage.queries import Queries

LOCAL = "LOCAL"
"""The reason of a halt that was made on the executor's machine: by the kill switch, or by hand."""


def roster_row(roster: Roster, settings: GatewaySettings) -> dict[str, Any]:
    """GET roster: what the page needs to draw contenders and coins. It changes only with a restart."""
    return {
        "contenders": [
            each.model_dump(include={"id", "name", "provider", "color", "color_dark", "mark"})
            | {"model": settings.configured_model(each.id)}
            for each in roster.contenders
        ],
        "coins": [
            {
                "symbol": symbol.value,
                "price_decimals": MAX_DECIMALS - INSTRUMENTS[symbol].size_decimals,
                "size_decimals": INSTRUMENTS[symbol].size_decimals,
                "max_leverage": INSTRUMENTS[symbol].max_leverage,
            }
            for symbol in roster.coins
        ],
    }


class Status:
    """Reads GET status from the settings, the recorder's tables and the market cache.

    The arena's trading state is the most severe of its contenders'.
    """

    def __init__(
        self,
        service: Service,
        settings: GatewaySettings,
        roster: Roster,
        queries: Queries,
        market: MarketCache,
        market_clock: MarketClock,
    ) -> None:
        self._service, self._settings, self._roster = service, settings, roster
        self._queries, self._market, self._market_clock = queries, market, market_clock
        self._started_ms = service.clock.now_ms()

    async def read(self) -> dict[str, Any]:
        answered = await self._queries.latest_provider_models()
        modes = {row["model"]: row["mode"] for row in await self._queries.account_modes()}
        states = {row["model"]: row for row in await self._queries.trading_states()}
        halts = await self._queries.halts()
        models = [
            {
                "model": each.id,
                "name": each.name,
                "provider_model": _provider_model(answered.get(each.id), self._settings.configured_model(each.id)),
                "stand_in": answered.get(each.id, {}).get("stand_in"),
                "account_mode": modes.get(each.id) or None,
                **_trading_state(states.get(each.id, {}), [halt for halt in halts if halt["model"] in (None, each.id)]),
            }
            for each in self._roster.contenders
        ]
        coins = roster_row(self._roster, self._settings)["coins"]
        return {
            "mode": self._settings.hyperliquid_env.upper(),
            # The simulator's market is played only on paper; what it left in the cache says nothing about others.
            "market": (await self._market.source()).market if self._settings.hyperliquid_env == "paper" else "LIVE",
            "market_ms": self._market_clock.now_ms(),
            "market_speed": self._market_clock.speed,
            "models": models,
            "trading_state": max((str(row["trading_state"]) for row in models), key=TRADING_STATES.index),
            "halts": halts,
            "clock_ahead_ms": await self._market.clock_ahead_ms(self._roster.ids),
            "time_ms": self._service.clock.now_ms(),
            "started_ms": self._started_ms,
            "decision_interval_s": self._settings.decision_interval_s,
            "start_balance": format(self._settings.paper_start_balance, "f"),
            "symbols": [
                {("price_decimals_hint" if name == "price_decimals" else name): value for name, value in coin.items()}
                for coin in coins
            ],
            "record": await self._queries.record_heads(),
            "has_control": self._settings.control_token is not None,
            "version": VERSION,
        }


def _trading_state(recorded: dict[str, Any], halts: list[dict[str, Any]]) -> dict[str, Any]:
    """As risk has recorded it, and HALTED while a file on the executor's machine halts the model."""
    state, reasons = recorded.get("state", TRADING_STATES[0]), list(recorded.get("reasons", []))
    if any(halt["reason"] == LOCAL for halt in halts):
        return {"trading_state": "HALTED", "reasons": [*reasons, LOCAL]}
    return {"trading_state": state, "reasons": reasons}


def _provider_model(answered: dict[str, Any] | None, configured: str | None) -> str | None:
    """The model that answered last, without the stand-in's label (`stand_in` carries it); else the configured one."""
    return configured if answered is None else str(answered["provider_model"]).removeprefix("stand-in/")
