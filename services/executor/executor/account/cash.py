"""Explains every change of an account's cash by the exchange's own record: fills, funding, money in and out."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final

from executor.account import metrics
from executor.account.context import AccountContext
from executor.domain.account import AccountState
from executor.domain.cash_ledger import CENT, CashTotals, complete_until
from executor.domain.events import account_ledger
from executor.exchange.ledger_rows import (
    parse_external_fills,
    parse_funding_payments,
    parse_liquidations,
    parse_transfers,
)

TIMER_S: Final = 600.0
RETRY_S: Final = 60.0
OVERLAP_MS: Final = 10_000
ATTEMPTS: Final = 2
NEVER: Final = float("-inf")

RecordFills = Callable[[AccountState], Awaitable[None]]


class CashReconciler:
    """Keeps one account's cash ledger. Remembers what of the cash it could not explain, so that only news costs a
    question."""

    def __init__(self, context: AccountContext) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock = context.exchange, context.clock
        self._unexplained_usd = Decimal(0)
        self._asked_at = NEVER

    async def reconcile(self, state: AccountState, record_fills: RecordFills) -> tuple[AccountState, CashTotals]:
        """The state with totals that match it; both are read again when the cash moved by more than is known.

        The exchange's record may hold what came after the state: only a later state contains it all. Gives up after
        ATTEMPTS and leaves the residual to be seen.
        """
        totals = await self._context.cash_ledger.load(self._model)
        if totals is None:
            return state, await self._begin(state)
        for _ in range(ATTEMPTS):
            if not self._is_due(totals.residual_usd(state.balance_usd)):
                break
            await record_fills(state)
            await self._record_movements(totals, state.time_ms)
            state = await self._exchange.account_state()
            totals = await self._load()
            self._asked_at = self._clock.monotonic()
            self._unexplained_usd = totals.residual_usd(state.balance_usd)
        metrics.UNEXPLAINED.labels(self._model).set(float(totals.residual_usd(state.balance_usd)))
        return state, totals

    def _is_due(self, residual_usd: Decimal) -> bool:
        """News of a cent or more at once, what stays unexplained once a minute, the rest by the timer."""
        waited_s = self._clock.monotonic() - self._asked_at
        if abs(residual_usd - self._unexplained_usd) >= CENT:
            return True
        if abs(residual_usd) >= CENT and waited_s >= RETRY_S and self._exchange.allows_routine("userFunding"):
            return True
        return waited_s >= TIMER_S and self._exchange.allows_routine("userFunding")

    async def _begin(self, state: AccountState) -> CashTotals:
        """Begins after everything that the state's cash contains: a fill as fresh as the state is in it."""
        rows = await self._exchange.fill_rows_since(state.time_ms)
        since_ms = max([state.time_ms, *(int(row["time"]) for row in rows)])
        await self._context.cash_ledger.begin(self._model, since_ms, state.balance_usd)
        return await self._load()

    async def _load(self) -> CashTotals:
        totals = await self._context.cash_ledger.load(self._model)
        if totals is None:
            raise ValueError(f"the cash ledger of {self._model} is gone")
        return totals

    async def _record_movements(self, totals: CashTotals, now_ms: int) -> None:
        """Funding, transfers, what the backstop kept or bore, and external fills since the last ones known.

        Ids make an overlap harmless. `now_ms` is the exchange's time.
        """
        start_ms = max(totals.since_ms, totals.movements_until_ms - OVERLAP_MS)
        address = self._exchange.address
        fundings = parse_funding_payments(address, await self._exchange.funding_rows_since(start_ms))
        rows = await self._exchange.ledger_rows_since(start_ms)
        fills = await self._exchange.fill_rows_since(start_ms)
        liquidations, incomplete_ms = parse_liquidations(address, rows, fills)
        transfers = parse_transfers(address, rows)
        external = parse_external_fills(address, fills, self._exchange.coins)
        found = [
            movement
            for movement in (*fundings, *transfers, *liquidations, *external)
            if movement.entry.time_ms > totals.since_ms
        ]
        until_ms = max([totals.movements_until_ms, *(movement.entry.time_ms for movement in found)])
        recorded_ms = self._clock.now_ms()
        events = [account_ledger(self._model, movement, recorded_ms) for movement in found]
        entries = [movement.entry for movement in found]
        until_ms = complete_until(until_ms, incomplete_ms, now_ms)
        await self._context.cash_ledger.record(self._model, entries, events, until_ms)
        if events:
            self._context.outbox.wake()
