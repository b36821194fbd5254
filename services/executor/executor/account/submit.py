"""From a stored intent to a known outcome: send once, and never take silence for a no."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

from common.events import Event, OrderRole
from common.trading.instruments import Symbol
from executor.account import metrics
from executor.account.action_quota import Allowance
from executor.account.context import Desk
from executor.domain import events as facts
from executor.domain.account import Placed
from executor.domain.bracket import orders_of
from executor.domain.intent import Intent, Outcome
from executor.domain.order import Prepared
from executor.exchange.errors import UnknownOutcome
from executor.exchange.parse import fills_of, order_state_of, placed_of, refusal_of

DUPLICATE_NONCE = "duplicate nonce"
RESEND_MS = 2_000
LOOK_BACK_MS = 60_000
LEVERAGE_TRUST_S = 60.0
NEVER = float("-inf")

Record = Callable[[Intent, Prepared, int], Awaitable[bool]]
"""Makes durable what is about to be sent; False: don't send it."""


class Sender:
    """Carries one model's intents to their end."""

    def __init__(self, desk: Desk, allowance: Allowance) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self.store, self.allowance = desk.intents, allowance
        self._resent_ms: dict[str, int] = {}
        self._leverages: dict[Symbol, tuple[tuple[int, bool], float]] = {}

    async def advance(self, intent: Intent, flatten_since: int | None) -> bool:
        """Takes an unfinished intent one step on; True when its outcome is now known."""
        if intent.status != "STORED":
            return await self._resolve(intent, flatten_since)
        reason = self._reason_not_to_send(intent, flatten_since)
        if reason is None and intent.is_entry:
            refusal = await self._set_leverage(intent)
            if refusal is not None:
                return await self._end_rejected(intent, refusal)
            reason = self._reason_not_to_send(intent, flatten_since)
        if reason is not None:
            return await self._end_unsent(intent, reason)
        return await self.send_first(intent, self.store.mark_sent)

    def may_send_at_once(self, intent: Intent) -> bool:
        """Whether an intent can go as it is: nothing speaks against it, and nothing needs to be asked for before."""
        if self._reason_not_to_send(intent, None) is not None:
            return False
        return not intent.is_entry or self._is_leverage_trusted(intent)

    def forget(self) -> None:
        """Another instance may have traded meanwhile: what the exchange has confirmed is asked for again."""
        self._leverages.clear()

    def _reason_not_to_send(self, intent: Intent, flatten_since: int | None) -> str | None:
        """Exits always go. An entry must be fresh, within the cap of real money, and nobody may have said stop."""
        if not intent.is_entry:
            return None
        if self.desk.halts.is_halted(self.model):
            return "HALTED"
        if flatten_since is not None:
            return "FLATTENED"
        if self.allowance.is_short:
            return "ACTIONS_SHORT"
        valid_until = intent.order.valid_until_ms
        if valid_until is not None and self.clock.now_ms() > valid_until:
            return "EXPIRED_UNSENT"
        cap = self.desk.settings.aicoin_mainnet_cap_usd
        if self.desk.settings.hyperliquid_env == "mainnet" and (cap is None or intent.order.notional_usd > cap):
            return "MAINNET_CAP"
        return None

    async def _set_leverage(self, intent: Intent) -> str | None:
        """Isolated margin at the intent's leverage, confirmed by the exchange; a reason when it won't have it.

        What the exchange confirmed within the last minute isn't asked for again.
        """
        if self._is_leverage_trusted(intent):
            return None
        wanted, symbol = (intent.order.leverage or 1, True), intent.symbol
        self._leverages.pop(symbol, None)
        asked_s = self.clock.monotonic()
        refusal = refusal_of(
            await self.desk.post(intent.intent_id, "leverage", self.venue.prepare_leverage(symbol, wanted[0]))
        )
        if refusal is not None:
            return refusal
        confirmed = await self.venue.leverage_of(symbol)
        if confirmed != wanted:
            return f"leverage is {confirmed} after it was set to {wanted}"
        self._leverages[symbol] = (confirmed, asked_s)
        return None

    def _is_leverage_trusted(self, intent: Intent) -> bool:
        confirmed, at_s = self._leverages.get(intent.symbol, ((0, False), NEVER))
        is_recent = self.clock.monotonic() - at_s <= LEVERAGE_TRUST_S
        return is_recent and confirmed == (intent.order.leverage or 1, True)

    async def send_first(self, intent: Intent, record: Record) -> bool:
        """Signs, has it recorded, sends; True when the outcome is then known."""
        legs = orders_of(intent)
        grouping = "normalTpsl" if len(legs) > 1 else "na"
        prepared = self.venue.prepare_orders([spec for _, spec in legs], grouping)
        if not await record(intent, prepared, self.clock.now_ms()):
            return False
        intent = intent.signed(prepared)
        reason = self._reason_not_to_send(intent, None)
        if reason is not None:
            # Said while the database took its time. The intent ends once nobody else can send it, either.
            await self.store.record_first_send(intent, f"not sent: {reason}", self.clock.now_ms())
            return await self._mark_in_flight(intent, f"not sent: {reason}")
        try:
            answer = await self.desk.send(prepared.body)
        except UnknownOutcome as error:
            await self.store.record_first_send(intent, f"unknown: {error}", self.clock.now_ms())
            return await self._mark_in_flight(intent, str(error))
        await self.store.record_first_send(intent, str(answer), self.clock.now_ms())
        first = placed_of(answer, len(legs))[0]
        if first.error is not None and DUPLICATE_NONCE in first.error:
            return await self._mark_in_flight(intent, first.error)
        return await self._settle(intent, answer)

    async def _settle(self, intent: Intent, answer: Any) -> bool:
        """Books the exchange's answer to an intent's orders."""
        legs = orders_of(intent)
        placed = placed_of(answer, len(legs))
        if placed[0].error is not None:
            return await self._end_rejected(intent, placed[0].error)
        are_live = len(placed) == len(legs) and all(p.error is None for p in placed[1:])
        return await self._end_placed(intent, placed[0], are_children_live=are_live)

    async def _mark_in_flight(self, intent: Intent, reason: str) -> bool:
        """The outcome is unknown; it will be asked for."""
        metrics.IN_FLIGHT.labels(self.model).inc()
        await self.store.mark_in_flight(intent.intent_id, reason, self.clock.now_ms())
        self.desk.log.warning("outcome unknown", model=self.model, intent_id=intent.intent_id, reason=reason)
        return False

    # Asking what became of a sent intent.

    async def _resolve(self, intent: Intent, flatten_since: int | None) -> bool:
        """By its client order id, by the same bytes again, or by waiting until they are void."""
        if intent.status == "SENT":
            await self.store.record_first_send(intent, None, self.clock.now_ms())
        spec = orders_of(intent)[0][1]
        asked_ms = self.clock.now_ms()
        state = order_state_of(await self.venue.order_status(spec.client_order_id))
        if state is not None:
            if state.is_live:
                return False
            if state.is_refused:
                return await self._end_rejected(intent, state.status)
            return await self._end_by_fills(intent, state.order_id, state.status, asked_ms)
        if asked_ms > intent.void_after_ms:
            return await self._end_never_arrived(intent)
        if self._reason_not_to_send(intent, flatten_since) is not None:
            return False  # Nothing more of it goes out; it ends once the bytes that may be under way are void.
        return await self._send_again(intent, asked_ms, flatten_since)

    async def _end_never_arrived(self, intent: Intent) -> bool:
        """Its bytes are void now. An entry's moment has passed; an exit is still wanted and is signed anew."""
        if intent.is_entry:
            return await self._end_unsent(intent, "NEVER_ARRIVED")
        await self.store.store_again(intent.intent_id, self.clock.now_ms())
        return False

    async def _send_again(self, intent: Intent, now_ms: int, flatten_since: int | None) -> bool:
        """The identical bytes carry the identical nonce: the exchange can't take them twice.

        A refusal of the whole action says nothing about the first sending; an answer per order means that this one
        was the first to arrive.
        """
        last_ms = self._resent_ms.get(intent.intent_id, intent.first_sent_ms or 0)
        if now_ms > (intent.expires_after_ms or 0) or now_ms - last_ms < RESEND_MS or intent.signed_action is None:
            return False
        self._resent_ms[intent.intent_id] = now_ms
        number = await self.store.log_send(intent.intent_id, "resend", 0, now_ms)
        reason = self._reason_not_to_send(intent, flatten_since)
        if reason is not None:
            await self.store.log_answer(number, f"not sent: {reason}", self.clock.now_ms())
            return False
        answer = await self.desk.send_logged(number, intent.signed_action)
        if refusal_of(answer) is not None:
            return False
        return await self._settle(intent, answer)

    async def _end_by_fills(self, intent: Intent, order_id: int, status: str, now_ms: int) -> bool:
        """Ends an intent by the exchange's record of its fills, which may lag behind the order's status."""
        since_ms = (intent.first_sent_ms or now_ms) - LOOK_BACK_MS
        fills = [fill for fill in fills_of(await self.venue.fills_since(since_ms)) if fill.order_id == order_id]
        size = sum((fill.size_coin for fill in fills), Decimal(0))
        if size == 0:
            if now_ms <= intent.void_after_ms or status == "filled":
                return False
            return await self._end_unsent(intent, status)
        average = sum((fill.price * fill.size_coin for fill in fills), Decimal(0)) / size
        placed = Placed(order_id=order_id, filled_size_coin=size, average_price=average, status=status)
        return await self._end_placed(intent, placed, are_children_live=True)

    # Ends.

    async def _end_unsent(self, intent: Intent, reason: str) -> bool:
        """Ended without anything filled and without a no of the exchange."""
        role, spec = orders_of(intent)[0]
        event = facts.cancelled(intent, role, spec.client_order_id, None, reason, Decimal(0), self.clock.now_ms())
        finals = {each.client_order_id: (None, "canceled") for _, each in orders_of(intent)}
        return await self._end(intent, Outcome("CANCELLED", reason, orders=finals, events=[event]))

    async def _end_rejected(self, intent: Intent, reason: str) -> bool:
        role, spec = orders_of(intent)[0]
        event = facts.rejected(intent, role, spec.client_order_id, reason, self.clock.now_ms())
        finals = {each.client_order_id: (None, "rejected") for _, each in orders_of(intent)}
        return await self._end(intent, Outcome("REJECTED", reason, orders=finals, events=[event]))

    async def _end_placed(self, intent: Intent, placed: Placed, *, are_children_live: bool) -> bool:
        """What was accepted and filled; a partly filled entry's children are dead, its position is protected next."""
        now_ms = self.clock.now_ms()
        legs = orders_of(intent)
        role, spec = legs[0]
        filled = placed.filled_size_coin
        is_whole = filled >= spec.size_coin
        events: list[Event[Any]] = [facts.accepted(intent, role, spec, placed.order_id, placed.status, now_ms)]
        finals: dict[str, tuple[int | None, str | None]] = {
            spec.client_order_id: (placed.order_id, "filled" if is_whole else "canceled")
        }
        if not is_whole:
            events.append(
                facts.cancelled(intent, role, spec.client_order_id, placed.order_id, "IOC_REMAINDER", filled, now_ms)
            )
        for child_role, child in legs[1:]:
            if is_whole and are_children_live:
                events.append(facts.accepted(intent, child_role, child, None, "waitingForTrigger", now_ms))
            else:
                finals[child.client_order_id] = (None, "canceled")
        status = "FILLED" if is_whole else "PARTIAL" if filled else "CANCELLED"
        outcome = Outcome(status, None, filled, placed.average_price, finals, events)
        return await self._end(intent, outcome)

    async def _end(self, intent: Intent, outcome: Outcome) -> bool:
        ended = await self.store.end(intent, outcome, self.clock.now_ms())
        if ended:
            self.desk.outbox.wake()
            metrics.INTENTS.labels(self.model, outcome.status).inc()
            role = OrderRole.ENTRY if intent.is_entry else OrderRole.EXIT
            self.desk.log.info(
                "intent ended",
                model=self.model,
                intent_id=intent.intent_id,
                cycle_id=intent.cycle_id,
                role=role.value,
                status=outcome.status,
                reason=outcome.reason,
                filled_size_coin=str(outcome.filled_size_coin),
            )
        self._resent_ms.pop(intent.intent_id, None)
        return ended
