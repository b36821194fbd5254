"""A model that draws its decisions from the seed, near and beyond the limits."""

import random
from decimal import Decimal
from typing import Any

from common.events import Action, AgentDecision, Decision, Event, Outcome, originate
from common.trading.instruments import Symbol

PAUSE_S = (2.0, 12.0)
LATENCY_S = (0.2, 6.0)


def decide(rng: random.Random, coins: tuple[Symbol, ...], held: list[Symbol], mids: dict[Symbol, Decimal]) -> Decision:
    """Mostly an entry; now and then a CLOSE of a held coin, or of one that isn't held, or a HOLD."""
    reasoning = "drawn"
    zero = Decimal(0)
    chance = rng.random()
    if chance < 0.05:
        return Decision(
            action=Action.HOLD,
            symbol=None,
            leverage=0,
            position_size_percent=zero,
            confidence=zero,
            reasoning=reasoning,
        )
    if chance < (0.3 if held else 0.08):
        symbol = rng.choice(held if held and rng.random() < 0.9 else coins)
        return Decision(
            action=Action.CLOSE,
            symbol=symbol,
            leverage=0,
            position_size_percent=zero,
            confidence=zero,
            reasoning=reasoning,
        )
    symbol = rng.choice(coins)
    action = rng.choice((Action.LONG, Action.SHORT))
    direction = 1 if action is Action.LONG else -1
    stop = target = None
    if rng.random() < 0.6:
        stop = _near(rng, mids[symbol], -direction * rng.uniform(0.05, 3.0))
    if rng.random() < 0.4:
        target = _near(rng, mids[symbol], direction * rng.uniform(0.05, 5.0))
    return Decision(
        action=action,
        symbol=symbol,
        leverage=rng.choice((1, 2, 3, 4, 5, 5, 8, 12)),
        position_size_percent=Decimal(str(round(rng.choice((0.05, 1, 3, 6, 10, 18, 22)) * rng.uniform(0.9, 1.1), 2))),
        confidence=Decimal(rng.randint(58, 100)),
        reasoning=reasoning,
        stop_loss=stop,
        take_profit=target,
    )


def _near(rng: random.Random, price: Decimal, percent: float) -> Decimal:
    return (price * Decimal(str(round(1 + percent / 100, 6)))).quantize(Decimal("1e-8"))


def answer(
    model: str, number: int, decision: Decision, mids: dict[Symbol, Decimal], asked_ms: int, now_ms: int
) -> Event[Any]:
    """The event that an agent publishes."""
    cycle = f"cycle-{number}"
    data = AgentDecision(
        model=model,
        outcome=Outcome.ANSWERED,
        decision=decision,
        failure_code=None,
        failure_reason=None,
        snapshot_id=f"snapshot-{number}",
        boundary_ms=asked_ms,
        snapshot_mid_prices=mids,
        prompt=None,
        raw_response=None,
        reasoning_content=None,
        dropped_keys=(),
        attempts=1,
        provider_model="scripted",
        stand_in=True,
        usage=None,
        cost_usd=None,
        asked_ms=asked_ms,
        answered_ms=now_ms,
        latency_ms=now_ms - asked_ms,
    )
    return originate(data, keys=(model, cycle), time_ms=now_ms, now_ms=now_ms, cycle_id=cycle)
