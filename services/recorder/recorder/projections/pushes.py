"""The rows that a batch has changed, as `ws.push` events for the browsers."""

from collections.abc import Sequence
from typing import Any, Final

from common.events import AccountUpdated, Channel, Event, OrderFilled, WsPush, derive
from recorder.storage.statements import Connection, Row, select

PUSH_INTERVAL_MS: Final = 1_000
CHANNELS: Final = tuple(Channel)


class PushBuilder:
    """Builds pushes from the rows of the transaction it is called in, so that a push never precedes its row.

    A decision and a fill are pushed each time an event touches them; positions and account of a model at most once a
    second, the last state by the first batch after it, and only where they differ from what was pushed last. That is
    the only state, and it is a saving, not a record: when a batch fails after its pushes were built, the state claims
    pushes that were never published, so `forget` must be called before the batch is stored again. Repeats are
    harmless: a push's id follows from its cause and channel, and the bus drops an id that it has published.
    """

    def __init__(self) -> None:
        self._pushed_ms: dict[str, int] = {}
        self._pushed: dict[tuple[str, Channel], Row] = {}
        self._waiting: dict[str, Event[Any]] = {}

    def forget(self) -> None:
        """Drops the memory of earlier pushes: the next ones go out whether or not anything has changed."""
        self._pushed_ms.clear()
        self._pushed.clear()

    async def build(
        self, connection: Connection, events: Sequence[Event[Any]], touched: dict[str, Event[Any]], now_ms: int
    ) -> tuple[Event[Any], ...]:
        """The pushes that follow from a batch. `touched`: per decision id, the last event that changed its row."""
        pushes: list[Event[Any]] = []
        for row in await _select_by_ids(connection, "api_decisions", touched):
            pushes.append(_push(touched[row["id"]], Channel.AI_DECISION, row, now_ms))
        fills = {event.id: event for event in events if isinstance(event.data, OrderFilled)}
        for row in await _select_by_ids(connection, "api_fills", fills):
            pushes.append(_push(fills[row["id"]], Channel.TRADE_EXECUTED, row, now_ms))
        self._waiting |= {event.data.model: event for event in events if isinstance(event.data, AccountUpdated)}
        for model, event in list(self._waiting.items()):
            pushes += await self._build_of_account(connection, model, event, now_ms)
        return tuple(pushes)

    async def _build_of_account(
        self, connection: Connection, model: str, event: Event[Any], now_ms: int
    ) -> list[Event[Any]]:
        if now_ms - self._pushed_ms.get(model, 0) < PUSH_INTERVAL_MS:
            return []
        self._pushed_ms[model] = now_ms
        del self._waiting[model]
        positions = await select(connection, "SELECT * FROM api_positions WHERE model = %s ORDER BY symbol", model)
        accounts = await select(connection, "SELECT * FROM api_accounts WHERE model = %s", model)
        contents = [(Channel.POSITION_UPDATE, {"model": model, "positions": positions})]
        contents += [(Channel.ACCOUNT_UPDATE, row) for row in accounts]
        pushes = []
        for channel, content in contents:
            if self._pushed.get((model, channel)) != content:
                self._pushed[model, channel] = content
                pushes.append(_push(event, channel, content, now_ms))
        return pushes


def _push(cause: Event[Any], channel: Channel, content: Row, now_ms: int) -> Event[WsPush]:
    """A push that follows from `cause`; one cause makes at most one push a channel."""
    return derive(cause, WsPush(channel=channel, data=content), now_ms, index=CHANNELS.index(channel))


async def _select_by_ids(connection: Connection, view: str, events: dict[str, Event[Any]]) -> list[Row]:
    if not events:
        return []
    query = f"SELECT * FROM {view} WHERE id = ANY(%s) ORDER BY time_ms, id"  # noqa: S608
    return await select(connection, query, list(events))
