"""What must hold in every run, judged by the exchange's own state, not by what we believe of it."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any

from common.events import AccountUpdated, IntentKind, OrderRole, RiskApproved
from common.events.catalog import CATALOG, DEAD_SUFFIX
from common.events.codec import decode
from common.trading.symbols import MODELS
from executor.cloids import client_order_id
from recorder.domain.sequences import Sequences
from recorder.domain.trades import FillRow, build_trades
from executor.domain.order import client_order_id
from recorder.gaps import Sequences
from recorder.trades import FillRow, fold
from simulation.failure import SimulationFailed
from simulation.stage import BALANCE_USD, Stage
from simulator.exchange.state.account import Account, figures
from simulator.exchange.state.orders import Fill, Order

NAKED_LIMIT_S = 10.0
DISTURBED_S = 4.0
CLOSING_S = 5.0
UNSEEN_S = 18.0
"""Without the database: until it is missed, and from one routine look at the exchange to the next."""
"""How long a position counts as being closed after a reduce-only order of ours: the next one follows 3 s later."""
EQUITY_S = 60.0
ACCOUNT_AGE_MS = 10_000
RESIDUAL_FRACTION = Decimal("0.0001")
SLACK = Decimal("1.02")
DAY_MS = 86_400_000
ENDED = ("order.accepted", "order.rejected", "order.cancelled", "order.filled")


class Rules:
    """Looks again and again. Raises SimulationFailed at the first thing that doesn't hold."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.looks = stage, 0
        self.failure: SimulationFailed | None = None
        self._seen_orders = 0
        self._judged_orders: set[int] = set()
        self._seen_fills: Counter[str] = Counter()
        self._naked_s: dict[tuple[str, str], float] = {}
        self._closing_s: dict[tuple[str, str], float] = {}
        self._last_look_s = 0.0
        self._away_s = float("-inf")
        self._equity: dict[str, deque[tuple[float, Decimal]]] = {model: deque() for model in MODELS}
        self._halted: dict[str, tuple[list[tuple[int, int]], int]] = {}
        self._approvals: dict[str, RiskApproved] = {}
        self._published: list[Any] = []
        self._entry_of: dict[str, str] = {}
        self._entries_sent: dict[str, set[str]] = defaultdict(set)
        stage.published = self._judge_published
        inner = stage.exchange.request

        def request(path: str, body: Any) -> tuple[int, bytes]:
            """The exchange's door, watched: each action is judged at the moment it arrives."""
            is_action = path.endswith("/exchange")
            if is_action:
                self._noting(self._judge_action, body)
            answer = inner(path, body)
            if is_action:
                self._noting(self.look)
            return answer

        stage.exchange.request = request  # type: ignore[method-assign]

    def _noting(self, check: Callable[..., None], *arguments: Any) -> None:
        """What fails inside a service's own call must not look like an error of the service's."""
        try:
            check(*arguments)
        except SimulationFailed as failure:
            self.failure = self.failure or failure

    @property
    def _world(self) -> Any:
        return self.stage.exchange.world

    def look(self) -> None:
        """Everything that must hold at any moment."""
        self.looks += 1
        now_s = self.stage.loop.time()
        if self.failure is not None:
            raise self.failure
        if self.stage.journal.crashes:
            raise SimulationFailed(f"a service ended by itself: {self.stage.journal.crashes[0]}")
        self._note_approvals()
        self._note_halts()
        self._note_equity(now_s)
        self._one_order_per_intent()
        self._limits_hold()
        self._covered_or_not_for_long(now_s)
        self._last_look_s = now_s

    # No exposure when not active.

    def _note_approvals(self) -> None:
        for event in self._published:
            self._approvals[event.id] = event.data
            if event.data.intent_kind is IntentKind.ENTRY:
                self._entry_of[client_order_id(event.id, OrderRole.ENTRY)] = event.id
        self._published.clear()

    def _note_halts(self) -> None:
        """Since when, at the latest, each model's entries are held back by these very halt files."""
        folder = self.stage.executor_settings.executor_data_dir
        for model in MODELS:
            found = [path.stat() for path in (folder / "halt", folder / f"halt-{model}") if path.exists()]
            files = [(each.st_ino, each.st_mtime_ns) for each in found]
            if not files:
                self._halted.pop(model, None)
            elif model not in self._halted or self._halted[model][0] != files:
                self._halted[model] = files, self.stage.clock.now_ms()

    def _note_equity(self, now_s: float) -> None:
        """Each account's equity of late: as old as what an approval may rest on, and its time to the exchange."""
        marks = self._world.exchange.marks()
        for model in MODELS:
            late = self._equity[model]
            late.append(
                (now_s, figures(self._world.exchange.accounts[self.stage.addresses[model]], marks).account_value)
            )
            while now_s - late[0][0] > EQUITY_S:
                late.popleft()

    def _judge_action(self, body: Any) -> None:
        """An order that may grow a position is an approved entry, signed before any halt."""
        action = body["action"]
        if action["type"] != "order":
            return
        self._note_approvals()
        self._note_halts()
        for order in action["orders"]:
            if order["r"]:
                continue
            intent_id = self._entry_of.get(order.get("c", ""))
            if intent_id is None:
                raise SimulationFailed(f"an order that may grow a position and that risk never approved: {order}")
            model = self._approvals[intent_id].model
            _, halted_ms = self._halted.get(model, ([], body["nonce"]))
            if body["nonce"] > halted_ms:
                raise SimulationFailed(f"{model}: entry {intent_id} was signed while halted since {halted_ms}")

    def _judge_published(self, event: Any) -> None:
        """At the moment at which an entry's approval is published, nothing durable may forbid it."""
        self._noting(self._judge_event, event)
        if event.type == RiskApproved.TYPE:
            self._published.append(event)
            if event.data.intent_kind is IntentKind.ENTRY:
                self.stage.approved(event.data.model)

    def _judge_event(self, event: Any) -> None:
        if (
            event.type != RiskApproved.TYPE
            or event.data.intent_kind is not IntentKind.ENTRY
            or event.id in self._approvals
        ):
            return
        model = event.data.model
        now_ms = self._world.market.time_ms
        rows = self.stage.database.rows("SELECT model, key, value FROM risk_state WHERE kind = 'halt'")
        for row in rows:
            until_ms = row["value"]["until_ms"]
            if row["model"] in (model, "*") and (until_ms is None or until_ms > now_ms):
                raise SimulationFailed(f"{model}: an entry was approved while {row['key']} held it back")

    # Once.

    def _one_order_per_intent(self) -> None:
        orders: dict[int, Order] = self._world.histories.orders
        if len(orders) == self._seen_orders:
            return
        for order in islice(orders.values(), self._seen_orders, None):
            if order.reduce_only and order.trigger_price is None:
                self._closing_s[order.account, order.coin] = self.stage.loop.time()
        self._seen_orders = len(orders)
        by_cloid: Counter[str] = Counter()
        for order in orders.values():
            if order.cloid and (order.filled or order.is_open):
                by_cloid[order.cloid] += 1
        doubled = [cloid for cloid, count in by_cloid.items() if count > 1]
        if doubled:
            raise SimulationFailed(f"more than one order on the exchange under {doubled}")

    # Limits, on the exchange's state, whenever an entry was filled.

    def _limits_hold(self) -> None:
        for model in MODELS:
            address = self.stage.addresses[model]
            fills: list[Fill] = self._world.histories.fills.get(address, [])
            if len(fills) == self._seen_fills[address]:
                continue
            fresh = fills[self._seen_fills[address] :]
            self._seen_fills[address] = len(fills)
            entries = [fill for fill in fresh if fill.cloid in self._entry_of]
            for fill in entries:
                self._entries_sent[model].add(self._entry_of[fill.cloid or ""])
            if entries:
                coins = {fill.coin for fill in entries}
                self._account_within_limits(model, self._world.exchange.accounts[address], coins)

    def _account_within_limits(self, model: str, account: Account, entered: set[str]) -> None:
        """Against the most equity of late, and at the lesser of entry and mark: prices may jump after an approval."""
        limits = self.stage.risk_settings
        marks = self._world.exchange.marks()
        equity = max(usd for _, usd in self._equity[model])
        sizes = {p.coin: abs(p.size) * min(p.entry_price, marks[p.coin]) for p in account.positions.values()}
        if len(account.positions) > limits.max_open_positions:
            raise SimulationFailed(f"{model} holds {len(account.positions)} positions")
        for position in account.positions.values():
            if position.is_cross or position.leverage > limits.max_leverage:
                raise SimulationFailed(f"{model} {position.coin}: cross {position.is_cross}, {position.leverage}x")
            most_usd = equity * limits.max_position_size_percent / 100 * position.leverage
            if position.coin in entered and sizes[position.coin] > most_usd * SLACK:
                raise SimulationFailed(f"{model} {position.coin}: {position.size} is more than {most_usd} USD")
        if sum(sizes.values()) > limits.max_gross_exposure_ratio * equity * SLACK:
            raise SimulationFailed(f"{model}: exposure {sum(sizes.values())} on equity {equity}")
        if len(self._entries_sent[model]) > limits.max_daily_trades:
            raise SimulationFailed(f"{model}: {len(self._entries_sent[model])} entries in a day")

    # Protected.

    def _covered_or_not_for_long(self, now_s: float) -> None:
        disturbed = self.stage.chaos.disturbed_at_s
        executor = self.stage.processes["executor"]
        last_s = max([executor.started_s, *(disturbed.get(whom, 0.0) for whom in ("executor", "exchange", "risk"))])
        is_disturbed = not executor.is_up or now_s - last_s < DISTURBED_S or now_s < self.stage.chaos.outage_until_s
        if now_s < self.stage.chaos.database_until_s:
            self._away_s = now_s
        was_away = now_s - self._away_s < 2 * DISTURBED_S
        for model in MODELS:
            account = self._world.exchange.accounts[self.stage.addresses[model]]
            for coin in [coin for (whose, coin) in self._naked_s if whose == model and coin not in account.positions]:
                del self._naked_s[model, coin]
            for coin, position in account.positions.items():
                if self._is_covered(account, coin, position.size):
                    self._naked_s.pop((model, coin), None)
                    continue
                before_s = self._naked_s.get((model, coin), 0.0)
                self._naked_s[model, coin] = 0.0 if is_disturbed else before_s + now_s - self._last_look_s
                is_closing = now_s - self._closing_s.get((account.address, coin), -CLOSING_S) < CLOSING_S
                limit_s = NAKED_LIMIT_S + (UNSEEN_S if was_away else 0.0)
                if self._naked_s[model, coin] > limit_s and not is_closing:
                    raise SimulationFailed(f"{model} {coin}: {position.size} has had no stop for {limit_s} s")

    def _is_covered(self, account: Account, coin: str, size: Decimal) -> bool:
        stops = [
            order
            for order in self._world.exchange.open_of(account.address, coin)
            if order.trigger_kind == "sl"
            and order.reduce_only
            and order.is_trigger
            and not order.waits
            and order.is_buy == (size < 0)
        ]
        return any(order.size == 0 for order in stops) or sum(order.size for order in stops) >= abs(size)

    # At the end.

    def settle_accounts(self) -> None:
        """After a calm time: nothing unfinished, nothing lost, nothing that shouldn't rest, and the books agree."""
        self.look()
        self._everybody_is_well()
        self._nothing_unfinished()
        # What only Redis knew is gone with it: an event that the recorder had not read yet.
        is_all_recorded = not self.stage.chaos.happened["wipe"]
        if is_all_recorded:
            self._nothing_lost()
        for model in MODELS:
            if is_all_recorded:
                self._books_agree(model)
            self._nothing_rests(model)
        if not self.stage.has_lied:
            self._no_was_no()

    def _everybody_is_well(self) -> None:
        """Whatever happened before: in calm weather every service is ready again, and tells how the accounts are."""
        unready = {name: service.readiness.unmet for name, service in self.stage.services.items()}
        if any(unready.values()):
            raise SimulationFailed(f"not ready after the calm: {unready}")
        for model in MODELS:
            body = self.stage.bus.cache.get(f"account:{model}")
            if body is None:
                raise SimulationFailed(f"{model}: nobody tells how the account is")
            account = decode(AccountUpdated.TYPE, body if isinstance(body, bytes) else body.encode()).data
            age_ms = self.stage.clock.now_ms() - account.received_ms
            if age_ms > ACCOUNT_AGE_MS:
                raise SimulationFailed(f"{model}: the account was last told {age_ms} ms ago")

    def _nothing_unfinished(self) -> None:
        database = self.stage.database
        rows = database.rows("SELECT intent_id, status FROM intents WHERE status IN ('STORED', 'SENT', 'IN_FLIGHT')")
        if rows:
            raise SimulationFailed(f"still unfinished: {rows}")
        if database.rows("SELECT * FROM executor_outbox"):
            raise SimulationFailed("events were left in the outbox")
        dead = [name for name in CATALOG if self.stage.bus.events(name + DEAD_SUFFIX)]
        if dead:
            raise SimulationFailed(f"dead letters: {dead}")

    def _nothing_lost(self) -> None:
        recorded = self.stage.recorded
        told: set[str] = {
            event.data.intent_id for event in recorded.values() if event.type in ENDED and event.data.intent_id
        }
        stored = {row["intent_id"] for row in self.stage.database.rows("SELECT intent_id FROM intents")}
        approved = {event.id for event in recorded.values() if event.type == RiskApproved.TYPE}
        if stored != approved:
            raise SimulationFailed(f"approvals and intents differ: {stored ^ approved}")
        if stored - told:
            raise SimulationFailed(f"nobody was told how these ended: {stored - told}")
        sequences = Sequences()
        for name in CATALOG:
            for event in self.stage.bus.events(name):
                gap = sequences.see(name, event.source or "", event.epoch or 0, event.sequence or 0)
                if gap is not None:
                    raise SimulationFailed(f"a gap: {gap}")

    def _no_was_no(self) -> None:
        """Where the exchange never lied, what we told as rejected was never filled: silence is no refusal."""
        rejected = {e.data.client_order_id for e in self.stage.recorded.values() if e.type == "order.rejected"}
        for fills in self._world.histories.fills.values():
            wrong = {fill.cloid for fill in fills} & rejected
            if wrong:
                raise SimulationFailed(f"told as rejected, and yet filled: {wrong}")

    def _books_agree(self, model: str) -> None:
        """Our fills are the exchange's, and so are the cash and the positions that follow from what we were told."""
        address = self.stage.addresses[model]
        theirs = {(fill.tid, fill.oid) for fill in self._world.histories.fills.get(address, [])}
        events = [e for e in self.stage.recorded.values() if e.type == "order.filled" and e.data.model == model]
        ours = {(event.data.trade_id, event.data.order_id) for event in events}
        if ours != theirs:
            raise SimulationFailed(f"{model}: fills differ: {ours ^ theirs}")
        account: Account = self._world.exchange.accounts[address]
        marks = self._world.exchange.marks()
        equity = figures(account, marks).account_value
        cash = equity - sum((p.unrealized(marks[p.coin]) for p in account.positions.values()), Decimal(0))
        told = [e.data for e in self.stage.recorded.values() if e.type == "account.ledger" and e.data.model == model]
        moved = sum((data.amount_usd for data in told), BALANCE_USD)
        booked = sum((event.data.closed_pnl_usd - event.data.fee_usd for event in events), moved)
        if abs(booked - cash) > equity * RESIDUAL_FRACTION:
            raise SimulationFailed(f"{model}: our cash is {booked}, the exchange's {cash}")
        for coin in {event.data.symbol.value for event in events}:
            rows = [_fill_row(event) for event in events if event.data.symbol.value == coin]
            trades = build_trades(rows, {})
            held = sum((t.entry_size - t.exit_size for t in trades if t.closed_ms is None), Decimal(0))
            if held != abs(account.position_size(coin)):
                raise SimulationFailed(f"{model} {coin}: our trades hold {held}, the exchange {account.positions}")

    def _nothing_rests(self, model: str) -> None:
        """Each position is covered, and no trigger is left on a coin without one."""
        account: Account = self._world.exchange.accounts[self.stage.addresses[model]]
        for coin, position in account.positions.items():
            if not self._is_covered(account, coin, position.size):
                raise SimulationFailed(f"{model} {coin}: {position.size} is left without a stop")
        orphans = [o for o in self._world.exchange.open_of(account.address) if o.coin not in account.positions]
        if orphans:
            raise SimulationFailed(f"{model}: orders were left on {[order.coin for order in orphans]}")


def _fill_row(event: Any) -> FillRow:
    data = event.data
    return FillRow(
        id=event.id,
        time_ms=event.time_ms,
        trade_id=data.trade_id,
        signed_size=data.size_coin if data.side.value == "BUY" else -data.size_coin,
        price=data.price,
        fee=data.fee_usd,
        closed_pnl=data.closed_pnl_usd,
        start_position=data.start_position_coin,
        role=data.role,
        is_liquidation=data.is_liquidation,
        intent_id=data.intent_id,
        cycle_id=event.cycle_id,
    )
