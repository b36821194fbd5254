"""Explains every change of an account's cash by the exchange's own record: fills, funding, money in and out."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

from executor.account import metrics
from executor.account.context import Desk
from executor.domain import events as facts
from executor.domain.account import WireState
from executor.domain.cash_ledger import CENT, Books, Movement, complete_until
from executor.exchange import ledger_rows as ledger
from executor.exchange.parse import state_of

TIMER_S = 600.0
AGAIN_S = 60.0
OVERLAP_MS = 10_000
ATTEMPTS = 2
NEVER = float("-inf")

TakeFills = Callable[[WireState], Awaitable[None]]


class Accountant:
    """Keeps one account's books. Remembers what of the cash it could not explain, so that it asks only for news."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self._unexplained_usd = Decimal(0)
        self._asked_at = NEVER

    async def explain(self, state: WireState, take_fills: TakeFills) -> tuple[WireState, Books]:
        """The state with books that match it; both are read again when the cash has moved by more than is known."""
        books = await self.desk.books.load(self.model)
        if books is None:
            return state, await self._begin(state)
        for _ in range(ATTEMPTS):
            if not self._is_due(books.residual_usd(state.cash_usd)):
                break
            await take_fills(state)
            await self._take_movements(books, state.time_ms)
            # The record may hold what came after the state: only a later one contains it all.
            state = state_of(await self.venue.state())
            books = await self._books()
            self._asked_at = self.clock.monotonic()
            self._unexplained_usd = books.residual_usd(state.cash_usd)
        metrics.UNEXPLAINED.labels(self.model).set(float(books.residual_usd(state.cash_usd)))
        return state, books

    def _is_due(self, residual_usd: Decimal) -> bool:
        """News of a cent or more are asked for at once, what stays unexplained once a minute, the rest by the timer."""
        waited_s = self.clock.monotonic() - self._asked_at
        if abs(residual_usd - self._unexplained_usd) >= CENT:
            return True
        if abs(residual_usd) >= CENT and waited_s >= AGAIN_S and self.venue.may_look("userFunding"):
            return True
        return waited_s >= TIMER_S and self.venue.may_look("userFunding")

    async def _begin(self, state: WireState) -> Books:
        """What the account did before is no affair of the arena; a fill as fresh as the state is in its cash."""
        rows = await self.venue.fills_since(state.time_ms)
        since_ms = max([state.time_ms, *(int(row["time"]) for row in rows)])
        await self.desk.books.begin(self.model, since_ms, state.cash_usd)
        return await self._books()

    async def _books(self) -> Books:
        books = await self.desk.books.load(self.model)
        if books is None:
            raise ValueError(f"the books of {self.model} are gone")
        return books

    async def _take_movements(self, books: Books, now_ms: int) -> None:
        """Funding, transfers, what the backstop kept or bore, and fills on other coins since the last ones known.

        Ids make an overlap harmless. `now_ms` is the exchange's time.
        """
        start_ms = max(books.since_ms, books.movements_until_ms - OVERLAP_MS)
        address = self.venue.address
        fundings = ledger.funding_payments(address, await self.venue.funding_since(start_ms))
        rows = await self.venue.transfers_since(start_ms)
        fills = await self.venue.fills_since(start_ms)
        kept, half_told = ledger.liquidations(address, rows, fills)
        known = (*fundings, *ledger.transfers(address, rows), *kept, *ledger.foreign_fills(address, fills))
        found = [m for m in known if m.entry.time_ms > books.since_ms]
        until_ms = max([books.movements_until_ms, *(m.entry.time_ms for m in found)])
        await self._enter(found, complete_until(until_ms, half_told, now_ms))

    async def _enter(self, found: list[Movement], until_ms: int) -> None:
        now_ms = self.clock.now_ms()
        events = [facts.moved(self.model, movement, now_ms) for movement in found]
        await self.desk.books.enter(self.model, [movement.entry for movement in found], events, until_ms)
        if events:
            self.desk.outbox.wake()
