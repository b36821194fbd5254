"""What a contender is reminded of in its prompt, read from what other services have cached. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.trading.growth import Growth


@dataclass(frozen=True, slots=True)
class Memory:
    """What a contender is reminded of.

    From the recorder: its last closed trades and denials, newest first, its account's growth after `transfers_usd` had
    been moved in, its Sharpe ratio (hourly returns, annualized). From risk: the UTC day (counted since 1970) and the
    equity with which that day began.
    """

    trades: Sequence[Mapping[str, Any]] = ()
    denials: Sequence[Mapping[str, Any]] = ()
    growth: Growth | None = None
    transfers_usd: Decimal = Decimal(0)
    day: int | None = None
    day_start_usd: Decimal | None = None
    sharpe: Decimal | None = None


def memory_text(memory: bytes | str | None, day: bytes | str | None) -> str:
    """One JSON text of the two cached values as they came; null where there is none. `read_memory` reads it."""
    return json.dumps({"memory": json.loads(memory) if memory else None, "day": json.loads(day) if day else None})


def read_memory(text: str) -> Memory:
    """The memory in a text that `memory_text` made; empty where nothing was cached."""
    cached = json.loads(text)
    kept, day = cached["memory"] or {}, cached["day"] or {}
    sharpe, day_start, account = kept.get("sharpe"), day.get("equity_usd"), kept.get("account")
    return Memory(
        trades=kept.get("trades", ()),
        denials=kept.get("denials", ()),
        growth=Growth(Decimal(account["growth"]), Decimal(account["growth_equity_usd"])) if account else None,
        transfers_usd=Decimal(account["transfers_usd"]) if account else Decimal(0),
        day=day.get("day"),
        day_start_usd=None if day_start is None else Decimal(day_start),
        sharpe=None if sharpe is None else Decimal(sharpe),
    )
