"""The models that a run asks: a contender's own API, or the simulator's stand-in, within the run's spending limit.

Clients and profiles are the agents' own. They are found by entry points, since services don't import each other.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import structlog
from pydantic import create_model

from common.agent.providers.budget import MICRO_USD, Budget, Reservation
from common.agent.providers.port import ModelClient
from common.agent.providers.pricing import UnknownPrice
from common.agent.providers.profile import Endpoint, Profile, setting_names
from common.agent.providers.spending import Spending
from common.agent.request import DecisionRequester
from common.agent.settings import AgentSettings, agent_settings, endpoint
from common.events import AgentDecision, TokenUsage
from common.runtime.clock import SystemClock
from common.runtime.settings import load_settings
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.roster import Contender
from replay.runs.record import RecordError

PROFILES: Final = "aicoin.model-profiles"
"""Group of the agents' profiles, by the service's name."""
CLIENTS: Final = "aicoin.model-clients"
"""Group of what makes a client of an endpoint, by the same names."""
CHARACTERS_PER_TOKEN: Final = 2.5
"""Of prompts, which hold many figures; for the estimate only."""
EXPECTED_OUTPUT_TOKENS: Final = 500


class RunBudget(Budget):
    """What one run may spend in all, in USD, whatever the day's budget of the agents is.

    Every change is stored before the call that it is for, so that a run which was ended in its midst has counted it.
    """

    def __init__(self, cap_usd: Decimal) -> None:
        self._cap_usd = cap_usd
        self.spent_usd = Decimal(0)
        self._store: Callable[[Decimal], None] = lambda usd: None

    def resume(self, spent_usd: Decimal, store: Callable[[Decimal], None]) -> None:
        """Counts what earlier parts of the run have spent; `store` is called with each change from now on."""
        self.spent_usd, self._store = spent_usd, store

    def left_usd(self, now_ms: int) -> Decimal:
        return max(Decimal(0), self._cap_usd - self.spent_usd)

    async def reserve(self, usd: Decimal, now_ms: int) -> Reservation | None:
        if usd > self.left_usd(now_ms):
            return None
        reservation = Reservation(now_ms // DAY_MS, int((usd * MICRO_USD).to_integral_value(ROUND_CEILING)))
        self._change(reservation.usd)
        return reservation

    async def settle(self, reservation: Reservation, usd: Decimal) -> None:
        self._change(usd - reservation.usd)

    def _change(self, usd: Decimal) -> None:
        if usd:
            self.spent_usd += usd
            self._store(usd)


@dataclass(frozen=True, slots=True)
class AskedModel:
    """One contender's model, ready to be asked. `label` names it for a report."""

    requester: DecisionRequester
    client: ModelClient
    endpoint: Endpoint
    label: str

    def estimate_usd(self, recorded: AgentDecision) -> Decimal:
        """What one answer is likely to cost, from a recorded decision of the same contender; nothing is cached."""
        prompt = recorded.prompt
        characters = 0 if prompt is None else len(prompt.system) + len(prompt.user)
        output = (
            EXPECTED_OUTPUT_TOKENS
            if recorded.stand_in or recorded.usage is None
            else (recorded.usage.completion_tokens)
        )
        usage = TokenUsage(
            prompt_tokens=round(characters / CHARACTERS_PER_TOKEN), completion_tokens=output, cached_tokens=0
        )
        return self.endpoint.price.peak.cost_usd(usage)

    async def close(self) -> None:
        await self.client.close()


def open_model(contender: Contender, coins: Sequence[Symbol], budget: RunBudget, *, live: bool) -> AskedModel:
    """The contender's own model, or without `live` the simulator's stand-in. Raises RecordError."""
    name, profile = _profile_of(contender)
    settings: AgentSettings = load_settings("aicoin", _settings_class(contender, profile))
    key = setting_names(contender, profile).api_key
    if live and getattr(settings, key.lower()) is None:
        raise RecordError(f"{key}: not set; --live asks the contender's own model")
    if not live:
        settings = settings.model_copy(update={key.lower(): None})
    try:
        target = endpoint(settings, contender, profile)
    except UnknownPrice as error:
        raise RecordError(f"{error}; add price_usd to {contender.id} in arena.toml") from None
    client = _named(CLIENTS, name).load()(target)
    requester = DecisionRequester(
        client,
        Spending(budget, target.price, SystemClock(), max_output_tokens=target.max_output_tokens),
        SystemClock(),
        log=structlog.get_logger(),
        coins=coins,
        deadline_s=settings.decision_deadline_s,
    )
    label = f"{contender.id} is asked at {target.base_url}" + (
        ", the simulator's rule-based stand-in" if target.stand_in else f": {target.provider_model}"
    )
    return AskedModel(requester, client, target, label)


def _settings_class(contender: Contender, profile: Profile) -> Any:
    """The agent's settings; a command listens nowhere."""
    return create_model("AskedSettings", __base__=agent_settings(contender, profile), metrics_port=(int, 0))


def _profile_of(contender: Contender) -> tuple[str, Profile]:
    """The agent service that asks this contender: its own one, else one for any contender of that provider."""
    profiles = {entry.name: entry.load() for entry in entry_points(group=PROFILES)}
    fitting = {name: each for name, each in profiles.items() if each.provider == contender.provider}

    def rank(name: str) -> tuple[bool, bool]:
        return fitting[name].contender != contender.id, fitting[name].contender is not None

    if not fitting:
        raise RecordError(f"no agent service for provider {contender.provider!r} is installed here")
    chosen = min(fitting, key=rank)
    return chosen, fitting[chosen]


def _named(group: str, name: str) -> EntryPoint:
    [found] = [entry for entry in entry_points(group=group) if entry.name == name]
    return found
