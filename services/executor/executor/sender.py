"""From a stored intent to a known outcome: send once, and never take silence for a no."""

from decimal import Decimal
from typing import Any

from common.events import Event
from common.runtime.service import Service
from executor import facts, metrics
from executor.bracket import orders_of
from executor.config import ExecutorSettings
from executor.halt import HaltFile
from executor.parse import Placed, fills_of, order_state_of, placed_of
from executor.store import Intent, IntentStore
from executor.venue import UnknownOutcome, Venue

DUPLICATE_NONCE = "duplicate nonce"
ALREADY_EXPIRED = "Action already expired"
SETTLE_MS = 5_000
RESEND_MS = 2_000
LOOK_BACK_MS = 60_000


class Sender:
    """Carries one model's intents to their end. `leverages` remembers what the exchange has confirmed."""

    def __init__(
        self,
        model: str,
        venue: Venue,
        store: IntentStore,
        service: Service,
        settings: ExecutorSettings,
        halts: HaltFile,
    ) -> None:
        self.model, self.venue, self.store, self.service = model, venue, store, service
        self.settings, self.halts, self.clock = settings, halts, service.clock
        self.leverages: dict[str, tuple[int, bool]] = {}
        self._resent_ms: dict[str, int] = {}

    async def advance(self, intent: Intent) -> bool:
        """Takes an unfinished intent one step on; True when its outcome is now known."""
        if intent.status == "STORED":
            reason = self._reason_not_to_send(intent)
            if reason is not None:
                await self._end_unsent(intent, reason)
                return True
            return await self._send_first(intent)
        return await self._resolve(intent)

    def _reason_not_to_send(self, intent: Intent) -> str | None:
        if not intent.is_entry:
            return None
        if self.halts.is_halted(self.model):
            return "HALTED"
        valid_until = intent.order.valid_until_ms
        if valid_until is not None and self.clock.now_ms() > valid_until:
            return "EXPIRED_UNSENT"
        cap = self.settings.aicoin_mainnet_cap_usd
        if self.settings.hyperliquid_env == "mainnet" and cap is not None and intent.order.notional_usd > cap:
            return "MAINNET_CAP"
        return None

    async def _end_unsent(self, intent: Intent, reason: str) -> None:
        now_ms = self.clock.now_ms()
        role, spec = orders_of(intent)[0]
        await self.service.publish(
            facts.cancelled(intent, role, spec.client_order_id, None, reason, Decimal(0), now_ms)
        )
        await self.store.set_status(intent.intent_id, "CANCELLED", now_ms, reason=reason)
        metrics.INTENTS.labels(self.model, "CANCELLED").inc()

    async def _send_first(self, intent: Intent) -> bool:
        refusal = await self._set_leverage(intent) if intent.is_entry else None
        if refusal is not None:
            await self._end_rejected(intent, refusal)
            return True
        legs = orders_of(intent)
        grouping = "normalTpsl" if len(legs) > 1 else "na"
        prepared = self.venue.prepare_orders([spec for _, spec in legs], grouping, self.settings.intent_life_s)
        if not await self.store.mark_sent(intent, prepared, legs, self.clock.now_ms()):
            return False
        answer = await self.post(intent.intent_id, "orders", prepared.nonce, prepared.body)
        return await self._settle(intent, answer)

    async def _set_leverage(self, intent: Intent) -> str | None:
        """Isolated margin at the intent's leverage, confirmed by the exchange; a reason when it won't have it."""
        wanted = (intent.order.leverage or 1, True)
        symbol = intent.symbol
        if self.leverages.get(symbol.value) == wanted:
            return None
        prepared = self.venue.prepare_leverage(symbol, wanted[0], self.settings.intent_life_s)
        answer = await self.post(intent.intent_id, "leverage", prepared.nonce, prepared.body)
        if answer["status"] == "err":
            return str(answer["response"])
        confirmed = await self.venue.leverage_of(symbol)
        if confirmed != wanted:
            return f"leverage is {confirmed} after it was set to {wanted}"
        self.leverages[symbol.value] = confirmed
        return None

    async def post(self, intent_id: str, purpose: str, nonce: int, body: bytes) -> Any:
        """Sends bytes with a line in the send log before and after. Raises UnknownOutcome."""
        number = await self.store.log_send(intent_id, purpose, nonce, self.clock.now_ms())
        started = self.clock.monotonic()
        try:
            answer = await self.venue.send(body)
        except UnknownOutcome as error:
            await self.store.log_answer(number, f"unknown: {error}", self.clock.now_ms())
            raise
        metrics.SEND_S.labels(self.model).observe(self.clock.monotonic() - started)
        await self.store.log_answer(number, str(answer), self.clock.now_ms())
        return answer

    async def _settle(self, intent: Intent, answer: Any) -> bool:
        """Books the exchange's answer to an intent's orders; False when it settles nothing."""
        legs = orders_of(intent)
        placed = placed_of(answer, len(legs))
        first = placed[0]
        if first.error is not None:
            if DUPLICATE_NONCE in first.error or (ALREADY_EXPIRED in first.error and intent.status == "IN_FLIGHT"):
                await self.mark_in_flight(intent, first.error)
                return False
            await self._end_rejected(intent, first.error)
            return True
        children = [p for p in placed[1:] if p.error is None]
        await self._end_placed(intent, first, children_live=len(children) == len(legs) - 1)
        return True

    async def _end_rejected(self, intent: Intent, reason: str) -> None:
        now_ms = self.clock.now_ms()
        for index, (_, spec) in enumerate(orders_of(intent)):
            if index == 0:
                await self.service.publish(facts.rejected(intent, spec.client_order_id, reason, now_ms))
            await self.store.set_order(spec.client_order_id, final="rejected")
        await self.store.set_status(intent.intent_id, "REJECTED", now_ms, reason=reason)
        metrics.INTENTS.labels(self.model, "REJECTED").inc()
        self.service.log.warning("order rejected", model=self.model, intent_id=intent.intent_id, reason=reason)

    async def _end_placed(self, intent: Intent, placed: Placed, *, children_live: bool) -> None:
        """Publishes what was accepted; a partly filled entry's children are dead, its position is protected next."""
        now_ms = self.clock.now_ms()
        legs = orders_of(intent)
        role, spec = legs[0]
        whole = placed.filled_size_coin >= spec.size_coin
        events: list[Event[Any]] = [facts.accepted(intent, role, spec, placed.order_id, placed.status, now_ms)]
        if not whole:
            filled = placed.filled_size_coin
            events.append(
                facts.cancelled(intent, role, spec.client_order_id, placed.order_id, "IOC_REMAINDER", filled, now_ms)
            )
        for child_role, child in legs[1:]:
            if whole and children_live:
                events.append(facts.accepted(intent, child_role, child, None, "waitingForTrigger", now_ms))
            else:
                await self.store.set_order(child.client_order_id, final="canceled")
        await self.service.publish(*events)
        await self.store.set_order(
            spec.client_order_id, order_id=placed.order_id, final="filled" if whole else "canceled"
        )
        status = "FILLED" if whole else "PARTIAL" if placed.filled_size_coin else "CANCELLED"
        await self.store.set_status(
            intent.intent_id, status, now_ms, filled=placed.filled_size_coin, average=placed.average_price
        )
        metrics.INTENTS.labels(self.model, status).inc()
        self.service.log.info(
            "order placed", model=self.model, intent_id=intent.intent_id, status=status, role=role.value
        )

    async def mark_in_flight(self, intent: Intent, reason: str) -> None:
        """The outcome is unknown; it will be asked for."""
        metrics.IN_FLIGHT.labels(self.model).inc()
        await self.store.set_status(intent.intent_id, "IN_FLIGHT", self.clock.now_ms(), reason=reason[:300])
        self.service.log.warning("outcome unknown", model=self.model, intent_id=intent.intent_id, reason=reason)

    async def _resolve(self, intent: Intent) -> bool:
        """Asks what became of a sent intent: by its client order id, by the same bytes again, or by waiting."""
        role, spec = orders_of(intent)[0]
        state = order_state_of(await self.venue.order_status(spec.client_order_id))
        if state is not None:
            return await self._end_known(intent, state.status, state.order_id)
        now_ms, expires_ms = self.clock.now_ms(), intent.expires_after_ms or 0
        if now_ms > expires_ms + SETTLE_MS:
            reason = "NEVER_ARRIVED"
            event = facts.cancelled(intent, role, spec.client_order_id, None, reason, Decimal(0), now_ms)
            await self.service.publish(event)
            for _, each in orders_of(intent):
                await self.store.set_order(each.client_order_id, final="canceled")
            await self.store.set_status(intent.intent_id, "CANCELLED", now_ms, reason=reason)
            metrics.INTENTS.labels(self.model, "CANCELLED").inc()
            return True
        return await self._send_again(intent, now_ms, expires_ms)

    async def _send_again(self, intent: Intent, now_ms: int, expires_ms: int) -> bool:
        """The identical bytes carry the identical nonce: the exchange can't take them twice."""
        last = self._resent_ms.get(intent.intent_id, intent.first_sent_ms or 0)
        if now_ms > expires_ms or now_ms - last < RESEND_MS or intent.signed_action is None:
            return False
        self._resent_ms[intent.intent_id] = now_ms
        answer = await self.post(intent.intent_id, "resend", 0, intent.signed_action)
        return await self._settle(intent, answer)

    async def _end_known(self, intent: Intent, status: str, order_id: int) -> bool:
        """Ends an intent by the exchange's own record of its order and fills."""
        if status == "open":
            return False
        since = (intent.first_sent_ms or self.clock.now_ms()) - LOOK_BACK_MS
        fills = [fill for fill in fills_of(await self.venue.fills_since(since)) if fill.order_id == order_id]
        size = sum((fill.size_coin for fill in fills), Decimal(0))
        if size == 0:
            if status == "filled":
                return False
            await self._end_rejected(intent, status)
            return True
        average = sum((fill.price * fill.size_coin for fill in fills), Decimal(0)) / size
        placed = Placed(order_id=order_id, filled_size_coin=size, average_price=average, status=status)
        await self._end_placed(intent, placed, children_live=True)
        return True
