"""An agent's main: one decision per snapshot, never two questions at once."""

import json
from collections.abc import Awaitable
from decimal import Decimal
from importlib.resources import files
from typing import Any

from common.agent import metrics
from common.agent.ask import Asked, Asker
from common.agent.budget import Budget
from common.agent.client import ModelClient, error_text, storable
from common.agent.profile import Endpoint, Profile
from common.agent.prompt import Memory, Strategy, build_prompt
from common.agent.settings import AgentSettings
from common.events import AccountUpdated, AgentDecision, Event, MarketSnapshot, Outcome, Prompt, originate
from common.events.codec import UnreadableEvent, decode
from common.runtime.service import Service

MAX_SNAPSHOT_AGE_MS = 90_000
MAX_ACCOUNT_AGE_MS = 30_000
RAW_CHARACTERS = 40_000
Outputs = tuple[Event[Any], ...]


def load_strategy(package: str, name: str) -> Strategy:
    """The template `strategies/<name>.md` of an agent's package."""
    text = files(package).joinpath("strategies", f"{name}.md").read_text(encoding="utf-8")
    return Strategy(name, text)


class TradingAgent:
    """Turns each market.snapshot into exactly one agent.decision of its model."""

    def __init__(
        self,
        service: Service,
        settings: AgentSettings,
        profile: Profile,
        endpoint: Endpoint,
        client: ModelClient,
        strategy: Strategy,
    ) -> None:
        self._service, self._settings, self._profile = service, settings, profile
        self._endpoint, self._strategy = endpoint, strategy
        budget = Budget(service.redis, profile.model, settings.daily_cost_cap_usd)
        self._asker = Asker(
            client,
            budget,
            endpoint.price,
            service.clock,
            log=service.log,
            deadline_s=settings.decision_deadline_s,
            max_answer_tokens=settings.max_answer_tokens,
        )
        self._is_busy = False

    def start(self, event: Event[MarketSnapshot], now_ms: int) -> Outputs | Awaitable[Outputs]:
        """The handler: at once for a cycle that can't be asked about, else a question under way."""
        if self._is_busy:
            reason = "the previous question was still being answered"
            return (self._decision(event, Asked(Outcome.SKIPPED, code="BUSY", reason=reason), None, None),)
        if now_ms - event.recorded_ms > MAX_SNAPSHOT_AGE_MS:
            age_s = (now_ms - event.recorded_ms) // 1000
            asked = Asked(Outcome.SKIPPED, code="STALE_SNAPSHOT", reason=f"the snapshot was {age_s} s old when it came")
            return (self._decision(event, asked, None, None),)
        self._is_busy = True
        return self._answer(event)

    async def _answer(self, event: Event[MarketSnapshot]) -> Outputs:
        asked_ms = self._service.clock.now_ms()
        try:
            account = await self._account()
            if account is None:
                asked = Asked().fail("NO_ACCOUNT", "no fresh account state; is the executor running?")
                return (self._decision(event, asked, None, asked_ms),)
            prompt = build_prompt(self._strategy, event.data, account, await self._memory(), self._settings)
            asked = await self._asker.ask(prompt)
            return (self._decision(event, asked, prompt, asked_ms),)
        finally:
            self._is_busy = False

    async def _account(self) -> AccountUpdated | None:
        """The account as last cached, unless it is too old."""
        body = await self._service.redis.get(f"account:{self._profile.model}")
        if body is None:
            return None
        try:
            account: AccountUpdated = decode(AccountUpdated.TYPE, body).data
        except UnreadableEvent:
            return None
        return account if self._service.clock.now_ms() - account.received_ms <= MAX_ACCOUNT_AGE_MS else None

    async def _memory(self) -> Memory:
        """What the recorder and risk remember for the prompt; nothing when there is nothing yet."""
        model = self._profile.model
        kept, day = (
            json.loads(body) if body else {}
            for body in await self._service.redis.mget(f"memory:{model}", f"risk:day:{model}")
        )
        start, sharpe, day_start = kept.get("start_balance"), kept.get("sharpe"), day.get("equity_usd")
        return Memory(
            kept.get("trades", ()),
            kept.get("denials", ()),
            None if start is None else Decimal(start),
            day.get("day"),
            None if day_start is None else Decimal(day_start),
            None if sharpe is None else Decimal(sharpe),
        )

    def _decision(
        self, event: Event[MarketSnapshot], asked: Asked, prompt: Prompt | None, asked_ms: int | None
    ) -> Event[AgentDecision]:
        now_ms, model = self._service.clock.now_ms(), self._profile.model
        answer, parsed = asked.answer, asked.parsed
        latency_ms = None if asked_ms is None else now_ms - asked_ms
        self._count(asked, latency_ms)
        self._service.log.info(
            "decision",
            model=model,
            cycle_id=event.cycle_id,
            outcome=asked.outcome.value,
            action=parsed.decision.action.value if parsed else None,
            code=asked.code,
            reason=asked.reason,
            latency_ms=latency_ms,
        )
        payload = AgentDecision(
            model=model,
            outcome=asked.outcome,
            decision=parsed.decision if parsed else None,
            failure_code=asked.code,
            failure_reason=None if asked.reason is None else error_text(asked.reason),
            snapshot_id=event.id,
            boundary_ms=event.data.boundary_ms,
            snapshot_mid_prices={symbol: coin.mid_price for symbol, coin in event.data.coins.items()},
            prompt=prompt,
            raw_response=None if answer is None else storable(answer.text)[:RAW_CHARACTERS],
            reasoning_content=_short(answer.reasoning_content) if answer else None,
            dropped_keys=parsed.dropped_keys if parsed else (),
            attempts=asked.attempts,
            provider_model=answer.provider_model if answer else self._endpoint.provider_model,
            stand_in=self._endpoint.stand_in,
            usage=asked.usage,
            cost_usd=asked.cost_usd,
            asked_ms=asked_ms,
            answered_ms=now_ms if asked_ms is not None else None,
            latency_ms=latency_ms,
        )
        return originate(
            payload,
            keys=(event.id, model),
            time_ms=event.time_ms,
            now_ms=now_ms,
            cycle_id=event.cycle_id,
            cause_id=event.id,
        )

    def _count(self, asked: Asked, latency_ms: int | None) -> None:
        model = self._profile.model
        metrics.DECISIONS.labels(model, asked.outcome.value).inc()
        metrics.COST_USD.labels(model).inc(float(asked.cost_usd))
        if latency_ms is not None:
            metrics.LATENCY_S.labels(model).observe(latency_ms / 1000)
        if asked.usage is not None:
            metrics.TOKENS.labels(model, "prompt").inc(asked.usage.prompt_tokens)
            metrics.TOKENS.labels(model, "completion").inc(asked.usage.completion_tokens)
        is_answering = asked.outcome is not Outcome.FAILED or asked.code == "NO_ACCOUNT"
        self._service.set_ready("model", is_answering, asked.reason or "")


def _short(text: str | None) -> str | None:
    return None if text is None else storable(text)[:RAW_CHARACTERS]


def wire(service: Service, agent: TradingAgent) -> None:
    """Connects an agent to its snapshots."""
    service.on_deferred(MarketSnapshot, agent.start)
