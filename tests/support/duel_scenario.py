"""Five hours of cycles with every contender's answers and verdicts, and what follows from them, by the events alone."""

from collections import Counter, defaultdict
from decimal import Decimal
from random import Random
from typing import Any

from recorder_examples import approved, decided, snapshot

from common.events import Action, AgentDecision, Event, IntentKind, MarketSnapshot, RiskDenied, RuleResult, derive
from common.trading.durations import HOUR_MS, MINUTE_MS
from common.trading.instruments import Symbol

D = Decimal
SPANS = (5, 15, 60, 240)
MODELS = ("deepseek", "llama", "qwen")
COINS = (Symbol.BTC, Symbol.ETH)
START_MS = 1_790_000_040_000
"""23 minutes before midnight (UTC), so that the cycles lie in two days."""


def denied(decision: Event[AgentDecision]) -> Event[RiskDenied]:
    """A denial with one of two rules failed."""
    rules = (
        RuleResult(code="CONFIDENCE", passed=True, value="72", limit="60", setting="MIN_CONFIDENCE"),
        RuleResult(code="LEVERAGE", passed=False, value="12", limit="10", setting="MAX_LEVERAGE"),
    )
    answer = decision.data.decision
    payload = RiskDenied(
        model=decision.data.model,
        intent_kind=IntentKind.ENTRY,
        decision_id=decision.id,
        denial_code="LEVERAGE",
        symbol=answer.symbol if answer else None,
        rules=rules,
    )
    return derive(decision, payload, decision.recorded_ms + 3)


def with_rate(event: Event[MarketSnapshot], rate: D) -> Event[MarketSnapshot]:
    coins = {name: coin.model_copy(update={"funding_rate_hourly": rate}) for name, coin in event.data.coins.items()}
    return event.model_copy(update={"data": event.data.model_copy(update={"coins": coins})})


class Scenario:
    """Five hours of cycles: walking prices, some snapshots missing, each contender's answers and their verdicts."""

    def __init__(self, random: Random) -> None:
        self.events: list[Event[Any]] = []
        self.mids: dict[int, dict[Symbol, D]] = {}
        self.rates: dict[int, D] = {}
        """Hourly funding."""
        self.answers: dict[int, dict[str, tuple[Action, Symbol]]] = defaultdict(dict)
        self.signs: dict[tuple[int, str], int | None] = {}
        """Of each approved decision; 0 of one that changes nothing, None of one without a verdict."""
        prices = {coin: D(100) for coin in COINS}
        for minute in range(300):
            at_ms = START_MS + minute * MINUTE_MS
            prices = {coin: mid * (1 + D(random.randint(-20, 20)) / 10_000) for coin, mid in prices.items()}
            if random.random() < 0.9:
                self.mids[at_ms] = {coin: mid.quantize(D("1e-6")) for coin, mid in prices.items()}
                self.rates[at_ms] = D(random.randint(-20, 20)) / 100_000
                self.events.append(with_rate(snapshot(f"c{minute}", at_ms, self.mids[at_ms]), self.rates[at_ms]))
            for model in MODELS:
                if random.random() < 0.95:
                    self.decide(model, minute, at_ms, random)

    def decide(self, model: str, minute: int, at_ms: int, random: Random) -> None:
        action = random.choice((*Action, *[Action.HOLD] * 6))
        coin = random.choice(COINS)
        decision = decided(model, f"c{minute}", at_ms, action=action, symbol=coin)
        self.events.append(decision)
        self.answers[at_ms][model] = (action, coin)
        self.signs[at_ms, model] = 0
        if action is Action.HOLD:
            return
        kind = random.random()
        if kind < 0.3:
            self.events.append(denied(decision))
        elif kind < 0.35:
            self.signs[at_ms, model] = None
        else:
            is_exit = action is Action.CLOSE
            self.events.append(approved(decision, intent_kind=IntentKind.EXIT if is_exit else IntentKind.ENTRY))
            self.signs[at_ms, model] = 1 if action is Action.LONG else -1

    def mid_at(self, at_ms: int, coin: Symbol) -> D | None:
        for moment in (at_ms, at_ms + MINUTE_MS):
            if moment in self.mids:
                return self.mids[moment][coin]
        return None

    def funding(self, at_ms: int, minutes: int) -> D:
        """What a long pays at the full hours, by the rate then, else by that of the cycle itself."""
        own = next(self.rates[each] for each in (at_ms, at_ms + MINUTE_MS) if each in self.rates)
        total, hour_ms = D(0), (at_ms // HOUR_MS + 1) * HOUR_MS
        while hour_ms <= at_ms + minutes * MINUTE_MS:
            total += next((self.rates[each] for each in (hour_ms, hour_ms + MINUTE_MS) if each in self.rates), own)
            hour_ms += HOUR_MS
        return total

    def result(self, at_ms: int, model: str, minutes: int) -> D | None:
        """In percent of the position: the move, less hourly funding, both fees of 0.045 %, and a spread of 1 bp."""
        sign = self.signs[at_ms, model]
        if sign is None or sign == 0:
            return None if sign is None else D(0)
        action, coin = self.answers[at_ms][model]
        first, last = self.mid_at(at_ms, coin), self.mid_at(at_ms + minutes * MINUTE_MS, coin)
        if first is None or last is None:
            return None
        moved = sign * ((last - first) / first - self.funding(at_ms, minutes)) * 100
        return moved if action is Action.CLOSE else moved - D("0.09") - D("0.01")


def pair_sums(scenario: Scenario, model: str, rival: str, minutes: int) -> Counter[str]:
    sums: Counter[str] = Counter()
    for at_ms, answers in scenario.answers.items():
        if model not in answers or rival not in answers:
            continue
        a, b = answers[model], answers[rival]
        has_acted = (a[0], b[0]) != (Action.HOLD, Action.HOLD)
        is_same = a[0] == b[0] and (a[0] is Action.HOLD or a[1] == b[1])
        sums.update(cycles=1, agreed=is_same, acted=has_acted, acted_agreed=has_acted and is_same)
        x, y = scenario.result(at_ms, model, minutes), scenario.result(at_ms, rival, minutes)
        if has_acted and x is not None and y is not None:
            sums.update(known=1, model_right=x > y, rival_right=y > x)
    return sums
