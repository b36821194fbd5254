"""Cycles as the arena records them: snapshots of a random walk, and what the agents' code makes of scripted answers."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import structlog

from common.agent.decision_event import decision_event
from common.agent.prompt.memory import GateFigures, RiskDay, memory_text
from common.agent.prompt.strategy import load_strategy
from common.agent.providers.port import Answer, CallFailed, Message
from common.agent.providers.spending import Bill, NotAffordable, Spending
from common.agent.request import DecisionRequester
from common.events import (
    AgentDecision,
    DecisionInputs,
    Event,
    MarketSnapshot,
    TokenUsage,
    originate,
)
from common.events.codec import encode
from common.events.market import BookSummary, CandleSeries, CoinSnapshot, Sentiment, TradeFlow
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS, MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.intervals import INTERVALS_MS
from common.trading.limits import Limits
from common.trading.roster import Language
from replay.runs.prompts import prompt_of
from replay.runs.recorded_time import run_in_recorded_time
from support.risk_examples import an_account, an_account_event

D = Decimal
START_MS = 1_790_000_040_000
COINS = read_roster(None).coins
CANDLES, VALUES = 20, 10
LANGUAGE: Language = "zh"
DEADLINE_S = 45.0
USAGE = TokenUsage(prompt_tokens=5_000, completion_tokens=80, cached_tokens=1_000)

Reply = str | CallFailed | None
"""What a scripted model does: answers with this text, fails so, or for None does not answer until the deadline."""


def answer(action: str, symbol: str | None = None, **changes: Any) -> str:
    """A decision as a model writes it."""
    entry = {"leverage": 3, "position_size_percent": 10, "stop_loss": 1.0} if action in ("LONG", "SHORT") else {}
    body = {"action": action, "symbol": symbol, "leverage": 0, "position_size_percent": 0, "confidence": 70}
    return json.dumps(body | entry | {"reasoning": "since the trend says so"} | changes)


BUSY = CallFailed("HTTP_503", "HTTP 503: busy", retryable=True, nothing_billed=True, body="busy")
REFUSED = CallFailed("BAD_KEY", "HTTP 401: no", retryable=False, nothing_billed=True, body="no")
SCRIPTS: tuple[tuple[Reply, ...], ...] = (
    (answer("HOLD"),),
    (answer("LONG", "BTC"),),
    (answer("SHORT", "ETH", note="dropped"),),
    ("not JSON", answer("HOLD")),
    ("not JSON", "[1]"),
    (BUSY, answer("LONG", "SOL")),
    (BUSY, None),
    (None,),
    (REFUSED,),
    ("not JSON", REFUSED),
)
"""One for each way in which a request can go."""


class ScriptedModel(Spending):
    """Model, clock and spending of one request: replies in order, each after 800 ms."""

    def __init__(self, replies: Sequence[Reply], now_ms: int, *, affordable: int = 100) -> None:
        self._replies, self._now_ms, self._affordable = list(replies), now_ms, affordable

    async def complete(self, messages: Sequence[Message]) -> Answer:
        self._now_ms += 800
        reply = self._replies.pop(0)
        if reply is None:
            await asyncio.sleep(10_000)
        if isinstance(reply, CallFailed):
            raise reply
        return Answer(str(reply), "thinks", "test-model", USAGE, cut_off=False, body=f"body of {reply}")

    @asynccontextmanager
    async def call(self, messages: Sequence[Message]) -> AsyncIterator[Bill]:
        if self._affordable == 0:
            raise NotAffordable("COST_CAP", "nothing is left of the day")
        self._affordable -= 1
        yield Bill(D("0.0012"))

    async def probe(self) -> str | None:
        return None

    async def close(self) -> None:
        return None

    def now_ms(self) -> int:
        return self._now_ms

    def monotonic(self) -> float:
        return self._now_ms / 1000

    async def sleep(self, seconds: float) -> None:
        self._now_ms += round(seconds * 1000)


class Market:
    """A random walk of every coin, one snapshot a minute."""

    def __init__(self, seed: int = 0, coins: Sequence[Symbol] = COINS) -> None:
        self._rng, self._coins = Random(seed), tuple(coins)
        self._closes = {symbol: [100.0] * (CANDLES + VALUES) for symbol in self._coins}
        self._number = 0

    def snapshot(self) -> Event[MarketSnapshot]:
        """The next minute's."""
        self._number += 1
        boundary_ms = START_MS + self._number * MINUTE_MS
        for closes in self._closes.values():
            closes.append(round(closes[-1] * (1 + self._rng.gauss(0, 0.0005)), 4))
            del closes[0]
        payload = MarketSnapshot(
            run_id="r",
            cycle_number=self._number,
            boundary_ms=boundary_ms,
            interval_s=60,
            missed_cycles=0,
            partial=False,
            coins={symbol: self._coin(symbol, boundary_ms) for symbol in self._coins},
            sentiment=Sentiment(fear_greed=40, classification="Fear", time_ms=boundary_ms - 3_600_000),
        )
        cycle = f"r-{self._number}"
        return originate(payload, keys=(cycle,), time_ms=boundary_ms, now_ms=boundary_ms + 1_000, cycle_id=cycle)

    def _coin(self, symbol: Symbol, boundary_ms: int) -> CoinSnapshot:
        close = self._closes[symbol][-1]
        price, volume = D(repr(close)), round(self._rng.uniform(1e6, 1e7), 2)
        return CoinSnapshot(
            symbol=symbol,
            mid_price=price,
            mark_price=price,
            oracle_price=price,
            prev_day_price=D(100),
            day_volume_usd=D(repr(volume)),
            funding_rate_hourly=D("0.0000125"),
            premium=0.0001,
            open_interest_coin=D(25_000),
            open_interest_average_coin=24_000.0,
            max_leverage=40,
            book=BookSummary(
                time_ms=boundary_ms,
                best_bid_price=price - D("0.01"),
                best_ask_price=price + D("0.01"),
                spread_bps=2.0,
                bid_depth_usd=volume,
                ask_depth_usd=volume,
                imbalance=0.0,
            ),
            flow=TradeFlow(window_s=300, buy_usd=volume, sell_usd=volume, trade_count=30),
            series={name: self._series(symbol, name, boundary_ms) for name in INTERVALS_MS},
        )

    def _series(self, symbol: Symbol, interval: str, boundary_ms: int) -> CandleSeries:
        closes, length_ms = tuple(self._closes[symbol][-CANDLES:]), INTERVALS_MS[interval]
        newest_ms = boundary_ms // length_ms * length_ms
        values = closes[-VALUES:]
        return CandleSeries(
            interval=interval,
            open_times_ms=tuple(newest_ms - back * length_ms for back in reversed(range(CANDLES))),
            opens=closes,
            highs=closes,
            lows=closes,
            closes=closes,
            volumes=closes,
            is_last_closed=newest_ms == boundary_ms,
            ema20=values,
            ema50=values,
            macd=values,
            rsi7=values,
            rsi14=values,
            atr3=1.5,
            atr14=2.5,
            volume_average=3.5,
        )


@dataclass(frozen=True, slots=True)
class Agent:
    """A contender that decides by a script."""

    model: str = "deepseek"
    strategy: str = "trend-v2"
    stand_in: bool = False

    def decide(
        self, snapshot: Event[MarketSnapshot], replies: Sequence[Reply], *, affordable: int = 100
    ) -> Event[AgentDecision]:
        """The decision on a snapshot, made as the agent makes it."""
        at_ms = snapshot.recorded_ms + 20
        model = ScriptedModel(replies, at_ms, affordable=affordable)
        inputs = self._inputs(snapshot.data.boundary_ms)
        prompt = prompt_of(snapshot.data, inputs, self.strategy)
        requester = DecisionRequester(
            model, model, model, log=structlog.get_logger(), coins=COINS, deadline_s=DEADLINE_S
        )
        [result] = run_in_recorded_time([requester.ask(prompt)])
        return decision_event(
            snapshot,
            self.model,
            result,
            prompt=prompt,
            inputs=inputs,
            parameters='{"max_tokens":2000}',
            provider_model="test-model",
            stand_in=self.stand_in,
            asked_ms=at_ms,
            now_ms=model.now_ms() + 3,
        )

    def _inputs(self, at_ms: int) -> DecisionInputs:
        account = an_account(model=self.model, state_ms=at_ms, received_ms=at_ms)
        day = RiskDay(day=at_ms // DAY_MS, equity_usd=D(10_000), gate=GateFigures(high_water_usd=D(10_000)))
        return DecisionInputs(
            account_state=encode(an_account_event(account, at_ms=at_ms)).decode(),
            memory=memory_text(None, day.model_dump_json().encode()),
            limits=Limits().model_dump_json(),
            coins=COINS,
            strategy=load_strategy(self.strategy, LANGUAGE).text,
            language=LANGUAGE,
            mode="baseline",
        )


def recorded_cycles(
    count: int, agents: Sequence[Agent] = (Agent(),), seed: int = 0
) -> Iterator[tuple[Event[MarketSnapshot], list[Event[AgentDecision]]]]:
    """So many snapshots with the decisions of each agent, going through all scripts."""
    market = Market(seed)
    for number in range(count):
        snapshot = market.snapshot()
        yield snapshot, [agent.decide(snapshot, SCRIPTS[number % len(SCRIPTS)]) for agent in agents]
