"""The leverage of a coin, as the exchange has confirmed it before an entry goes out."""

from typing import Final

from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from executor.account.context import AccountContext
from executor.domain.intent import Intent
from executor.domain.order import SendPurpose
from executor.exchange.errors import RateLimited
from executor.exchange.parse import parse_action_error

VALID_S: Final = 60.0


class Leverages:
    """One account's confirmed leverages, by coin, each with the time at which it was asked for."""

    def __init__(self, context: AccountContext) -> None:
        self._context, self._exchange, self._clock = context, context.exchange, context.clock
        self._confirmed: dict[Symbol, tuple[tuple[int, bool], float]] = {}

    def is_confirmed(self, intent: Intent) -> bool:
        """Whether the exchange has confirmed the intent's leverage, in isolated margin, within the last minute."""
        confirmed, at_s = self._confirmed.get(intent.symbol, ((0, False), NEVER))
        return self._clock.monotonic() - at_s <= VALID_S and confirmed == (intent.order.leverage or 1, True)

    async def confirm(self, intent: Intent) -> str | None:
        """Sets isolated margin at the intent's leverage and asks for it; an error when the exchange refuses.

        What it has confirmed within the last minute isn't asked for again.
        """
        if self.is_confirmed(intent):
            return None
        if not self._exchange.has_room("activeAssetData"):
            raise RateLimited("the leverage is not asked for now: REQUEST_WEIGHT_PER_MINUTE is used up")
        wanted, symbol = (intent.order.leverage or 1, True), intent.symbol
        self._confirmed.pop(symbol, None)
        asked_s = self._clock.monotonic()
        error = await self._set(intent)
        if await self._exchange.correct_times(error):
            error = await self._set(intent)
        if error is not None:
            return error
        confirmed = await self._exchange.leverage_of(symbol)
        if confirmed != wanted:
            return f"leverage is {confirmed} after it was set to {wanted}"
        self._confirmed[symbol] = (confirmed, asked_s)
        return None

    def clear(self) -> None:
        """Another instance may have traded meanwhile: leverages are confirmed again."""
        self._confirmed.clear()

    async def _set(self, intent: Intent) -> str | None:
        action = self._exchange.sign_leverage(intent.symbol, intent.order.leverage or 1)
        answer = await self._context.send_logged(intent.intent_id, SendPurpose.LEVERAGE, action)
        return parse_action_error(answer)
