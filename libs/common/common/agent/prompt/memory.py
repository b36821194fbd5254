"""What a contender is reminded of in its prompt: the values that recorder and risk cache for it, read together. Pure.

Texts in it are the arena's own words or the contender's own reasoning, in one line of bounded length: text from outside
never enters.
"""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from common.events import Action, IgnoredStop, Invalidation
from common.events.envelope import Amount
from common.trading.growth import Growth
from common.trading.instruments import Symbol
from common.trading.orders import Side

LINE_CHARACTERS: Final = 240


def to_line(text: str) -> str:
    """The text in one line of at most LINE_CHARACTERS, without anything that can't be printed."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    line = " ".join(printable.split())
    return line if len(line) <= LINE_CHARACTERS else f"{line[: LINE_CHARACTERS - 1]}…"


ShortText = Annotated[str, AfterValidator(to_line)]
"""A text of the contender's own, or about its answer, as it may stand in a prompt."""


class Remembered(BaseModel):
    """A frozen part of a cached value. A field that only a newer writer knows is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PositionPlan(Remembered):
    """An open position as its contender planned it, and what came of it. Prices and sums in USD, times market ms.

    The asked prices are the decision's own, None where it named none; `initial_stop_loss` is what risk approved, and
    `initial_risk_usd` what the entry would have lost there, without costs (the unit of the R multiple). `stop_loss` and
    `take_profit` rest on the exchange now. Positive `funding_usd` was paid. `best_price` and `worst_price` are the
    extremes, for this side, of the entry price and of the marks that account states have shown since: at least one
    every five seconds, the latest as old as this value. What the decision stated is None for a position without one.
    """

    symbol: Symbol
    side: Side
    cycle_id: str | None
    entered_ms: int
    entry_price: Amount
    reasoning: ShortText | None
    confidence: Amount | None
    invalidation_condition: Invalidation | None
    asked_stop_loss: Amount | None
    asked_take_profit: Amount | None
    stop_loss: Amount | None
    take_profit: Amount | None
    initial_stop_loss: Amount | None
    initial_risk_usd: Amount | None
    fees_usd: Amount
    funding_usd: Amount
    best_price: Amount
    worst_price: Amount


class Answered(Remembered):
    """The last valid decision on a coin; `symbol` is None for a HOLD that named none. `time_ms` is its cycle's."""

    symbol: Symbol | None
    action: Action
    confidence: Amount
    reasoning: ShortText
    time_ms: int


class ClosedTrade(Remembered):
    """A closed trade: P&L net of fees and funding, USD; `close_reason` is the recorder's word. Times are market ms."""

    symbol: Symbol
    side: Side
    leverage: int | None
    entry_price: Amount
    exit_price: Amount
    pnl_usd: Amount
    fees_usd: Amount
    funding_usd: Amount
    close_reason: str
    entered_ms: int
    exited_ms: int

    @property
    def holding_ms(self) -> int:
        return self.exited_ms - self.entered_ms


class Denial(Remembered):
    """A denied decision: the rule, the figure it looked at and its limit, as risk wrote them. `time_ms`: its cycle's.

    Value and limit are None where the rule has none, or could not be judged.
    """

    symbol: Symbol | None
    action: Action
    code: str
    value: str | None
    limit: str | None
    time_ms: int


class PastIgnoredStop(Remembered):
    """A stop loss or take profit that risk replaced by the default one, and the time of its cycle."""

    symbol: Symbol
    stop: IgnoredStop
    time_ms: int


class PastRefusal(Remembered):
    """An answer that was no decision; `is_corrected` when the second answer of the same cycle was one."""

    code: str
    reason: ShortText
    is_corrected: bool
    time_ms: int


class ActiveHalt(Remembered):
    """Why no entry is approved, by risk's name of the reason; `until_ms` (market) is None where an event ends it."""

    reason: str
    state: Literal["REDUCING", "HALTED"]
    until_ms: int | None


class ReservedEntry(Remembered):
    """What an approved entry holds until an account state contains it, USD, as the gate counts it."""

    symbol: Symbol
    side: Side
    notional_usd: Amount
    margin_usd: Amount
    loss_usd: Amount


class GateFigures(Remembered):
    """What the gate counts for a contender beside its account and the limits. Times are market ms.

    `cooldowns` are the times until which coins can't be entered again, `stops_ms` those of stops that fired within the
    last day, `approvals_ms` those of approved orders within the last minute. `entries_today` is of the UTC day
    of market time at which the value was published. `is_disk_full` says that the disk has too little room for entries.
    """

    high_water_usd: Amount | None = None
    entries_today: int = 0
    trading_state: Literal["ACTIVE", "REDUCING", "HALTED"] = "ACTIVE"
    is_disk_full: bool = False
    halts: tuple[ActiveHalt, ...] = ()
    cooldowns: dict[Symbol, int] = Field(default_factory=dict)
    stops_ms: tuple[int, ...] = ()
    approvals_ms: tuple[int, ...] = ()
    reserved: tuple[ReservedEntry, ...] = ()


class AccountGrowth(Remembered):
    """The account's growth, the equity at which it was reached, and what was moved in until then, USD."""

    growth: Amount
    growth_equity_usd: Amount
    transfers_usd: Amount


class Standing(Remembered):
    """Where a contender stands by its time-weighted return, in percent; 1 is the highest. Equity in USD."""

    rank: int
    model: str
    equity_usd: Amount
    return_percent: Amount


class RecordedMemory(Remembered):
    """The value of `memory:{model}`, written by the recorder: newest first, but `positions`, `answers` by coin."""

    positions: tuple[PositionPlan, ...] = ()
    answers: tuple[Answered, ...] = ()
    trades: tuple[ClosedTrade, ...] = ()
    denials: tuple[Denial, ...] = ()
    ignored_stops: tuple[PastIgnoredStop, ...] = ()
    refused_answers: tuple[PastRefusal, ...] = ()
    account: AccountGrowth | None = None
    sharpe: Amount | None = None
    standings: tuple[Standing, ...] = ()


class RiskDay(Remembered):
    """The value of `risk:day:{model}`, written by risk: the UTC day since 1970, its first equity, what counts."""

    day: int
    equity_usd: Amount
    gate: GateFigures = GateFigures()


@dataclass(frozen=True, slots=True)
class Memory:
    """What a contender is reminded of.

    From the recorder, newest first: its last closed trades, denials, ignored stops and refused answers; the plans of
    its open positions, its last answer on each coin, its account's growth after `transfers_usd` had been moved in,
    its Sharpe ratio (hourly returns, annualized), how all contenders stand. From risk: the UTC day (counted since
    1970), the equity with which that day began, and what else the gate counts.
    """

    positions: tuple[PositionPlan, ...] = ()
    answers: tuple[Answered, ...] = ()
    trades: tuple[ClosedTrade, ...] = ()
    denials: tuple[Denial, ...] = ()
    ignored_stops: tuple[PastIgnoredStop, ...] = ()
    refused_answers: tuple[PastRefusal, ...] = ()
    growth: Growth | None = None
    transfers_usd: Decimal = Decimal(0)
    day: int | None = None
    day_start_usd: Decimal | None = None
    gate: GateFigures = field(default_factory=GateFigures)
    sharpe: Decimal | None = None
    standings: tuple[Standing, ...] = ()


def memory_text(memory: bytes | str | None, day: bytes | str | None) -> str:
    """One JSON text of the two cached values as they came; null where there is none. `read_memory` reads it."""
    return json.dumps({"memory": json.loads(memory) if memory else None, "day": json.loads(day) if day else None})


def read_memory(text: str) -> Memory:
    """The memory in a text that `memory_text` made; empty where nothing was cached.

    What another version wrote in a form that this one can't read counts as nothing, until its writer is of this
    version, too.
    """
    cached: dict[str, Any] = json.loads(text)
    kept = _read(RecordedMemory, cached["memory"]) or RecordedMemory()
    day, account = _read(RiskDay, cached["day"]), kept.account
    return Memory(
        positions=kept.positions,
        answers=kept.answers,
        trades=kept.trades,
        denials=kept.denials,
        ignored_stops=kept.ignored_stops,
        refused_answers=kept.refused_answers,
        growth=Growth(account.growth, account.growth_equity_usd) if account else None,
        transfers_usd=account.transfers_usd if account else Decimal(0),
        day=day.day if day else None,
        day_start_usd=day.equity_usd if day else None,
        gate=day.gate if day else GateFigures(),
        sharpe=kept.sharpe,
        standings=kept.standings,
    )


R = TypeVar("R", bound=Remembered)


def _read(kind: type[R], value: object) -> R | None:
    try:
        return None if value is None else kind.model_validate(value)
    except ValidationError:
        return None
