"""From a stored intent to a known outcome: send once, and never take silence for a refusal."""

import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any, Final

from common.events import Event
from common.trading.durations import NEVER
from common.trading.orders import CancelReason, IntentStatus
from executor.account import metrics
from executor.account.action_quota import ActionQuota
from executor.account.context import AccountContext
from executor.account.leverage import Leverages
from executor.account.tries import Tries
from executor.domain.account import OrderStatus, Placement
from executor.domain.bracket import build_bracket
from executor.domain.envelope import Breach, worst_notional_usd
from executor.domain.events import order_accepted, order_cancelled, order_rejected, outside_envelope_alert
from executor.domain.intent import Intent, OrderResult, Outcome
from executor.domain.order import DUPLICATE_NONCE, SendPurpose
from executor.domain.protection import is_final_refusal
from executor.exchange.errors import UNREADABLE, UnknownOutcome
from executor.exchange.parse import parse_action_error, parse_placements

RESEND_MS: Final = 2_000
RETRY_REFUSED_S: Final = 3.0
LOOK_BACK_MS: Final = 60_000
MARK_VALID_S: Final = 60.0

RecordSent = Callable[[Intent, int], Awaitable[bool]]
"""Makes durable what is about to be sent, at a wall time; False: another instance was faster, don't send it."""


class OrderSubmitter:
    """Carries one account's intents to their end, a step at a time. Called by the account's worker alone.

    STORED → `submit` confirms the leverage of an entry, signs, has the bytes recorded as SENT, then sends them.
    A readable answer ends the intent (FILLED, PARTIAL, REJECTED or CANCELLED). Otherwise it is IN_FLIGHT, and each
    further `submit` resolves it a little: by the exchange's word on the client order id, by the answer to the identical
    bytes sent again (their nonce can't be used twice), or by being unknown after the bytes are void. Then an entry is
    CANCELLED, as its moment has passed, and an exit, whose bytes the exchange has refused, is STORED again, to be
    signed again; so is an exit that the exchange refused for a reason that passes.

    What fails on the way (UnknownOutcome, ExchangeUnavailable, an outage of the database) propagates to the worker; the
    intent's row holds how far it came, and the next step goes on from there. An end is written with its events in one
    transaction, and only while the row still carries the nonce of the bytes that it is about.
    """

    def __init__(self, context: AccountContext, quota: ActionQuota) -> None:
        self._context, self._model = context, context.model
        self._exchange, self._clock, self._intents = context.exchange, context.clock, context.intents
        self._quota, self._envelope = quota, context.settings.envelope
        self._tries: defaultdict[str, Tries] = defaultdict(Tries)
        self._leverages = Leverages(context)

    async def submit(self, intent: Intent) -> bool:
        """Takes an unfinished intent one step on; True when its outcome is now known."""
        if intent.status is not IntentStatus.STORED:
            may_ask = self._tries[intent.intent_id].may_ask(self._clock.monotonic())
            return may_ask and await self._resolve(intent)
        if self._clock.monotonic() - self._tries[intent.intent_id].refused_s < RETRY_REFUSED_S:
            return False
        reason = self._reason_not_to_send(intent)
        if reason is None and intent.is_entry:
            error = await self._leverages.confirm(intent)
            if error is not None:
                return await self._finish_rejected(intent, error)
            reason = self._reason_not_to_send(intent)
        if reason is not None:
            return await self._finish_unfilled(intent, reason)
        return await self.send_first(intent, self._intents.mark_sent)

    def can_send_at_once(self, intent: Intent) -> bool:
        """Whether an intent can go as it is: nothing speaks against it, and nothing needs to be asked for before."""
        if self._reason_not_to_send(intent) is not None:
            return False
        return not intent.is_entry or self._leverages.is_confirmed(intent)

    def invalidate(self) -> None:
        """Another instance may have traded meanwhile: leverages are confirmed again, and stored bytes count as sent."""
        self._leverages.clear()
        self._tries.clear()

    async def send_first(self, intent: Intent, record_sent: RecordSent) -> bool:
        """Signs, has it recorded, sends; True when the outcome is then known."""
        legs = build_bracket(intent)
        grouping = "normalTpsl" if len(legs) > 1 else "na"
        intent = intent.sent(self._exchange.sign_orders([spec for _, spec in legs], grouping))
        if not await record_sent(intent, self._clock.now_ms()):
            return False
        reason = self._reason_not_to_send(intent)
        if reason is not None:
            # A halt or a flatten came during the commit. The intent ends once no instance can send its bytes.
            self._tries[intent.intent_id].kept_back = reason
            return await self._mark_in_flight(intent, f"not sent: {reason}", outcome=f"not sent: {reason}")
        self._context.memory.expect(intent)
        try:
            answer = await self._context.send(intent.signed_action or b"", is_entry=intent.is_entry)
        except UnknownOutcome as error:
            return await self._mark_in_flight(intent, str(error), outcome=f"{error.known}: {error}")
        self._report_answer(intent, answer)
        await self._intents.record_first_send(intent, str(answer), self._clock.now_ms())
        first = parse_placements(answer, len(legs))[0]
        if first.error is not None and DUPLICATE_NONCE in first.error:
            return await self._mark_in_flight(intent, first.error)
        if await self._exchange.correct_times(parse_action_error(answer)):
            # These bytes were sent once and refused: they can't arrive any more, and the intent is signed again.
            await self._intents.store_again(intent.intent_id, self._clock.now_ms())
            return False
        return await self._finish_answered(intent, answer)

    def _reason_not_to_send(self, intent: Intent) -> CancelReason | None:
        """Exits in the envelope always go. An entry needs to be in it, fresh and within the cap of real money, without
        a halt or a flatten."""
        if self._breach(intent) is not None:
            return CancelReason.OUTSIDE_ENVELOPE
        if not intent.is_entry:
            return None
        if self._context.halts.is_halted(self._model):
            return CancelReason.HALTED
        if self._context.memory.flatten_since_ms is not None:
            return CancelReason.FLATTENED
        if not self._context.standing.may_enter(intent.symbol):
            return CancelReason.ACCOUNT_REFUSED
        if self._quota.is_short:
            return CancelReason.ACTIONS_SHORT
        valid_until_ms = intent.order.valid_until_ms
        if valid_until_ms is not None and self._clock.now_ms() > valid_until_ms:
            return CancelReason.EXPIRED_UNSENT
        settings = self._context.settings
        cap_usd = settings.aicoin_mainnet_cap_usd
        if settings.hyperliquid_env == "mainnet" and (cap_usd is None or worst_notional_usd(intent.order) > cap_usd):
            return CancelReason.MAINNET_CAP
        return None

    def _breach(self, intent: Intent) -> Breach | None:
        """The bound of the envelope that the intent breaks, by the exchange's mark of the last minute."""
        mark_price, at_s = self._exchange.marks.get(intent.symbol, (None, NEVER))
        is_recent = self._clock.monotonic() - at_s <= MARK_VALID_S
        return self._envelope.breach(intent.intent_kind, intent.order, mark_price if is_recent else None)

    async def _mark_in_flight(self, intent: Intent, reason: str, *, outcome: str | None = None) -> bool:
        """The outcome is unknown and will be asked for. `outcome` closes the first send's line of the log."""
        if outcome is not None:
            await self._intents.record_first_send(intent, outcome, self._clock.now_ms())
        if not (outcome or "").startswith("not sent"):
            metrics.IN_FLIGHT.labels(self._model).inc()
        await self._intents.mark_in_flight(intent.intent_id, reason, self._clock.now_ms())
        self._context.log.warning("outcome unknown", model=self._model, intent_id=intent.intent_id, reason=reason)
        return False

    # Resolving an unknown outcome.

    async def _resolve(self, intent: Intent) -> bool:
        """Asks by client order id, else sends the same bytes again, else waits until they are void."""
        if intent.status is IntentStatus.SENT:
            await self._intents.record_first_send(intent, None, self._clock.now_ms())
        spec = build_bracket(intent)[0][1]
        asked_ms, is_void = self._clock.now_ms(), await self._exchange.is_past(intent.void_after_ms)
        status = await self._exchange.order_status(spec.client_order_id)
        if status is not None:
            if status.is_live:
                return False
            if status.is_rejected:
                return await self._finish_rejected(intent, status.status)
            return await self._finish_by_fills(intent, status, is_void=is_void)
        if is_void and self._is_certainly_void(intent):
            return await self._finish_never_arrived(intent)
        if self._reason_not_to_send(intent) is not None:
            return False  # Nothing more of it goes out; it ends once the bytes already sent are void.
        return await self._resend(intent, asked_ms)

    async def _resend(self, intent: Intent, now_ms: int) -> bool:
        """The identical bytes carry the identical nonce: the exchange can't carry them out twice.

        A refusal of the whole action leaves the first sending unknown; an answer per order means that this one was
        the first to arrive.
        """
        tries = self._tries[intent.intent_id]
        last_ms = tries.resent_ms or intent.first_sent_ms or 0
        is_expired = intent.is_entry and self._exchange.now_ms() > (intent.expires_after_ms or 0)
        if is_expired or 0 <= now_ms - last_ms < RESEND_MS or intent.signed_action is None:
            return False
        tries.resent_ms = now_ms
        number = await self._intents.log_send(intent.intent_id, SendPurpose.RESEND, 0, now_ms)
        reason = self._reason_not_to_send(intent)
        if reason is not None:
            await self._intents.log_answer(number, f"not sent: {reason}", self._clock.now_ms())
            return False
        tries.kept_back = None
        self._context.memory.expect(intent)
        answer = await self._context.send_as_logged(number, intent.signed_action, is_entry=intent.is_entry)
        self._report_answer(intent, answer)
        if parse_action_error(answer) is not None:
            tries.are_bytes_refused = True
            return False
        return await self._finish_answered(intent, answer)

    def _is_certainly_void(self, intent: Intent) -> bool:
        """An entry's bytes carry their end. An exit's don't: whenever they arrive, the exchange carries them out, so
        they are sent again and again until it has taken or refused them, and only then replaced by others."""
        return intent.is_entry or intent.signed_action is None or self._tries[intent.intent_id].are_bytes_refused

    def _report_answer(self, intent: Intent, answer: Any) -> None:
        """What the protector must know before any table does."""
        with contextlib.suppress(*UNREADABLE):
            self._context.memory.report_answer(intent, parse_placements(answer, len(build_bracket(intent))))

    # Ends.

    async def _finish_answered(self, intent: Intent, answer: Any) -> bool:
        """By the exchange's answer to the intent's orders."""
        legs = build_bracket(intent)
        placements = parse_placements(answer, len(legs))
        error = placements[0].error
        if error is not None and not intent.is_entry and not is_final_refusal(error):
            return await self._sign_again(intent, error)
        if error is not None:
            return await self._finish_rejected(intent, error)
        are_live = len(placements) == len(legs) and all(each.error is None for each in placements[1:])
        return await self._finish_placed(intent, placements[0], are_children_live=are_live)

    async def _sign_again(self, intent: Intent, reason: str) -> bool:
        """The exchange did not take an exit for a reason that passes: it is signed again after a pause.

        Unless the exchange knows the order all the same: then the answer was false, and its record decides. Or unless a
        state from after the signing shows nothing to leave any more, as of a coin that was delisted and settled.
        """
        status = await self._exchange.order_status(build_bracket(intent)[0][1].client_order_id)
        if status is not None and not status.is_rejected:
            return await self._mark_in_flight(intent, f"refused, and yet {status.status}: {reason}")
        state = await self._exchange.account_state()
        if intent.symbol not in state.signed_sizes and state.time_ms >= (intent.nonce or state.time_ms + 1):
            return await self._finish_rejected(intent, reason)
        self._tries[intent.intent_id].refused_s = self._clock.monotonic()
        self._context.standing.note_refusal(reason)
        self._context.log.warning(
            "an exit was refused for now; trying again", model=self._model, intent_id=intent.intent_id, reason=reason
        )
        await self._intents.store_again(intent.intent_id, self._clock.now_ms())
        return False

    async def _finish_by_fills(self, intent: Intent, status: OrderStatus, *, is_void: bool) -> bool:
        """By the exchange's record of its fills, which may lag behind the order's status; late, by the status."""
        if not self._exchange.has_room("userFillsByTime", "userFillsByTime"):
            return False
        since_ms = max(0, intent.market_ms - LOOK_BACK_MS)
        fills = [fill for fill in await self._exchange.fills_since(since_ms) if fill.order_id == status.order_id]
        size, average = sum((fill.size_coin for fill in fills), Decimal(0)), None
        stated = status.original_size_coin if status.status == "filled" else status.filled_size_coin
        if size < stated and not is_void:
            return False
        if size:
            average = sum((fill.price * fill.size_coin for fill in fills), Decimal(0)) / size
        if not (size := size if size and status.status == "filled" else max(size, stated)):
            return is_void and await self._finish_unfilled(intent, status.status)
        placement = Placement(None, status.order_id, size, average, status.status)
        self._context.memory.on_news()
        return await self._finish_placed(intent, placement, are_children_live=True)

    async def _finish_never_arrived(self, intent: Intent) -> bool:
        """Its bytes are void now. An entry's moment has passed; an exit is still needed and is signed again."""
        if intent.is_entry:
            reason = self._tries[intent.intent_id].kept_back or CancelReason.NEVER_ARRIVED
            return await self._finish_unfilled(intent, reason)
        self._tries[intent.intent_id].are_bytes_refused = False
        await self._intents.store_again(intent.intent_id, self._clock.now_ms())
        return False

    async def _finish_unfilled(self, intent: Intent, reason: str) -> bool:
        """CANCELLED, with nothing filled and without a refusal of the exchange."""
        (role, spec), *_ = legs = build_bracket(intent)
        event = order_cancelled(
            intent,
            role,
            spec.client_order_id,
            order_id=None,
            reason=reason,
            filled_size_coin=Decimal(0),
            now_ms=self._clock.now_ms(),
        )
        orders = {each.client_order_id: OrderResult(final_status="canceled") for _, each in legs}
        events: list[Event[Any]] = [event]
        if reason == CancelReason.OUTSIDE_ENVELOPE:
            events.append(outside_envelope_alert(intent, str(self._breach(intent)), self._clock.now_ms()))
        return await self._finish(intent, Outcome(IntentStatus.CANCELLED, reason, orders=orders, events=events))

    async def _finish_rejected(self, intent: Intent, reason: str) -> bool:
        """REJECTED by the exchange."""
        self._context.standing.note_refusal(reason)
        legs = build_bracket(intent)
        role, spec = legs[0]
        event = order_rejected(intent, role, spec.client_order_id, reason=reason, now_ms=self._clock.now_ms())
        orders = {each.client_order_id: OrderResult(final_status="rejected") for _, each in legs}
        return await self._finish(intent, Outcome(IntentStatus.REJECTED, reason, orders=orders, events=[event]))

    async def _finish_placed(self, intent: Intent, placement: Placement, *, are_children_live: bool) -> bool:
        """FILLED, PARTIAL or CANCELLED by what was filled; the children of a partly filled entry are dead, and the
        protector places others for its position."""
        now_ms = self._clock.now_ms()
        (role, spec), *children = build_bracket(intent)
        order_id, filled = placement.order_id, placement.filled_size_coin
        is_whole = filled >= spec.size_coin
        events: list[Event[Any]] = [
            order_accepted(intent, role, spec, order_id=order_id, status=placement.status, now_ms=now_ms)
        ]
        orders = {spec.client_order_id: OrderResult(order_id, "filled" if is_whole else "canceled")}
        if not is_whole:
            remainder = order_cancelled(
                intent,
                role,
                spec.client_order_id,
                order_id=order_id,
                reason=CancelReason.IOC_REMAINDER,
                filled_size_coin=filled,
                now_ms=now_ms,
            )
            events.append(remainder)
        for child_role, child in children:
            if is_whole and are_children_live:
                status = "waitingForTrigger"
                events.append(order_accepted(intent, child_role, child, order_id=None, status=status, now_ms=now_ms))
            else:
                orders[child.client_order_id] = OrderResult(final_status="canceled")
        end = IntentStatus.FILLED if is_whole else IntentStatus.PARTIAL if filled else IntentStatus.CANCELLED
        outcome = Outcome(end, None, filled, placement.average_price, orders, events)
        return await self._finish(intent, outcome)

    async def _finish(self, intent: Intent, outcome: Outcome) -> bool:
        self._context.memory.settle(intent)
        is_finished = await self._intents.finish(intent, outcome, self._clock.now_ms())
        if is_finished:
            self._context.outbox.wake()
            metrics.INTENTS.labels(self._model, outcome.status).inc()
            took_ms = self._clock.now_ms() - intent.created_ms
            metrics.EXECUTION_S.labels(self._model).observe(max(0, took_ms) / 1000)
            self._context.log.info(
                "intent ended",
                model=self._model,
                intent_id=intent.intent_id,
                cycle_id=intent.cycle_id,
                intent_kind=intent.intent_kind.value,
                status=outcome.status.value,
                reason=outcome.reason,
                filled_size_coin=str(outcome.filled_size_coin),
            )
        self._tries.pop(intent.intent_id, None)
        return is_finished
