"""The attempts to close positions that can't be protected, and what is published about them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from executor.account import metrics
from executor.account.context import AccountContext
from executor.account.protection.actions import ProtectiveActions
from executor.domain.account import Position
from executor.domain.events import system_alert
from executor.domain.intent import Intent
from executor.domain.protection import CLOSE_SLIPPAGES, is_final_refusal
from executor.exchange.errors import ExchangeError

ALERT_AGAIN_S: Final = 60.0
NOTHING_TO_CLOSE: Final = "reduce only order would increase"


@dataclass(slots=True)
class Closing:
    """The attempts to close one position; `step` widens the price that is accepted, `words` are the exchange's last."""

    size_coin: Decimal
    started_s: float
    alerted_s: float = NEVER
    step: int = 0
    words: str = "no answer yet"


class Closings:
    """Called by the protector alone. A closing lasts from its first attempt until the position is gone or has its stop
    again. An attempt that did not fill widens the next one's price, unless it was refused for a reason that passes."""

    def __init__(self, context: AccountContext, actions: ProtectiveActions) -> None:
        self._context, self._actions, self._clock = context, actions, context.clock
        self._closings: dict[Symbol, Closing] = {}

    async def close(self, position: Position, entry: Intent | None, *, is_flatten: bool) -> None:
        """One attempt; those of a flatten are no closing of their own. Raises UnknownOutcome."""
        symbol, now = position.symbol, self._clock.monotonic()
        closing = Closing(position.size_coin, now)
        if not is_flatten:
            closing = self._closings.setdefault(symbol, closing)
            closing.size_coin = position.size_coin
            self._alert_attempt(symbol, closing, now)
        slippage = CLOSE_SLIPPAGES[min(closing.step, len(CLOSE_SLIPPAGES) - 1)]
        try:
            placement = await self._actions.close(position, entry, slippage)
        except ExchangeError as error:
            closing.words = str(error)
            raise
        self._context.memory.report_close(position, placement)
        closing.words = placement.error or f"filled {placement.filled_size_coin}"
        if NOTHING_TO_CLOSE in closing.words.lower():
            self._context.memory.report_gone(position)
        elif placement.filled_size_coin < position.size_coin and (
            placement.error is None or is_final_refusal(placement.error)
        ):
            closing.step += 1
            if placement.error is not None and not is_flatten and closing.step < len(CLOSE_SLIPPAGES):
                self._actions.close_soon(symbol.value)

    def end_gone(self, held: set[Symbol]) -> None:
        """Those whose position is gone."""
        for symbol in self._closings.keys() - held:
            size_coin = self._closings.pop(symbol).size_coin
            text = "had no confirmed stop and is closed"
            alert_position(self._context, AlertCode.UNPROTECTED_CLOSED, text, symbol.value, size_coin)

    def end_protected(self, symbol: Symbol) -> None:
        """The position has its stop."""
        if closing := self._closings.pop(symbol, None):
            code, text, info = AlertCode.UNPROTECTED_CLOSING, "has a confirmed stop again", AlertSeverity.INFO
            alert_position(self._context, code, text, symbol.value, closing.size_coin, info)

    def _alert_attempt(self, symbol: Symbol, closing: Closing, now: float) -> None:
        """When the attempts begin, and each minute while the position is still there."""
        if now - closing.alerted_s < ALERT_AGAIN_S:
            return
        text = f"has no stop, and {now - closing.started_s:.0f} s of closing have not ended it: {closing.words}"
        if closing.alerted_s == NEVER:
            metrics.EMERGENCY_CLOSES.labels(self._context.model).inc()
            text = "has no confirmed stop and is being closed"
        closing.alerted_s = now
        alert_position(self._context, AlertCode.UNPROTECTED_CLOSING, text, symbol.value, closing.size_coin)


def alert_position(
    context: AccountContext,
    code: AlertCode,
    text: str,
    coin: str,
    size_coin: Decimal,
    severity: AlertSeverity = AlertSeverity.CRITICAL,
) -> None:
    """Queues an alert about one position, and logs it at once."""
    now_ms, message = context.clock.now_ms(), f"{coin} {text}"
    log = context.log.error if severity is AlertSeverity.CRITICAL else context.log.info
    log("a position's protection", code=code.value, message=message, model=context.model)
    figures = {"symbol": coin, "size_coin": str(size_coin)}
    key = f"{coin}|{now_ms}"
    context.memory.queue_alert(
        system_alert(code, severity, message, model=context.model, key=key, now_ms=now_ms, **figures)
    )
