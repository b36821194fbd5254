"""What everything that works on one account shares."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.runtime.clock import Clock
from common.trading.epochs import epoch_of
from executor.account import metrics
from executor.account.protection.memory import ProtectionMemory
from executor.config import ExecutorSettings
from executor.domain.account_standing import AccountStanding
from executor.domain.events import system_alert
from executor.domain.order import SendPurpose, SignedAction
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import NOT_OWNER, NotSent, UnknownOutcome
from executor.storage.cash_ledger import CashLedgerStore
from executor.storage.epochs import EpochStore
from executor.storage.fills import FillStore
from executor.storage.flattens import FlattenStore
from executor.storage.halts import HaltFiles
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from executor.storage.outbox import Outbox

SetReady = Callable[[str, bool, str], None]
HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountContext:
    """One contender's account with its client, tables, settings and clock. `model` is the contender's id."""

    model: str
    exchange: ExchangeClient
    intents: IntentStore
    orders: OrderStore
    fills: FillStore
    flattens: FlattenStore
    cash_ledger: CashLedgerStore
    outbox: Outbox
    memory: ProtectionMemory
    halts: HaltFiles
    settings: ExecutorSettings
    epochs: EpochStore
    standing: AccountStanding
    clock: Clock
    log: FilteringBoundLogger
    is_owner: Callable[[], bool]
    """Whether this process may act for the account at all."""
    is_confirmed_owner: Callable[[], bool]
    """Whether no other process can be the owner, as an entry needs it."""

    @property
    def epoch(self) -> str:
        """The account that all rows read and written here belong to."""
        return epoch_of(self.settings.hyperliquid_env, self.exchange.address)

    async def send_logged(self, intent_id: str, purpose: SendPurpose, action: SignedAction) -> Any:
        """Sends an action with a line of the send log opened before and closed after. Raises UnknownOutcome.

        `intent_id` is a word for what it is for where no intent stands behind it.
        """
        number = await self.intents.log_send(intent_id, purpose, action.nonce, self.clock.now_ms())
        return await self.send_as_logged(number, action.body)

    async def send_as_logged(self, number: int, body: bytes, *, is_entry: bool = False) -> Any:
        """Sends bytes whose line of the send log is open, and closes it. Raises UnknownOutcome."""
        try:
            answer = await self.send(body, is_entry=is_entry)
        except UnknownOutcome as error:
            await self.intents.log_answer(number, f"{error.known}: {error}", self.clock.now_ms())
            raise
        await self.intents.log_answer(number, str(answer), self.clock.now_ms())
        return answer

    async def send(self, body: bytes, *, is_entry: bool = False, protects: bool = False) -> Any:
        """Sends bytes of which a record exists elsewhere. Raises UnknownOutcome, or NotSent when the lease is lost."""
        if not (self.is_confirmed_owner() if is_entry else self.is_owner()):
            raise NotSent(NOT_OWNER)
        started = self.clock.monotonic()
        answer = await self.exchange.send(body, protects=protects)
        metrics.SEND_S.labels(self.model).observe(self.clock.monotonic() - started)
        return answer

    async def alert(
        self, code: AlertCode, severity: AlertSeverity, message: str, *, key: object, now_ms: int, **figures: str
    ) -> None:
        """Appends an alert about this account to the outbox; `key` distinguishes two of one code."""
        event = system_alert(code, severity, message, model=self.model, key=key, now_ms=now_ms, **figures)
        await self.outbox.append(event)

    def report_unexpected(self, part: str, error: BaseException) -> None:
        """Logs an error that no code foresees, with an alert each hour: `part` starts again, as positions depend on
        this process."""
        self.log.error(
            "an unexpected error; this part starts again",
            model=self.model,
            part=part,
            reason="".join(traceback.format_exception(error)),
        )
        now_ms, kind = self.clock.now_ms(), type(error).__name__
        alert = system_alert(
            AlertCode.UNEXPECTED_ERROR,
            AlertSeverity.CRITICAL,
            f"{part} failed with {kind} and starts again; see the executor's log",
            model=self.model,
            key=(part, kind, now_ms // HOUR_MS),
            now_ms=now_ms,
        )
        self.memory.queue_alert(alert)
