"""What a contender did last, what came of it, and how all contenders stand. Pure."""

from collections.abc import Sequence
from typing import Final

from common.agent.prompt.figures import UNKNOWN, figure, one_line, percent, usd
from common.agent.prompt.memory import Memory
from common.trading.durations import MINUTE_MS

SHOWN: Final = 3
MISTAKES_SHOWN: Final = 2
REASON_CHARACTERS: Final = 44


def history_section(memory: Memory, market_ms: int) -> str:
    """Last answer on each coin, then trades, denials, ignored stops and refused answers, newest first."""
    views = [
        f"- {answer.symbol or 'all'} {answer.action} {figure(answer.confidence, 3)} "
        f"{_age(market_ms, answer.time_ms)} {one_line(answer.reasoning, REASON_CHARACTERS)}"
        for answer in memory.answers
    ]
    trades = [
        f"- {trade.symbol} {trade.side} {trade.leverage or UNKNOWN}x {figure(trade.entry_price, 7)}->"
        f"{figure(trade.exit_price, 7)} pnl_usd={usd(trade.pnl_usd)} fees_usd={usd(trade.fees_usd)} "
        f"held_minutes={trade.holding_ms // MINUTE_MS} ended_by={trade.close_reason}"
        for trade in memory.trades[:SHOWN]
    ]
    denials = [
        f"- {denial.action} {denial.symbol or UNKNOWN} {denial.code} value={denial.value or UNKNOWN} "
        f"limit={denial.limit or UNKNOWN} {_age(market_ms, denial.time_ms)}"
        for denial in memory.denials[:SHOWN]
    ]
    stops = [
        f"- {past.symbol} {past.stop.field}={figure(past.stop.asked_price, 7)} {past.stop.reason} "
        f"used={figure(past.stop.used_price, 7)} mark={figure(past.stop.mark_price, 7)} {_age(market_ms, past.time_ms)}"
        for past in memory.ignored_stops[:MISTAKES_SHOWN]
    ]
    refused = [
        f"- {past.code}{' corrected' if past.is_corrected else ''} {_age(market_ms, past.time_ms)}"
        for past in memory.refused_answers[:MISTAKES_SHOWN]
    ]
    return "\n\n".join(
        [
            _list("LAST ANSWERS (confidence, age, reason)", views),
            _list("LAST TRADES", trades),
            _list("LAST DENIALS", denials),
            _list("IGNORED STOPS", stops),
            _list("REFUSED ANSWERS", refused),
        ]
    )


def standings_section(memory: Memory, model: str) -> str:
    """Every contender by its time-weighted return, as the recorder ranked them at the last decision that it stored."""
    lines = [
        f"{standing.rank}. {standing.model} equity_usd={usd(standing.equity_usd)} "
        f"return={percent(standing.return_percent)}{' <- you' if standing.model == model else ''}"
        for standing in memory.standings
    ]
    return _list("STANDINGS", lines or [UNKNOWN])


def _list(heading: str, rows: Sequence[str]) -> str:
    return "\n".join([f"# {heading}", *(rows or ("none",))])


def _age(market_ms: int, time_ms: int) -> str:
    return f"{max(0, market_ms - time_ms) // MINUTE_MS}min_ago"
