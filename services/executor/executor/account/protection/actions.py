"""What protects positions, signed and sent: triggers, closes and cancellations, each noted in memory before it goes."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from common.trading.durations import NEVER
from common.trading.orders import OrderRole, Side
from executor.account.context import AccountContext
from executor.domain.account import Placement, Position
from executor.domain.bracket import Legs, build_close
from executor.domain.intent import EXPIRY_MARGIN_MS, Intent
from executor.domain.order import SendPurpose, SignedAction
from executor.domain.protection import ProtectiveAction
from executor.exchange.errors import UnknownOutcome
from executor.exchange.parse import parse_action_error, parse_placements

RETRY_CLOSE_S: Final = 3.0
RETRY_UNMATCHED_S: Final = 1.0
"""After a close that found no order to trade with within its price."""
FLATTEN: Final = "flatten"
"""What stands in the send log in place of an intent."""


class ProtectiveActions:
    """Called by the protector alone. Everything but triggers is reduce-only or cancels, so that a repeat does no harm;
    of two triggers for one position the exchange ends the other when one is filled. Raises UnknownOutcome."""

    def __init__(self, context: AccountContext) -> None:
        self._context, self._exchange, self._clock = context, context.exchange, context.clock
        self._last_attempt = 0
        self._close_due_at: dict[str, float] = {}

    def next_attempt(self) -> int:
        """A number that no earlier replacement order has used, also after a restart."""
        self._last_attempt = max(self._last_attempt + 1, self._clock.now_ms())
        return self._last_attempt

    def may_close(self, coin: str) -> bool:
        """Not again within a few seconds; a yes counts as done."""
        now = self._clock.monotonic()
        if now < self._close_due_at.get(coin, NEVER):
            return False
        self._close_due_at[coin] = now + RETRY_CLOSE_S
        return True

    def close_soon(self, coin: str) -> None:
        """The last close is known to have done nothing."""
        self._close_due_at[coin] = self._clock.monotonic() + RETRY_UNMATCHED_S

    async def place_triggers(self, entry: Intent, legs: Legs) -> list[Placement]:
        """Whole-position triggers."""
        signed = self._exchange.sign_orders([spec for _, spec in legs], "positionTpsl")
        answer = await self.send(signed, SendPurpose.PROTECT, entry.intent_id, entry, legs)
        placements = parse_placements(answer, len(legs))
        self._context.memory.await_triggers(legs, placements)
        self._context.log.warning(
            "whole-position triggers placed",
            model=self._context.model,
            symbol=entry.symbol.value,
            answer=str(answer)[:300],
        )
        return placements

    async def close(self, position: Position, entry: Intent | None, slippage: Decimal) -> Placement:
        """A reduce-only market order for the whole position."""
        spec = build_close(
            entry.intent_id if entry is not None else f"external|{self._exchange.address}",
            position.symbol,
            is_long=position.side is Side.LONG,
            size_coin=position.size_coin,
            mark_price=position.mark_price or Decimal((await self._exchange.mid_prices())[position.symbol]),
            attempt=self.next_attempt(),
            slippage=slippage,
        )
        signed, legs = self._exchange.sign_orders([spec], "na"), [(OrderRole.FLATTEN, spec)]
        subject = FLATTEN if entry is None else entry.intent_id
        answer = await self.send(signed, SendPurpose.FLATTEN, subject, entry, legs if entry is not None else ())
        self._context.log.warning(
            "close answered", model=self._context.model, symbol=position.symbol.value, answer=str(answer)[:300]
        )
        return parse_placements(answer, 1)[0]

    async def cancel(self, subject: str, orders: list[tuple[str, int]]) -> Any:
        """Sends a cancel of orders given as (coin, order id); returns the exchange's answer."""
        return await self.send(self._exchange.sign_cancels(orders), SendPurpose.CANCEL, subject)

    async def send(
        self,
        signed: SignedAction,
        purpose: SendPurpose,
        subject: str,
        entry: Intent | None = None,
        legs: Sequence[tuple[Any, Any]] = (),
    ) -> Any:
        """Sends an action that memory has before its first byte leaves, and its outcome afterwards."""
        memory, void_after_ms = self._context.memory, signed.expires_after_ms + EXPIRY_MARGIN_MS
        sent_ms = self._clock.now_ms()
        action = ProtectiveAction(subject, purpose, signed.nonce, sent_ms, void_after_ms, entry, tuple(legs))
        memory.queue_action(action)
        try:
            answer = await self._context.send(signed.body, protects=True)
        except UnknownOutcome as error:
            memory.queue_action(replace(action, outcome=f"{error.known}: {error}"))
            raise
        await self._exchange.correct_times(parse_action_error(answer))  # For the next try, which follows soon.
        answered_ms = self._clock.now_ms()
        memory.queue_action(replace(action, answer=answer, outcome=str(answer), answered_ms=answered_ms))
        return answer
