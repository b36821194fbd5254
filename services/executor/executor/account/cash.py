"""Explains every change of an account's cash by the exchange's own record: fills, funding, money in and out."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Final

from common.events import AlertSeverity, LedgerKind
from common.events.alerts import AlertCode
from common.trading.durations import NEVER
from executor.account import metrics
from executor.account.context import AccountContext
from executor.domain.account import AccountState
from executor.domain.account_standing import is_other_balance
from executor.domain.cash_ledger import CENT, CashEntry, CashMovement, CashTotals, complete_until, find_sum
from executor.domain.events import account_ledger
from executor.exchange.client import Row
from executor.exchange.errors import RateLimited
from executor.exchange.ledger_rows import (
    UnknownMovement,
    parse_external_fills,
    parse_funding_payments,
    parse_liquidations,
    parse_spot_transfers,
    parse_transfers,
    time_of,
)
from executor.exchange.rate_limit import DUE_RESERVE, ROUTINE_RESERVE

TIMER_S: Final = 600.0
RETRY_S: Final = 60.0
FIRST_S: Final = 60.0
"""Until the timer is over for the first time: the minute of a start has other needs, and news come at once anyway."""
OVERLAP_MS: Final = 10_000
ATTEMPTS: Final = 2
RECORDS: Final = ("userFillsByTime", "userFillsByTime", "userFunding", "userNonFundingLedgerUpdates")
"""The questions of one attempt; a page of fills that isn't empty is followed by another one."""
ACCEPTED: Final = "accepted by a person"
MAX_SPOT_ROWS: Final = 10
LAG_MS: Final = 12_000
"""Longer than a read may lag behind what has happened."""

RecordFills = Callable[[AccountState, int], Awaitable[list[Row]]]
"""Enters the fills up to a state and returns the rows of userFillsByTime from a time on, at the latest."""


class CashReconciler:
    """Keeps one account's cash ledger, and says in the account's standing whether it explains the cash.

    Called by the account's worker alone. Remembers what of the balance it could not explain, so that only a new
    difference costs a request. Of cash that jumps without a reason it first asks whether the account's mode has
    changed: a change of mode moves money between what is counted and what isn't, and the difference is entered as a
    transfer. What stays unexplained holds entries back (`AccountStanding.is_explained`) until rows explain it, or
    a person accepts it.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock = context.exchange, context.clock
        self._unexplained_usd = Decimal(0)
        self._asked_at = self._clock.monotonic() + FIRST_S - TIMER_S
        self._spot_movements: dict[str, CashMovement] = {}
        self._since_ms: int | None = None
        self._is_alerted = False
        self._accepted_ms: int | None = None
        self._alerted_ids: set[str] = set()

    def accept(self, at_ms: int) -> None:
        """A person resumed at that wall time: what has not been explained since before counts as money moved."""
        self._accepted_ms = at_ms
        self._asked_at = NEVER

    async def reconcile(self, state: AccountState, record_fills: RecordFills) -> tuple[AccountState, CashTotals]:
        """The whole state with totals that match it; both are read again when the cash moved by more than is known.

        The exchange's record may hold what came after the state: only a later state contains it all. Gives up after
        ATTEMPTS and leaves the residual to be seen.
        """
        if not self._exchange.mode:
            await self._exchange.read_mode()
        state = await self._exchange.with_balance(state)
        totals = await self._context.cash_ledger.load(self._model)
        if totals is None:
            return state, self._judged(state, await self._begin(state))
        is_asked = False
        for _ in range(ATTEMPTS):
            if not self._is_due(totals.residual_usd(state.balance_usd)):
                break
            if not self._has_room():
                raise RateLimited("the account's record is not read for now: REQUEST_WEIGHT_PER_MINUTE is used up")
            is_asked = True
            start_ms = max(totals.since_ms, totals.movements_until_ms - OVERLAP_MS)
            fills = await record_fills(state, start_ms)
            await self._record_movements(totals, state.time_ms, start_ms, fills)
            state = await self._exchange.whole_state()
            totals = await self._load()
            self._asked_at = self._clock.monotonic()
            self._unexplained_usd = totals.residual_usd(state.balance_usd)
        if is_asked and not totals.is_explained(state.balance_usd, state.equity_usd):
            await self._exchange.read_mode()
            state = await self._exchange.whole_state()
        totals = await self._settle(state, await self._enter_spot_movements(state, totals))
        self._unexplained_usd = totals.residual_usd(state.balance_usd)
        metrics.UNEXPLAINED.labels(self._model).set(float(self._unexplained_usd))
        return state, self._judged(state, totals)

    async def judge(self, state: AccountState) -> None:
        """Whether what is entered so far explains the whole state, while the exchange's record can't be read.

        A jump begins with a record that was read: until then what came meanwhile is merely not entered.
        """
        totals = await self._context.cash_ledger.load(self._model)
        if totals is not None:
            self._note_standing(state, totals)

    def _judged(self, state: AccountState, totals: CashTotals) -> CashTotals:
        """The totals of a record that was read; what they make of the state is noted, and since when."""
        if self._note_standing(state, totals):
            self._since_ms, self._is_alerted = None, False
        elif self._since_ms is None:
            self._since_ms = self._clock.now_ms()
        return totals

    def _note_standing(self, state: AccountState, totals: CashTotals) -> bool:
        """Whether the totals explain the state, which is noted in the account's standing."""
        standing = self._context.standing
        standing.is_check_due |= bool(standing.mode) and standing.mode != self._exchange.mode
        standing.mode = self._exchange.mode
        standing.is_explained = totals.is_explained(state.balance_usd, state.equity_usd)
        return standing.is_explained

    async def _enter_spot_movements(self, state: AccountState, totals: CashTotals) -> CashTotals:
        """Enters rows of the spot balance that did move this cash: their sum is what is missing, to the cent."""
        residual_usd = totals.residual_usd(state.balance_usd)
        if abs(residual_usd) < CENT:
            self._spot_movements.clear()
            return totals
        found = find_sum(list(self._spot_movements.values())[-MAX_SPOT_ROWS:], residual_usd)
        for movement in found:
            event = account_ledger(self._model, movement, self._clock.now_ms())
            await self._context.cash_ledger.settle(self._model, totals.mode, movement.entry, event)
            del self._spot_movements[movement.entry.id]
        if found:
            self._context.outbox.wake()
        return await self._load() if found else totals

    async def _settle(self, state: AccountState, totals: CashTotals) -> CashTotals:
        """Enters what a new mode, or a person's word, explains of the cash; alerts when a jump lasts.

        Reads lag: what a new mode has moved is entered at once only where it is little, else once it has stayed so for
        longer than a read may lag.
        """
        mode, residual_usd = self._exchange.mode, totals.residual_usd(state.balance_usd)
        is_explained = totals.is_explained(state.balance_usd, state.equity_usd)
        lasted_ms = 0 if self._since_ms is None else self._clock.now_ms() - self._since_ms
        is_settled = is_explained or lasted_ms >= LAG_MS
        is_moved = is_settled and is_other_balance(totals.mode, mode)
        reason = mode if is_moved else ACCEPTED if not is_explained and self._take_acceptance() else None
        if reason is not None and abs(residual_usd) >= CENT:
            entry = CashEntry(
                id=f"{self._exchange.address} {reason} {state.time_ms}",
                time_ms=max(state.time_ms, totals.since_ms + 1),
                transfer_usd=residual_usd,
            )
            movement = CashMovement(entry, LedgerKind.TRANSFER, residual_usd, reason)
            event = account_ledger(self._model, movement, self._clock.now_ms())
            await self._context.cash_ledger.settle(self._model, mode, entry, event)
            self._context.outbox.wake()
            return await self._load()
        if is_explained and (totals.mode != mode or totals.unknown_movement is not None):
            await self._context.cash_ledger.settle(self._model, mode, None, None)
            return await self._load()
        if not is_settled or is_explained or self._is_alerted:
            return totals
        await self._alert_unexplained(residual_usd, totals)
        self._is_alerted = True
        return totals

    def _take_acceptance(self) -> bool:
        """Whether a person resumed after the present jump began; a resume counts once."""
        accepted_ms, self._accepted_ms = self._accepted_ms, None
        return accepted_ms is not None and self._since_ms is not None and accepted_ms >= self._since_ms

    async def _alert_unexplained(self, residual_usd: Decimal, totals: CashTotals) -> None:
        now_ms = self._clock.now_ms()
        cause = (
            "" if totals.unknown_movement is None else f" after a ledger row of the type {totals.unknown_movement!r}"
        )
        await self._context.alert(
            AlertCode.EQUITY_UNEXPLAINED,
            AlertSeverity.CRITICAL,
            f"{residual_usd:+.2f} USD of the account's cash are explained by nothing{cause}; no entry is sent until "
            "they are. If it is money that you moved, `resume` accepts it",
            key=now_ms,
            now_ms=now_ms,
            residual_usd=f"{residual_usd:.6f}",
        )

    def _is_due(self, residual_usd: Decimal) -> bool:
        """A new difference of a cent or more at once, an old one once a minute, else by the timer."""
        waited_s = self._clock.monotonic() - self._asked_at
        if abs(residual_usd - self._unexplained_usd) >= CENT:
            return True
        if abs(residual_usd) >= CENT and waited_s >= RETRY_S and self._has_room(ROUTINE_RESERVE):
            return True
        return waited_s >= TIMER_S and self._has_room(ROUTINE_RESERVE)

    def _has_room(self, reserve: float = DUE_RESERVE) -> bool:
        return self._exchange.has_room(*RECORDS, reserve=reserve)

    async def _begin(self, state: AccountState) -> CashTotals:
        """Begins after everything that the state's cash contains: a fill as fresh as the state is in it."""
        rows = await self._exchange.fill_rows_since(state.time_ms)
        since_ms = max([state.time_ms, *(time_of(row) for row in rows)])
        await self._context.cash_ledger.begin(self._model, since_ms, state.balance_usd, self._exchange.mode)
        return await self._load()

    async def _load(self) -> CashTotals:
        totals = await self._context.cash_ledger.load(self._model)
        if totals is None:
            raise ValueError(f"the cash ledger of {self._model} is gone")
        return totals

    async def _record_movements(self, totals: CashTotals, now_ms: int, start_ms: int, fills: list[Row]) -> None:
        """Funding, transfers, what the backstop kept or bore, and external fills since `start_ms`.

        Ids make an overlap harmless. `now_ms` is the exchange's time.
        """
        address = self._exchange.address
        fundings, unread = parse_funding_payments(address, await self._exchange.funding_rows_since(start_ms))
        rows = await self._exchange.ledger_rows_since(start_ms)
        liquidations, incomplete_ms = parse_liquidations(address, rows, fills)
        spot = parse_spot_transfers(address, rows, self._exchange.mode)
        self._spot_movements |= {each.entry.id: each for each in spot if each.entry.time_ms > totals.since_ms}
        transfers, unknown = parse_transfers(address, rows, self._exchange.mode)
        external, unread_fills = parse_external_fills(address, fills, self._exchange.coins)
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
        new = [row for row in (*unread, *unknown, *unread_fills) if row.id not in self._alerted_ids]
        await self._context.cash_ledger.record(self._model, entries, events, until_ms, new[0].type if new else None)
        if events:
            self._context.outbox.wake()
        for row in new:
            await self._alert_unknown(row)

    async def _alert_unknown(self, row: UnknownMovement) -> None:
        await self._context.alert(
            AlertCode.UNKNOWN_MOVEMENT,
            AlertSeverity.WARNING,
            f"the exchange's record has a row of the type {row.type!r} that can't be read: money of unknown size",
            key=row.id,
            now_ms=self._clock.now_ms(),
        )
        self._alerted_ids.add(row.id)
