"""What everything that works on one account shares."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.runtime.clock import Clock
from executor.account import metrics
from executor.config import ExecutorSettings
from executor.domain.order import Prepared
from executor.exchange.client import Venue
from executor.exchange.errors import UnknownOutcome
from executor.storage.cash_ledger import BookStore
from executor.storage.close_journal import CloseJournal
from executor.storage.halts import HaltFile
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from executor.storage.outbox import Outbox


@dataclass(frozen=True, slots=True)
class Desk:
    """One model's account with its tables, settings and clock."""

    model: str
    venue: Venue
    intents: IntentStore
    orders: OrderStore
    books: BookStore
    outbox: Outbox
    settings: ExecutorSettings
    halts: HaltFile
    clock: Clock
    log: Any
    is_owner: Callable[[], bool]
    journal: CloseJournal

    async def post(self, intent_id: str, purpose: str, prepared: Prepared) -> Any:
        """Sends an action with a line in the send log before and after. Raises UnknownOutcome."""
        number = await self.intents.log_send(intent_id, purpose, prepared.nonce, self.clock.now_ms())
        return await self.send_logged(number, prepared.body)

    async def send_logged(self, number: int, body: bytes) -> Any:
        """Sends bytes whose line in the send log is open, and notes the answer there. Raises UnknownOutcome."""
        try:
            answer = await self.send(body)
        except UnknownOutcome as error:
            await self.intents.log_answer(number, f"unknown: {error}", self.clock.now_ms())
            raise
        await self.intents.log_answer(number, str(answer), self.clock.now_ms())
        return answer

    async def send(self, body: bytes) -> Any:
        """Sends bytes of which a record is kept elsewhere. Raises UnknownOutcome."""
        if not self.is_owner():
            raise UnknownOutcome("not sent: another instance owns the account")
        started = self.clock.monotonic()
        answer = await self.venue.send(body)
        metrics.SEND_S.labels(self.model).observe(self.clock.monotonic() - started)
        return answer
