"""Watches one account while the database doesn't answer: a position that stays without its stop is closed.

It decides by the exchange alone and by what was known before. It sends nothing but reduce-only closes: two instances
that both do can take a position out of the market, never make one grow.
"""

import asyncio
from dataclasses import replace

from common.runtime.outages import is_outage
from common.trading.instruments import Symbol
from common.trading.orders import Side, entry_side
from executor import facts, metrics
from executor.bracket import emergency_close
from executor.desk import Desk
from executor.guard import RETRY_CLOSE_S, Guard
from executor.journal import SentClose
from executor.parse import UNREADABLE, WirePosition, open_orders_of, state_of
from executor.store import SETTLE_MS, Intent
from executor.venue import UnknownOutcome, VenueAway

DOUBT_S = 3.0
"""A turn that takes longer may hang on the database, which is then asked whether it is there."""
ANSWER_LIMIT_S = 1.0
LOOK_S = 1.0
NEVER = float("-inf")


class Vigil:
    """Knows which positions are ours from the lane's last look and from what it has begun to send since."""

    def __init__(self, desk: Desk, guard: Guard) -> None:
        self.desk, self.model, self.venue, self.clock = desk, desk.model, desk.venue, desk.clock
        self._guard = guard
        self._held: dict[Symbol, Intent] = {}
        self._coming: dict[Symbol, Intent] = {}
        self._doubt_since: float | None = None
        self._asking: asyncio.Task[object] | None = None
        self._looked_at = NEVER
        self._closed_at: dict[Symbol, float] = {}
        self._is_away = False

    def doubt(self) -> None:
        """The lane begins a turn, which needs the database."""
        if self._doubt_since is None:
            self._doubt_since = self.clock.monotonic()

    def trust(self) -> None:
        """The lane has ended a turn well."""
        self._doubt_since = None

    def remember(self, entries: dict[Symbol, Intent]) -> None:
        """The entries behind what is held, as the tables have them."""
        self._held, self._coming = entries, {}

    def expect(self, intent: Intent) -> None:
        """An entry that may become a position before the tables are read again."""
        if intent.is_entry:
            self._coming[intent.symbol] = intent

    def news(self) -> None:
        """The account's feed told something: the next look comes at once."""
        self._looked_at = NEVER

    async def run(self) -> None:
        """Looks on for ever."""
        try:
            while True:
                await self.clock.sleep(LOOK_S)
                if self.desk.is_owner() and await self._is_needed():
                    await self._look_safely()
        finally:
            if self._asking is not None:
                self._asking.cancel()

    async def _is_needed(self) -> bool:
        """Whether the lane doesn't come to an end and the database doesn't answer."""
        since = self._doubt_since
        is_away = since is not None and self.clock.monotonic() - since > DOUBT_S and not await self._is_database_there()
        if is_away != self._is_away:
            self._is_away, self._looked_at = is_away, NEVER
            text = "is away: positions are watched at the exchange alone" if is_away else "is back"
            self.desk.log.warning(f"the database {text}", model=self.model)
        return is_away

    async def _is_database_there(self) -> bool:
        """One question at a time: one that hangs can't be taken back, and says enough by hanging."""
        if self._asking is None:
            self._asking = asyncio.ensure_future(self.desk.orders.flatten_since(self.model))
        done, _ = await asyncio.wait({self._asking}, timeout=ANSWER_LIMIT_S)
        if not done:
            return False
        error, self._asking = self._asking.exception(), None
        if error is not None and not is_outage(error):
            raise error
        return error is None

    async def _look_safely(self) -> None:
        try:
            await self._look()
        except (VenueAway, UnknownOutcome, *UNREADABLE) as error:
            metrics.VENUE_ERRORS.labels(self.model).inc()
            self.desk.log.warning("the exchange does not answer either", model=self.model, reason=str(error))

    async def _look(self) -> None:
        """Every second while something is naked, at once on news, else as often as orders are looked at anyway."""
        now, naked_since = self.clock.monotonic(), self._guard.naked_since
        if not naked_since and now - self._looked_at < self.desk.settings.orders_interval_s:
            return
        self._looked_at = now
        state = state_of(await self.venue.state())
        ours = [(position, entry) for position in state.positions if (entry := self._entry_behind(position))]
        orders = open_orders_of(await self.venue.open_orders(), {}) if ours else []
        naked = [(position, entry) for position, entry in ours if not facts.is_protected(position, orders)]
        metrics.UNPROTECTED.labels(self.model).set(len(naked))
        for symbol in set(naked_since) - {position.symbol for position, _ in naked}:
            naked_since.pop(symbol)
        for position, entry in naked:
            since = naked_since.setdefault(position.symbol, now)
            if now - since > self.desk.settings.unprotected_limit_s:
                await self._close(position, entry)

    def _entry_behind(self, position: WirePosition) -> Intent | None:
        """What a person opened stays that person's."""
        for entry in (self._coming.get(position.symbol), self._held.get(position.symbol)):
            if entry is not None and entry.order.side is entry_side(position.side):
                return entry
        return None

    async def _close(self, position: WirePosition, entry: Intent) -> None:
        """Noted, then sent; asked again every few seconds until the position is gone or protected."""
        now = self.clock.monotonic()
        if now - self._closed_at.get(position.symbol, NEVER) < RETRY_CLOSE_S or not self.desk.is_owner():
            return
        self._closed_at[position.symbol] = now
        spec = emergency_close(
            *(entry.intent_id, position.symbol, position.side is Side.LONG, position.size_coin, position.mark_price),
            self._guard.next_attempt(),
        )
        prepared = self.venue.prepare_orders([spec], "na")
        void_after_ms = prepared.expires_after_ms + SETTLE_MS
        close = SentClose(entry.intent_id, spec, prepared.nonce, self.clock.now_ms(), void_after_ms)
        self.desk.journal.note(close)
        metrics.EMERGENCY_CLOSES.labels(self.model).inc()
        self.desk.log.error(
            "closing a position without a stop, the database being away",
            model=self.model,
            symbol=position.symbol.value,
            size_coin=str(position.size_coin),
            client_order_id=spec.client_order_id,
        )
        answer = await self.venue.send(prepared.body)
        self.desk.journal.note(replace(close, answer=answer, answered_ms=self.clock.now_ms()))
        self.desk.log.warning("answered", model=self.model, symbol=position.symbol.value, answer=str(answer)[:300])
