"""Turns each market snapshot into one decision, never two requests at once."""

from collections.abc import Awaitable, Sequence
from typing import Any
from uuid import uuid4

from common.agent import metrics
from common.agent.decision_event import decision_event
from common.agent.prompt.build import build_prompt
from common.agent.prompt.memory import memory_text, read_memory
from common.agent.prompt.strategy import Strategy
from common.agent.providers.budget import Budget
from common.agent.providers.parameters import canonical_json
from common.agent.providers.port import ModelClient
from common.agent.providers.profile import Endpoint
from common.agent.providers.spending import Spending
from common.agent.request import INTERRUPTED, AskResult, DecisionRequester
from common.agent.settings import AgentSettings
from common.events import (
    AccountUpdated,
    AgentDecision,
    DecisionInputs,
    Event,
    MarketSnapshot,
    ModelCall,
    Outcome,
    Prompt,
)
from common.events.codec import UnreadableEvent, decode
from common.runtime.service import Service
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.roster import Contender

MAX_SNAPSHOT_AGE_MS = 90_000
MAX_ACCOUNT_AGE_MS = 30_000
NO_ACCOUNT = "NO_ACCOUNT"
Outputs = tuple[Event[Any], ...]


class TradingAgent:
    """Turns each market.snapshot into exactly one agent.decision of its contender.

    *Idle* → *busy* while one request runs → *idle*. A snapshot that comes while busy is skipped at once, since its
    prices would be old once the model is free. The consumer keeps a snapshot pending until its decision is committed:
    after a crash, or a stop whose drain limit passed, the model is asked about it again, or it is skipped as stale. An
    outage of Redis neither cancels the request nor repeats it.
    Whatever goes wrong becomes a decision that is failed, invalid or skipped, with its reason, and trades nothing.
    """

    def __init__(
        self,
        service: Service,
        settings: AgentSettings,
        *,
        contender: Contender,
        coins: Sequence[Symbol],
        limits: Limits,
        endpoint: Endpoint,
        client: ModelClient,
        strategy: Strategy,
    ) -> None:
        self._service, self._contender, self._coins, self._limits = service, contender, tuple(coins), limits
        metrics.DAY_CAP_USD.labels(contender.id).set(float(settings.daily_cost_cap_usd))
        self._endpoint, self._strategy = endpoint, strategy
        self._budget = Budget(service.redis, contender.id, settings.daily_cost_cap_usd, process=uuid4().hex[:12])
        self._requester = DecisionRequester(
            client,
            Spending(
                self._budget,
                endpoint.price,
                service.clock,
                max_output_tokens=endpoint.max_output_tokens,
            ),
            service.clock,
            log=service.log,
            coins=coins,
            deadline_s=settings.decision_deadline_s,
        )
        self._is_busy = False

    def decide(self, event: Event[MarketSnapshot], now_ms: int) -> Outputs | Awaitable[Outputs]:
        """The handler: the decision at once for a cycle that can't be asked about, else the awaitable request."""
        if self._is_busy:
            reason = "the previous request was still running"
            skipped = AskResult(Outcome.SKIPPED, code="BUSY", reason=reason)
            return (self._decision(event, skipped, None, None),)
        if now_ms - event.recorded_ms > MAX_SNAPSHOT_AGE_MS:
            reason = f"the snapshot was {(now_ms - event.recorded_ms) // 1000} s old when it came"
            skipped = AskResult(Outcome.SKIPPED, code="STALE_SNAPSHOT", reason=reason)
            return (self._decision(event, skipped, None, None),)
        self._is_busy = True
        return self._request(event)

    async def _request(self, event: Event[MarketSnapshot]) -> Outputs:
        asked_ms, result = self._service.clock.now_ms(), AskResult()
        try:
            body = await self._service.redis.get(f"account:{self._contender.id}")
            account = self._account(body)
            if account is None or not isinstance(body, bytes):
                result.fail(NO_ACCOUNT, "no fresh account state; is the executor running?")
                return (self._decision(event, result, None, asked_ms),)
            memory = await self._memory()
            prompt = build_prompt(
                event.data,
                account,
                read_memory(memory),
                strategy=self._strategy,
                limits=self._limits,
                coins=self._coins,
                language=self._contender.language,
                mode=self._contender.mode,
            )
            inputs = DecisionInputs(
                account_state=body.decode(),
                memory=memory,
                limits=self._limits.model_dump_json(),
                coins=self._coins,
                strategy=self._strategy.text,
                language=self._contender.language,
                mode=self._contender.mode,
            )
            result = await self._requester.ask(prompt)
            return (self._decision(event, result, prompt, asked_ms, inputs),)
        except Exception as error:
            self._service.log.exception("no decision, by an unexpected error")
            failed = AskResult(calls=result.calls)
            failed.fail("INTERNAL_ERROR", f"{type(error).__name__}: {error}")
            return (self._decision(event, failed, None, asked_ms),)
        finally:
            self._is_busy = False

    def _account(self, body: object) -> AccountUpdated | None:
        """The account in its cached state `body`, unless that is missing, unreadable or too old."""
        if not isinstance(body, bytes):
            return None
        try:
            account: AccountUpdated = decode(AccountUpdated.TYPE, body).data
        except UnreadableEvent:
            return None
        return account if self._service.clock.now_ms() - account.received_ms <= MAX_ACCOUNT_AGE_MS else None

    async def _memory(self) -> str:
        """What the recorder and risk have cached for the prompt."""
        model = self._contender.id
        memory, day = await self._service.redis.mget(f"memory:{model}", f"risk:day:{model}")
        return memory_text(memory, day)

    def _decision(
        self,
        event: Event[MarketSnapshot],
        result: AskResult,
        prompt: Prompt | None,
        asked_ms: int | None,
        inputs: DecisionInputs | None = None,
    ) -> Event[AgentDecision]:
        now_ms, model = self._service.clock.now_ms(), self._contender.id
        made = decision_event(
            event,
            model,
            result,
            prompt=prompt,
            inputs=inputs,
            parameters=None if prompt is None else canonical_json(self._endpoint.parameters),
            provider_model=self._endpoint.provider_model,
            stand_in=self._endpoint.stand_in,
            asked_ms=asked_ms,
            now_ms=now_ms,
        )
        self._count(result, made.data.latency_ms, now_ms - event.recorded_ms)
        self._service.log.info(
            "decision",
            model=model,
            cycle_id=event.cycle_id,
            outcome=result.outcome.value,
            action=result.parsed.decision.action.value if result.parsed else None,
            failure_code=result.code,
            failure_reason=result.reason,
            latency_ms=made.data.latency_ms,
        )
        return made

    def _count(self, result: AskResult, latency_ms: int | None, since_snapshot_ms: int) -> None:
        model = self._contender.id
        metrics.DECISIONS.labels(model, result.outcome.value).inc()
        if result.outcome is Outcome.INVALID:
            metrics.NO_DECISION.labels(model, "INVALID").inc()
        elif result.outcome is not Outcome.ANSWERED:
            metrics.NO_DECISION.labels(model, metrics.reason_of(result.code)).inc()
        for call in result.calls:
            metrics.CALLS.labels(model, _result_of(call)).inc()
            metrics.CALL_S.labels(model).observe((call.answered_ms - call.asked_ms) / 1000)
        metrics.DAY_LEFT_USD.labels(model).set(float(self._budget.left_usd(self._service.clock.now_ms())))
        for refused in result.refused_answers:
            metrics.REFUSED.labels(model, refused.code).inc()
        for leniency in result.parsed.leniencies if result.parsed else ():
            metrics.LENIENCIES.labels(model, leniency.value).inc()
        metrics.COST_USD.labels(model).inc(float(result.cost_usd))
        if latency_ms is not None:
            metrics.LATENCY_S.labels(model).observe(latency_ms / 1000)
            metrics.DECISION_S.labels(model).observe(since_snapshot_ms / 1000)
        if result.usage is not None:
            metrics.TOKENS.labels(model, "prompt").inc(result.usage.prompt_tokens)
            metrics.TOKENS.labels(model, "completion").inc(result.usage.completion_tokens)
            metrics.TOKENS.labels(model, "cached").inc(result.usage.cached_tokens)
        if result.outcome is not Outcome.SKIPPED and result.code != NO_ACCOUNT:
            is_answering = result.outcome is not Outcome.FAILED
            self._service.set_ready("model", is_answering, f"{result.code}: {result.reason}")


def _result_of(call: ModelCall) -> str:
    if call.failure_code is None:
        return "answered"
    return "interrupted" if call.failure_code == INTERRUPTED else "failed"


def register(service: Service, agent: TradingAgent) -> None:
    """Registers the agent as the service's handler of snapshots."""
    service.on_deferred(MarketSnapshot, agent.decide)
