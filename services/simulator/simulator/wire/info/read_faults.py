"""Alters the answers of /info as a test has arranged: old ones, short pages, rows of unknown kinds, none at all."""

from collections import deque
from collections.abc import Callable
from typing import Any, Final

from simulator.exchange.state.deviations import AWAY, LAG, ODD_ROWS, SHORT_PAGES, ReadFault
from simulator.exchange.world import World
from simulator.wire.info import account_info
from simulator.wire.info.odd_rows import with_odd_rows
from simulator.wire.requests import Unsupported

Body = dict[str, Any]
Answer = Callable[[World, Body, int], Any]

STATES: Final = ("clearinghouseState", "spotClearinghouseState", "openOrders", "frontendOpenOrders")
"""Answers that lag as a whole: the one that was true some time before."""
HISTORIES: Final = ("userFills", "userFillsByTime", "userFunding", "userNonFundingLedgerUpdates", "historicalOrders")
"""Answers that lag by their newest rows."""
PAGES: Final = ("userFillsByTime", "userFunding", "userNonFundingLedgerUpdates")
KEPT_MS: Final = 30_000


def keep_past_answers(world: World, now_ms: int) -> None:
    """Keeps every account's answers while reads lag; to be called before an action and before a step.

    An entry says until when an answer was true, so the entries of an account follow each other without a gap.
    """
    deviations, market_ms = world.exchange.deviations, world.market_ms(now_ms)
    if not deviations.has_lag(world.market.time_ms):
        deviations.past.clear()
        return
    for address in world.exchange.accounts:
        for kind in STATES:
            entries = deviations.past.setdefault((kind, address), deque())
            entries.append((market_ms, account_info.ANSWERS[kind](world, {"type": kind, "user": address}, now_ms)))
            while entries[0][0] < market_ms - KEPT_MS:
                entries.popleft()


def answer_with_faults(world: World, body: Body, now_ms: int, answer: Answer) -> Any:
    """The answer to one request, altered by the faults that apply to it. Raises Unsupported for an endpoint away."""
    kind, user = body["type"], body.get("user")
    address = user.lower() if isinstance(user, str) else None
    faults = list(world.exchange.deviations.of_read(kind, address, world.market.time_ms))
    if any(fault.kind == AWAY for fault in faults):
        raise Unsupported
    content = answer(world, body, now_ms)
    for fault in faults:
        content = _altered(world, fault, kind, address, now_ms, content)
    return content


def _altered(world: World, fault: ReadFault, kind: str, address: str | None, now_ms: int, content: Any) -> Any:
    as_of_ms = world.market_ms(now_ms) - fault.lag_ms
    if fault.kind == LAG and kind in STATES:
        entries = world.exchange.deviations.past.get((kind, address or ""), ())
        return next((old for until_ms, old in entries if until_ms > as_of_ms), content)
    if fault.kind == LAG and kind in HISTORIES:
        return [row for row in content if _time_of(row) <= as_of_ms + world.exchange.deviations.skew_ms]
    if fault.kind == SHORT_PAGES and kind in PAGES:
        return content[: fault.rows]
    if fault.kind == ODD_ROWS:
        return with_odd_rows(kind, content)
    return content


def _time_of(row: Body) -> int:
    return int(row["statusTimestamp"] if "statusTimestamp" in row else row["time"])
