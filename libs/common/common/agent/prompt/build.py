"""The two messages of a prompt, what stays the same the longest first: providers bill a repeated beginning lower.

The system message is constant; the user message runs from the slowest candles to the account and the time. Pure.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from common.agent.prompt.account import account_section, entry_section, positions_section
from common.agent.prompt.candles import TABLES, candle_table, open_candle_table
from common.agent.prompt.history import history_section, standings_section
from common.agent.prompt.market import market_table, sentiment_line
from common.agent.prompt.memory import Memory
from common.agent.prompt.rules import rule_values
from common.agent.prompt.strategy import Strategy
from common.agent.prompt.template import fill, shipped_text
from common.agent.prompt.words import WORDS
from common.events import AccountUpdated, MarketSnapshot, Prompt
from common.trading.instruments import Instrument, Symbol
from common.trading.limits import Limits
from common.trading.roster import Language, Mode


def build_prompt(
    snapshot: MarketSnapshot,
    account: AccountUpdated,
    memory: Memory,
    *,
    strategy: Strategy,
    limits: Limits,
    coins: Sequence[Symbol],
    language: Language,
    mode: Mode,
) -> Prompt:
    """The two messages for one cycle. Shown are the coins that may be entered, and those that are held."""
    enterable = [symbol for symbol in coins if symbol in limits.symbols]
    system = _system(
        strategy,
        limits,
        tuple(account.instrument(symbol) for symbol in enterable),
        language,
        mode,
        interval_s=snapshot.interval_s,
        flow_window_s=max((coin.flow.window_s for coin in snapshot.coins.values()), default=0),
    )
    user = _user(snapshot, account, memory, limits, enterable, language, mode)
    digest = hashlib.sha256(f"{system}\x1e{user}".encode()).hexdigest()[:32]
    return Prompt(system=system, user=user, strategy=strategy.name, strategy_hash=strategy.digest, prompt_hash=digest)


@lru_cache(maxsize=16)
def _system(
    strategy: Strategy,
    limits: Limits,
    instruments: tuple[Instrument, ...],
    language: Language,
    mode: Mode,
    *,
    interval_s: int,
    flow_window_s: int,
) -> str:
    """The constant message: made again only when the exchange changes a coin's leverage."""
    values = rule_values(limits, instruments, language, interval_s=interval_s, flow_window_s=flow_window_s)
    overlay = "" if mode == "baseline" else fill(shipped_text("modes", mode, language), values) + "\n"
    parts = {
        "strategy_name": strategy.name,
        "strategy": f"{fill(strategy.text.strip(), values)}\n{overlay}",
        "examples": "\n".join(WORDS[language].examples),
    }
    return fill(shipped_text("texts", "system", language), values | parts)


def _user(
    snapshot: MarketSnapshot,
    account: AccountUpdated,
    memory: Memory,
    limits: Limits,
    enterable: Sequence[Symbol],
    language: Language,
    mode: Mode,
) -> str:
    held = {position.symbol for position in account.positions}
    # Not in the snapshot's own order, which its record does not keep: a replay must make the same text.
    symbols = (*enterable, *(symbol for symbol in Symbol if symbol in held and symbol not in enterable))
    shown = {symbol: snapshot.coins[symbol] for symbol in symbols if symbol in snapshot.coins}
    now_ms = snapshot.boundary_ms
    tables = [
        candle_table(interval, {symbol: coin.series[interval] for symbol, coin in shown.items()}) for interval in TABLES
    ]
    return "\n\n".join(
        [
            *tables,
            open_candle_table({symbol: coin.series for symbol, coin in shown.items()}),
            market_table(shown.values()),
            sentiment_line(snapshot),
            history_section(memory, now_ms),
            *([standings_section(memory, account.model)] if mode == "situational" else []),
            account_section(account, memory, limits, now_ms),
            positions_section(account.positions, memory, now_ms),
            entry_section(account, memory, limits, enterable, now_ms),
            _now(snapshot, language),
        ]
    )


def _now(snapshot: MarketSnapshot, language: Language) -> str:
    words, moment = WORDS[language], datetime.fromtimestamp(snapshot.boundary_ms / 1000, UTC)
    minutes = (snapshot.cycle_number - 1) * snapshot.interval_s // 60
    lines = [
        "# NOW",
        f"cycle={snapshot.cycle_number} time_utc={moment:%Y-%m-%dT%H:%M:%S} minutes_since_start={minutes}",
        *([words.partial] if snapshot.partial else []),
        words.request,
    ]
    return "\n".join(lines)
