"""What the protector of one account knows besides the exchange's answers, and what it has done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from common.events import AccountOrder, Event, SystemAlert
from common.trading.durations import NEVER
from common.trading.instruments import Symbol
from common.trading.orders import IntentStatus, OrderRole, OrderSide, entry_side
from executor.domain.account import AccountPoll, Fill, Placement, Position
from executor.domain.bracket import Legs, build_bracket
from executor.domain.exchange_time import LAG_LIMIT_S
from executor.domain.intent import Intent
from executor.domain.order import OrderRow
from executor.domain.protection import KnownSize, ProtectiveAction, assumed_position, is_past_stop, size_after
from executor.storage.protection_file import ProtectionFile, SavedMemory

ZERO: Final = Decimal(0)
REMEMBER_S: Final = 60.0
"""How long an entry that the tables no longer name is remembered: its position may come back with a later answer."""
MAX_ASK_PAUSE_S: Final = 4.0
"""Between two questions after one unlisted trigger: less than an interval of polls, so that one that was cancelled
unseen is missed, and placed again, within 10 s."""


@dataclass(slots=True)
class AwaitedTrigger:
    """A trigger that was accepted, or confirmed as open, at `since_s`, and has been in no list since.

    It is asked for at once, then after 1 s, 2 s and each MAX_ASK_PAUSE_S; at once again when the coin's position is not
    of the size that it had at the last answer, `size_coin`, or the mark has passed the trigger.
    """

    order: AccountOrder
    since_s: float
    ask_at_s: float = NEVER
    pause_s: float = 1.0
    size_coin: Decimal | None = None

    def is_mentioned(self, poll: AccountPoll) -> bool:
        """Whether the state says that the trigger may have ended since the last answer."""
        positions = [position for position in poll.state.positions if position.symbol is self.order.symbol]
        has_moved = poll.state.signed_sizes.get(self.order.symbol) != self.size_coin
        return has_moved or any(is_past_stop(position, [self.order]) for position in positions)


class ProtectionMemory:
    """Read and written by the tasks of one event loop, never with an await in between, so that nothing is locked.

    The submitter reports each intent before its bytes leave (`expect`), what was answered (`report_answer`) and its end
    (`settle`); the worker what the tables hold (`learn`) and fills (`report_fills`), which the account's stream reports
    as well. The protector reads it, and queues what it does (`actions` by nonce, `alerts` by id); the worker takes an
    entry off the queue once the tables have it. The file beside holds the same (`save`), as far as the disk lets it.
    """

    def __init__(self, file: ProtectionFile, monotonic: Callable[[], float]) -> None:
        self._file, self._monotonic = file, monotonic
        self._saved = saved = file.read()
        self.last_nonce = saved.last_nonce
        self.actions: dict[int, ProtectiveAction] = {
            action.nonce: replace(action, outcome=action.outcome or "unknown: the executor ended meanwhile")
            for action in saved.actions
        }
        self.alerts: dict[str, Event[SystemAlert]] = {alert.id: alert for alert in saved.alerts}
        self.has_tables = False
        """Whether the tables have been read since this instance owns the account."""
        self.flatten_since_ms: int | None = None
        self._is_flatten_stored = True
        self.on_news: Callable[[], None] = lambda: None
        """Called when something became known that the exchange should be asked about at once."""
        self._roles: dict[str, OrderRole] = dict(saved.roles)
        self._unnamed: list[Intent] = []
        self._entries: dict[str, tuple[Intent, float]] = {}
        self._unfinished: dict[str, Intent] = {}
        self._sizes: dict[Symbol, KnownSize] = {}
        self._awaited: dict[str, AwaitedTrigger] = {}
        self._news_s: dict[Symbol, float] = {}
        self._name(saved.entries)

    # What becomes known.

    def expect(self, intent: Intent) -> None:
        """The intent's bytes are about to leave."""
        self._unfinished[intent.intent_id] = intent
        self._news_s[intent.symbol] = self._monotonic()
        if intent.is_entry:
            self._name([intent])

    def report_answer(self, intent: Intent, placements: Sequence[Placement]) -> None:
        """The exchange's answer to the intent's orders, which the next states may not contain yet."""
        first, legs = placements[0], build_bracket(intent)
        self._news_s[intent.symbol] = self._monotonic()
        if first.error is not None or not first.filled_size_coin:
            return
        is_whole = first.filled_size_coin >= intent.order.size_coin
        if intent.is_entry or is_whole:
            size = first.filled_size_coin if intent.is_entry else ZERO
            signed = size if intent.order.side is OrderSide.BUY else -size
            price = first.average_price or intent.order.limit_price
            self._sizes[intent.symbol] = KnownSize(signed, price, self._monotonic(), order_id=first.order_id or 0)
        if intent.is_entry:
            self._name([replace(intent, status=IntentStatus.FILLED if is_whole else IntentStatus.PARTIAL)])
        if is_whole and len(placements) == len(legs):
            self.await_triggers(legs, placements)
        self.on_news()

    def await_triggers(self, legs: Legs, placements: Sequence[Placement]) -> None:
        """The exchange has accepted triggers that the next list of open orders may not contain yet."""
        for (role, spec), placement in zip(legs, placements, strict=True):
            self._roles[spec.client_order_id] = role
            if spec.trigger_price is None or placement.error is not None:
                continue
            order = AccountOrder(
                order_id=placement.order_id or 0,
                client_order_id=spec.client_order_id,
                symbol=spec.symbol,
                role=role,
                side=OrderSide.BUY if spec.is_buy else OrderSide.SELL,
                size_coin=spec.size_coin,
                price=spec.price,
                trigger_price=spec.trigger_price,
                reduce_only=True,
            )
            self._awaited[spec.client_order_id] = AwaitedTrigger(order, self._monotonic())

    def report_fills(self, fills: Iterable[Fill]) -> None:
        """Fills in any order, known ones among them: each coin's newest says what is held after it, unless it is older
        than an order's answer."""
        for symbol in {fill.symbol for fill in fills}:
            own = [fill for fill in fills if fill.symbol is symbol]
            newest, known = max(own, key=lambda fill: fill.time_ms), self._sizes.get(symbol)
            size = size_after(own)
            if size is None or (known is not None and known.is_later_than(newest)):
                continue
            self._sizes[symbol] = KnownSize(size, newest.price, self._monotonic(), newest.time_ms)

    def settle(self, intent: Intent) -> None:
        """The intent's outcome is known."""
        self._unfinished.pop(intent.intent_id, None)

    def report_close(self, position: Position, placement: Placement) -> None:
        """The exchange's answer to a close of the protector's."""
        if placement.filled_size_coin:
            left = max(ZERO, position.size_coin - placement.filled_size_coin) * position.side.sign
            order_id = 0 if left else placement.order_id or 0  # What is left an older order may still close.
            self._sizes[position.symbol] = KnownSize(left, position.mark_price, self._monotonic(), order_id=order_id)

    def report_gone(self, position: Position) -> None:
        """The exchange says that there is no position to protect or to close."""
        self._sizes[position.symbol] = KnownSize(ZERO, position.mark_price, self._monotonic())

    def report_ended(self, client_order_id: str) -> None:
        """The exchange's word that an order has ended, asked for or reported by the account's stream."""
        self._awaited.pop(client_order_id, None)

    def report_status(self, client_order_id: str, poll: AccountPoll, *, is_live: bool | None) -> None:
        """The exchange's answer to the question after an unlisted trigger; None when it doesn't know the order."""
        if is_live is False:
            self.report_ended(client_order_id)
        elif (trigger := self._awaited.get(client_order_id)) is not None:
            now = self._monotonic()
            trigger.since_s = now if is_live else trigger.since_s
            trigger.ask_at_s, trigger.size_coin = (
                now + trigger.pause_s,
                poll.state.signed_sizes.get(trigger.order.symbol),
            )
            trigger.pause_s = min(2 * trigger.pause_s, MAX_ASK_PAUSE_S)

    def request_flatten(self, since_ms: int, *, is_stored: bool) -> None:
        """A flatten, which stays until the tables have it; of one that comes again the first time counts."""
        self._is_flatten_stored = is_stored
        if self.flatten_since_ms is None:
            self.flatten_since_ms = since_ms

    def drop_flatten(self) -> None:
        """Forgets a flatten that the tables may not have: one that they have is learned again."""
        self.flatten_since_ms, self._is_flatten_stored = None, True

    def learn(
        self,
        entries: Iterable[Intent],
        unfinished: Iterable[Intent],
        orders: Mapping[str, OrderRow],
        flatten_since_ms: int | None,
    ) -> None:
        """What the tables hold: the entries behind positions, what is unfinished, known orders, an open flatten."""
        self._unfinished = {intent.intent_id: intent for intent in unfinished}
        self._name(entries)
        self._name(intent for intent in self._unfinished.values() if intent.is_entry and self._is_sent(intent))
        forgotten_s = self._monotonic() - REMEMBER_S
        self._entries = {key: (entry, at_s) for key, (entry, at_s) in self._entries.items() if at_s > forgotten_s}
        queued = {spec.client_order_id: role for action in self.actions.values() for role, spec in action.legs}
        awaited = {key: trigger.order.role for key, trigger in self._awaited.items()}
        self._roles = {key: row.role for key, row in orders.items()} | queued | awaited
        for entry, _ in self._entries.values():
            self._name_orders(entry)
        if flatten_since_ms is not None or self._is_flatten_stored:
            self.flatten_since_ms = flatten_since_ms
        self.has_tables = True

    def _name(self, entries: Iterable[Intent]) -> None:
        for entry in entries:
            self._entries[entry.intent_id] = (replace(entry, signed_action=None), self._monotonic())
            self._unnamed.append(entry)

    def _name_orders(self, entry: Intent) -> None:
        self._roles |= {spec.client_order_id: role for role, spec in build_bracket(entry)}

    @staticmethod
    def _is_sent(intent: Intent) -> bool:
        return intent.status is not IntentStatus.STORED

    # What is known.

    @property
    def roles(self) -> Mapping[str, OrderRole]:
        """Of the arena's own orders, by client order id. Those of an entry are made when they are first asked for:
        nothing that can wait stands between its storing and its sending."""
        while self._unnamed:
            self._name_orders(self._unnamed.pop())
        return self._roles

    def entry_behind(self, position: Position) -> Intent | None:
        """The newest entry that can have opened the position; None for what a person opened."""
        side = entry_side(position.side)
        found = [
            entry
            for entry, _ in self._entries.values()
            if entry.symbol is position.symbol and entry.order.side is side and self._is_sent(entry)
        ]
        return max(found, key=lambda entry: (entry.created_ms, entry.intent_id), default=None)

    def is_entering(self, symbol: Symbol | None = None) -> bool:
        """Whether an entry (on that coin) has been sent and its outcome is not known."""
        sent = [intent for intent in self._unfinished.values() if intent.is_entry and self._is_sent(intent)]
        return any(symbol is None or intent.symbol is symbol for intent in sent)

    def is_exiting(self, symbol: Symbol) -> bool:
        """Whether an exit is stored or on its way."""
        return any(intent.symbol is symbol and not intent.is_entry for intent in self._unfinished.values())

    def is_settled(self, symbol: Symbol, poll: AccountPoll) -> bool:
        """Whether a state without a position on the coin is later than all that is known of it."""
        known = self._sizes.get(symbol)
        if known is not None and known.time_ms is not None and known.size_coin == 0:
            return poll.state.time_ms >= known.time_ms
        return poll.asked_s - self._news_s.get(symbol, NEVER) >= LAG_LIMIT_S

    def positions(self, poll: AccountPoll) -> list[Position]:
        """The polled positions, corrected by fills that are known to be later than the state."""
        shown = {position.symbol: position for position in poll.state.positions}
        for symbol, known in list(self._sizes.items()):
            position = shown.get(symbol)
            if not self._is_ahead(known, position, poll):
                if known.time_ms is None:
                    del self._sizes[symbol]
            elif known.size_coin == 0:
                shown.pop(symbol, None)
            else:
                assumed = assumed_position(symbol, known, position, None)
                shown[symbol] = assumed_position(symbol, known, position, self.entry_behind(assumed))
        return list(shown.values())

    def is_flat(self, poll: AccountPoll) -> bool:
        """Whether the state surely shows all that was sent, and no position is left after it."""
        return not self.positions(poll) and all(self.is_settled(symbol, poll) for symbol in self._news_s)

    @staticmethod
    def _is_ahead(known: KnownSize, shown: Position | None, poll: AccountPoll) -> bool:
        if poll.asked_s - known.since_s >= LAG_LIMIT_S:
            return False
        signed = shown.size_coin * shown.side.sign if shown is not None else ZERO
        if known.time_ms is not None:
            return poll.state.time_ms <= known.time_ms and signed != known.size_coin
        is_alike = signed == known.size_coin or signed * known.size_coin > 0
        return poll.asked_s < known.since_s or not is_alike

    def open_orders(self, poll: AccountPoll) -> list[AccountOrder]:
        """The polled orders, with the triggers that were accepted and have not been listed yet."""
        shown = {order.client_order_id for order in poll.open_orders}
        self._awaited = {
            key: trigger
            for key, trigger in self._awaited.items()
            if key not in shown and poll.asked_s - trigger.since_s < LAG_LIMIT_S
        }
        return [*poll.open_orders, *(trigger.order for trigger in self._awaited.values())]

    def unlisted(self, poll: AccountPoll) -> list[str]:
        """Client order ids of the triggers to ask for now: accepted before the poll and not in its list."""
        shown, now = {order.client_order_id for order in poll.open_orders}, self._monotonic()
        return [
            key
            for key, trigger in self._awaited.items()
            if trigger.since_s < poll.asked_s
            and key not in shown
            and (now >= trigger.ask_at_s or trigger.is_mentioned(poll))
        ]

    # What the protector does.

    def queue_alert(self, alert: Event[SystemAlert]) -> None:
        self.alerts[alert.id] = alert

    def queue_action(self, action: ProtectiveAction) -> None:
        """An action before its bytes leave, and again with its outcome."""
        self.last_nonce = max(self.last_nonce, action.nonce)
        self.actions[action.nonce] = action
        self._roles |= {spec.client_order_id: role for role, spec in action.legs}

    def take_off(self, recorded: ProtectiveAction) -> None:
        """The tables have the action; one whose answer is awaited, or came meanwhile, stays for another time."""
        if recorded.outcome is not None and self.actions.get(recorded.nonce) == recorded:
            del self.actions[recorded.nonce]

    def save(self, open_orders: Iterable[AccountOrder]) -> None:
        """Writes the file beside, if anything has changed."""
        keys = {order.client_order_id for order in open_orders}
        content = SavedMemory(
            self._saved.account,
            self.last_nonce,
            tuple(entry for entry, _ in self._entries.values()),
            {key: role for key, role in self.roles.items() if key in keys},
            tuple(self.actions.values()),
            tuple(self.alerts.values()),
        )
        if content != self._saved and self._file.write(content):
            self._saved = content
