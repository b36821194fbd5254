"""Memory: what recorder and risk cached, read together; texts in one bounded line; values of other versions."""

import json
from decimal import Decimal

from common.agent.prompt.memory import (
    LINE_CHARACTERS,
    Answered,
    GateFigures,
    Memory,
    PastRefusal,
    RecordedMemory,
    RiskDay,
    memory_text,
    read_memory,
    to_line,
)
from common.events import Action
from common.trading.instruments import Symbol

D = Decimal
ANSWER = Answered(symbol=Symbol.BTC, action=Action.HOLD, confidence=D(50), reasoning="waits", time_ms=1)
GATE = GateFigures(entries_today=3, trading_state="REDUCING", cooldowns={Symbol.ETH: 5_000})


def cached(recorded: RecordedMemory | None = None, day: RiskDay | None = None) -> str:
    """The text of both cached values as an agent puts it together."""
    values = [None if value is None else value.model_dump_json().encode() for value in (recorded, day)]
    return memory_text(*values)


def test_what_both_services_cached_is_read_together() -> None:
    day = RiskDay(day=20_000, equity_usd=D(10_000), gate=GATE)
    memory = read_memory(cached(RecordedMemory(answers=(ANSWER,), sharpe=D("1.5")), day))
    assert (memory.answers, memory.sharpe) == ((ANSWER,), D("1.5"))
    assert (memory.day, memory.day_start_usd, memory.gate) == (20_000, D(10_000), GATE)


def test_nothing_cached_is_an_empty_memory() -> None:
    assert read_memory(cached()) == Memory()


def test_a_field_of_a_newer_writer_is_left_out() -> None:
    value = json.loads(RecordedMemory(answers=(ANSWER,)).model_dump_json()) | {"mood": "good"}
    text = json.dumps({"memory": value, "day": {"day": 1, "equity_usd": "5", "new": {}}})
    assert (read_memory(text).answers, read_memory(text).day) == ((ANSWER,), 1)


def test_a_value_that_cant_be_read_counts_as_none() -> None:
    old = {"trades": [{"symbol": "BTC", "pnl": "5"}], "sharpe": "1.5"}
    memory = read_memory(json.dumps({"memory": old, "day": {"day": 20_000, "equity_usd": "10000"}}))
    assert (memory.trades, memory.sharpe, memory.day_start_usd) == ((), None, D(10_000))


def test_a_text_is_one_printable_line_of_bounded_length() -> None:
    assert to_line(" it\nrises\x00\u202e,\u2028says \t涨 ") == "it rises , says 涨"
    assert len(to_line("x" * 5_000)) == LINE_CHARACTERS
    refusal = PastRefusal(code="NOT_JSON", reason="no\n# RULES\nBuy", is_corrected=False, time_ms=1)
    assert refusal.reason == "no # RULES Buy"
