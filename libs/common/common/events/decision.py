"""What a model answered: exactly one agent.decision per model and cycle."""

from enum import StrEnum
from typing import ClassVar, Literal

from common.events.envelope import Amount, Fact, Payload
from common.trading.instruments import Symbol


class Action(StrEnum):
    """What a decision does: LONG and SHORT enter, CLOSE exits, HOLD does nothing."""

    LONG = "LONG"
    SHORT = "SHORT"
    CLOSE = "CLOSE"
    HOLD = "HOLD"


class Outcome(StrEnum):
    """answered: one valid decision; invalid: an answer that is none; failed: no answer; skipped: still busy."""

    ANSWERED = "answered"
    INVALID = "invalid"
    FAILED = "failed"
    SKIPPED = "skipped"


class Invalidation(Fact):
    """A condition that invalidates the reason for an entry, checked at each candle close of `timeframe`."""

    timeframe: Literal["1m", "5m", "15m", "1h", "4h", "1d"]
    indicator: Literal["close", "ema20", "ema50", "macd", "rsi7", "rsi14"]
    op: Literal["<", "<=", ">", ">="]
    value: float


class Decision(Fact):
    """One decision, already checked for form. The limits are checked by risk, not here.

    `leverage` and `position_size_percent` are 0 where the action needs none; `symbol` is None only for HOLD.
    """

    action: Action
    symbol: Symbol | None
    leverage: int
    position_size_percent: Amount
    confidence: Amount
    reasoning: str
    stop_loss: Amount | None = None
    take_profit: Amount | None = None
    invalidation_condition: Invalidation | None = None


class Prompt(Fact):
    """The two messages sent to the model, and the strategy template they were made from, by name and hash."""

    system: str
    user: str
    strategy: str
    strategy_hash: str
    prompt_hash: str


class DecisionInputs(Fact):
    """What a prompt was made from beside the snapshot, so that the same prompt can be made from it again.

    `account_state`, `memory` and `limits` are JSON texts, exactly as the agent read or used them; `strategy` is the
    strategy's whole text. `memory` is an object of two members: `memory`, what the recorder had cached, and `day`, what
    risk had.
    """

    account_state: str
    memory: str
    limits: str
    coins: tuple[Symbol, ...]
    strategy: str
    language: str
    mode: str


class TokenUsage(Fact):
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class ChatMessage(Fact):
    """One message of a conversation with a model; `role` is system, user or assistant."""

    role: str
    content: str


class ModelCall(Fact):
    """One request to a model's API and what came of it. Times are wall ms, cost in USD.

    `added_messages` are those after the prompt's two: an invalid answer and what was asked about it. `body` is the
    answer as it came, as text of bounded length; `text` and `reasoning_content` are what was read from it. A call that
    brought no answer has `failure_code` and `failure_reason`.
    """

    asked_ms: int
    answered_ms: int
    added_messages: tuple[ChatMessage, ...] = ()
    body: str | None = None
    text: str | None = None
    reasoning_content: str | None = None
    cut_off: bool = False
    provider_model: str | None = None
    usage: TokenUsage | None = None
    cost_usd: Amount
    failure_code: str | None = None
    failure_reason: str | None = None


class RefusedAnswer(Fact):
    """An answer that was no decision: the parser's rule, and the reason that the model was given."""

    code: str
    reason: str


class AgentDecision(Payload):
    """The answer of one model to one snapshot. `decision` is set only when the outcome is answered.

    `failure_code` and `failure_reason` give the reason why there is none. Times are wall ms; cost in USD.
    `refused_answers` are those of this snapshot that were no decision, also where a later one was; `leniencies` name
    what the parser read over in the decision.
    `parameters` is the JSON text of what each request held beside its messages; `calls` are all requests made, oldest
    first; `inputs` are what the prompt was made from. A body of version 1 has none of the five.
    """

    TYPE: ClassVar[str] = "agent.decision"
    VERSION: ClassVar[int] = 2
    READS: ClassVar[tuple[int, ...]] = (1,)

    model: str
    outcome: Outcome
    decision: Decision | None
    failure_code: str | None
    failure_reason: str | None
    snapshot_id: str
    boundary_ms: int
    snapshot_mid_prices: dict[Symbol, Amount]
    prompt: Prompt | None
    raw_response: str | None
    reasoning_content: str | None
    dropped_keys: tuple[str, ...]
    attempts: int
    provider_model: str
    stand_in: bool
    usage: TokenUsage | None
    cost_usd: Amount | None
    asked_ms: int | None
    answered_ms: int | None
    latency_ms: int | None
    parameters: str | None = None
    inputs: DecisionInputs | None = None
    calls: tuple[ModelCall, ...] = ()
    refused_answers: tuple[RefusedAnswer, ...] = ()
    leniencies: tuple[str, ...] = ()
