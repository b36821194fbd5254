"""GET status: which money, which market, which models, and whether they may trade."""

import json
from typing import Any

from common.runtime.service import Service
from common.trading.instruments import INSTRUMENTS
from common.trading.symbols import MODELS, SYMBOLS
from common.version import VERSION
from gateway.config import GatewaySettings
from gateway.queries import Queries

NAMES = {"deepseek": "DeepSeek", "qwen": "Qwen"}
SOURCE_KEY = "market:source"
STATES = ("ACTIVE", "REDUCING", "HALTED")


class Status:
    """Puts together settings and stored facts; the figures themselves are others' work."""

    def __init__(self, service: Service, settings: GatewaySettings, queries: Queries) -> None:
        self._service, self._settings, self._queries = service, settings, queries
        self._started_ms = service.clock.now_ms()

    async def read(self) -> dict[str, Any]:
        facts = await self._queries.latest_model_facts()
        states = {row["model"]: row for row in await self._queries.trading_states()}
        configured = {"deepseek": self._settings.deepseek_model, "qwen": self._settings.qwen_model}
        models = [
            {
                "model": model,
                "name": NAMES[model],
                "provider_model": _unlabelled(str(facts.get(model, {}).get("provider_model", configured[model]))),
                "stand_in": facts.get(model, {}).get("stand_in"),
                "trading_state": states.get(model, {}).get("state", "ACTIVE"),
                "reasons": states.get(model, {}).get("reasons", []),
            }
            for model in MODELS
        ]
        return {
            "mode": self._settings.hyperliquid_env.upper(),
            "market": await self._market(),
            "models": models,
            "trading_state": max((str(row["trading_state"]) for row in models), key=STATES.index),
            "time_ms": self._service.clock.now_ms(),
            "started_ms": self._started_ms,
            "decision_interval_s": self._settings.decision_interval_s,
            "start_balance": format(self._settings.paper_start_balance, "f"),
            "symbols": [
                {
                    "symbol": symbol.value,
                    "price_decimals_hint": 6 - INSTRUMENTS[symbol].size_decimals,
                    "size_decimals": INSTRUMENTS[symbol].size_decimals,
                    "max_leverage": INSTRUMENTS[symbol].max_leverage,
                }
                for symbol in SYMBOLS
            ],
            "has_control": self._settings.control_token is not None,
            "version": VERSION,
        }

    async def _market(self) -> str:
        """LIVE, CAPTURE or SIMULATED, as the ingester has found out; UNKNOWN before that."""
        if self._settings.hyperliquid_env != "paper":
            return "LIVE"
        value = await self._service.redis.get(SOURCE_KEY)
        return str(json.loads(value)["market"]) if value is not None else "UNKNOWN"


def _unlabelled(provider_model: str) -> str:
    """The model's name alone; `stand_in` says whether a stand-in answered under it."""
    return provider_model.removeprefix("stand-in/")
