"""What must hold at every moment of a run, judged by the exchange's own state rather than by the services' records."""

import os
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import Any

from common.events import IntentKind, OrderRole, RiskApproved
from common.trading.durations import NEVER
from executor.domain.order import client_order_id
from simulation.checks.request_weight import RequestWeight
from simulation.failure import SimulationFailed
from simulation.harness import Harness
from simulator.exchange.state.account import Account, figures
from simulator.exchange.state.orders import Fill, Order

UNPROTECTED_LIMIT_S = 10.0
GRACE_S = 4.0
"""After a disturbance, the time without a stop is counted from this much later on."""
CLOSING_S = 5.0
"""How long a position counts as being closed after a reduce-only order: the executor's next one follows 3 s later."""
EQUITY_S = 60.0
SLACK = Decimal("1.02")


class Invariants:
    """Checks every half second, at each request to the exchange and at each approval.

    `check` raises SimulationFailed at the first invariant that doesn't hold. A check inside a service's own call keeps
    its failure until the next `check` from outside: raised there, it would look like an error of the service.
    """

    def __init__(self, harness: Harness) -> None:
        self.harness, self.checks = harness, 0
        self.failure: SimulationFailed | None = None
        self._weight = RequestWeight(harness.executor_settings.request_weight_per_minute, len(harness.executors))
        self._seen_orders = 0
        self._seen_fills: Counter[str] = Counter()
        self._unprotected_s: dict[tuple[str, str], float] = {}
        self._closing_s: dict[tuple[str, str], float] = {}
        self._last_check_s = 0.0
        self._none_ran_s = NEVER
        self.episodes_s: list[float] = []
        """How long each position that had no stop was without one: the longest time that counts."""
        self.answered_s: list[float] = []
        """Of each of them, how long the exchange answered truly and took stops meanwhile."""
        self._episode_s: dict[tuple[str, str], float] = {}
        self._answered_s: defaultdict[tuple[str, str], float] = defaultdict(float)
        self._equity: dict[str, deque[tuple[float, Decimal]]] = {model: deque() for model in harness.models}
        self._halt_path = str(harness.executor_settings.executor_data_dir / "halt")
        self._halted: dict[str, tuple[list[tuple[int, int]], int]] = {}
        self._approvals: dict[str, RiskApproved] = {}
        self._published: list[Any] = []
        self._entry_of: dict[str, str] = {}
        self._entries_sent: dict[str, set[str]] = defaultdict(set)
        harness.published = self._on_published
        inner = harness.exchange.request

        def request(path: str, body: Any) -> tuple[int, bytes]:
            """The exchange's entry point: each action is judged before it is carried out, and what it did after it."""
            is_action = path.endswith("/exchange")
            self._deferring(self._count_weight, path, body)
            if is_action:
                self._deferring(self._check_action, body)
            answer = inner(path, body)
            if is_action:
                self._deferring(self.check)
            return answer

        harness.exchange.request = request  # type: ignore[method-assign]

    def _deferring(self, check: Callable[..., None], *arguments: Any) -> None:
        """Keeps a failure for the next `check` from outside."""
        try:
            check(*arguments)
        except SimulationFailed as failure:
            self.failure = self.failure or failure

    @property
    def _world(self) -> Any:
        return self.harness.exchange.world

    def check(self) -> None:
        """Everything that must hold at any moment."""
        self.checks += 1
        now_s = self.harness.loop.time()
        if self.failure is not None:
            raise self.failure
        if self.harness.trace.crashes:
            raise SimulationFailed(f"a service ended by its own error: {self.harness.trace.crashes[0]}")
        self._record_approvals()
        self._record_halts()
        self._record_equity(now_s)
        self._check_one_order_per_intent()
        self._check_limits()
        self._check_protection(now_s)
        self._last_check_s = now_s

    def _count_weight(self, path: str, body: Any) -> None:
        started_s = max(executor.started_s for executor in self.harness.executors)
        self._weight.count(path, body, self.harness.loop.time(), started_s)

    # No entry while halted.

    def _record_approvals(self) -> None:
        for event in self._published:
            self._approvals[event.id] = event.data
            if event.data.intent_kind is IntentKind.ENTRY:
                self._entry_of[client_order_id(event.id, OrderRole.ENTRY)] = event.id
        self._published.clear()

    def _record_halts(self) -> None:
        """Since when, at the latest, each model has had exactly these halt files."""
        of_all = _file_key(self._halt_path)
        for model in self.harness.models:
            files = [*of_all, *_file_key(f"{self._halt_path}-{model}")]
            if not files:
                self._halted.pop(model, None)
            elif model not in self._halted or self._halted[model][0] != files:
                clocks = (self.harness.clock, self.harness.exchange_clock)
                self._halted[model] = files, max(clock.now_ms() for clock in clocks)

    def _record_equity(self, now_s: float) -> None:
        """Each account's recent equity: as old as the figures of an approval may be, plus its time to the exchange."""
        marks = self._world.exchange.marks()
        for model in self.harness.models:
            recent = self._equity[model]
            recent.append(
                (now_s, figures(self._world.exchange.accounts[self.harness.addresses[model]], marks).account_value)
            )
            while now_s - recent[0][0] > EQUITY_S:
                recent.popleft()

    def _check_action(self, body: Any) -> None:
        """An order that may grow a position is an approved entry, signed before any halt."""
        action = body["action"]
        if action["type"] != "order":
            return
        self._record_approvals()
        self._record_halts()
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

    def _on_published(self, event: Any) -> None:
        """Checks an entry's approval at the moment at which it is published: no stored halt may forbid it."""
        self._deferring(self._check_approval, event)
        if event.type == RiskApproved.TYPE:
            self._published.append(event)
            if event.data.intent_kind is IntentKind.ENTRY:
                self.harness.on_entry_approved(event.data.model)

    def _check_approval(self, event: Any) -> None:
        if (
            event.type != RiskApproved.TYPE
            or event.data.intent_kind is not IntentKind.ENTRY
            or event.id in self._approvals
        ):
            return
        model = event.data.model
        now_ms = self._world.market.time_ms
        rows = self.harness.database.rows("SELECT model, key, value FROM risk_state WHERE kind = 'halt'")
        for row in rows:
            until_ms = row["value"]["until_ms"]
            if row["model"] in (model, "*") and (until_ms is None or until_ms > now_ms):
                raise SimulationFailed(f"{model}: an entry was approved while {row['key']} halted the model")

    # At most one order per intent.

    def _check_one_order_per_intent(self) -> None:
        orders: dict[int, Order] = self._world.histories.orders
        if len(orders) == self._seen_orders:
            return
        for order in islice(orders.values(), self._seen_orders, None):
            if order.reduce_only and order.trigger_price is None:
                self._closing_s[order.account, order.coin] = self.harness.loop.time()
        self._seen_orders = len(orders)
        by_cloid: Counter[str] = Counter()
        for order in orders.values():
            if order.cloid and (order.filled or order.is_open):
                by_cloid[order.cloid] += 1
        doubled = [cloid for cloid, count in by_cloid.items() if count > 1]
        if doubled:
            raise SimulationFailed(f"more than one order on the exchange under {doubled}")

    # Limits, on the exchange's state, whenever an entry was filled.

    def _check_limits(self) -> None:
        for model in self.harness.models:
            address = self.harness.addresses[model]
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
                self._check_account(model, self._world.exchange.accounts[address], coins)

    def _check_account(self, model: str, account: Account, entered: set[str]) -> None:
        """Against the highest recent equity, at the lower of entry price and mark: prices may gap after an approval."""
        limits = self.harness.risk_settings
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

    def _check_protection(self, now_s: float) -> None:
        is_disturbed = self._is_disturbed(now_s)
        answered_s = 0.0 if is_disturbed or self._is_obstructed(now_s) else now_s - self._last_check_s
        limit_s = UNPROTECTED_LIMIT_S + self.harness.faults.lag_s(now_s)
        for model in self.harness.models:
            account = self._world.exchange.accounts[self.harness.addresses[model]]
            for key in [key for key in self._unprotected_s if key[0] == model and key[1] not in account.positions]:
                self._end_episode(key)
            for coin, position in account.positions.items():
                if is_covered(self._world.exchange, account, coin, position.size):
                    self._end_episode((model, coin))
                    continue
                before_s = self._unprotected_s.get((model, coin), 0.0)
                counted_s = 0.0 if is_disturbed else before_s + now_s - self._last_check_s
                self._unprotected_s[model, coin] = counted_s
                self._answered_s[model, coin] += answered_s
                self._episode_s[model, coin] = max(counted_s, self._episode_s.get((model, coin), 0.0))
                is_closing = now_s - self._closing_s.get((account.address, coin), -CLOSING_S) < CLOSING_S
                if self._unprotected_s[model, coin] > limit_s and not is_closing:
                    raise SimulationFailed(f"{model} {coin}: {position.size} has had no stop for {limit_s} s")

    def _end_episode(self, key: tuple[str, str]) -> None:
        """The position is covered or closed."""
        if self._unprotected_s.pop(key, None) is not None:
            counted_s = self._episode_s.pop(key, 0.0)
            self.episodes_s.append(counted_s)
            self.answered_s.append(min(counted_s, self._answered_s.pop(key, 0.0)))

    def _is_obstructed(self, now_s: float) -> bool:
        """Whether the exchange doesn't answer what protection asks, answers with what was before, or takes no stop."""
        refuses_stops = any(each.role == "trigger" for each in self._world.exchange.deviations.refusals)
        return refuses_stops or self.harness.faults.hides_positions(now_s)

    def _is_disturbed(self, now_s: float) -> bool:
        """Whether a fault keeps the executor from protecting positions, or did so a moment ago."""
        faults, executors = self.harness.faults, self.harness.executors
        if len(executors) > 1:
            if not any(each.is_up and now_s >= each.paused_until_s for each in executors):
                self._none_ran_s = now_s
            return now_s < max(faults.outage_until_s, faults.blocked_until_s + GRACE_S, self._none_ran_s + GRACE_S)
        executor = executors[0]
        disturbed_s = (faults.disturbed_at_s.get(name, 0.0) for name in ("executor", "exchange", "risk"))
        last_s = max([executor.started_s, *disturbed_s])
        blocked_s = max(faults.outage_until_s, faults.blocked_until_s + GRACE_S)
        return not executor.is_up or now_s - last_s < GRACE_S or now_s < blocked_s


def _file_key(path: str) -> list[tuple[int, int]]:
    """What distinguishes a file from one that was written in its place; empty without one."""
    try:
        found = os.stat(path)
    except OSError:
        return []
    return [(found.st_ino, found.st_mtime_ns)]


def is_covered(exchange: Any, account: Account, coin: str, size: Decimal) -> bool:
    """Whether live stops cover the whole position; a stop of size 0 covers whatever the position is."""
    stops = [
        order
        for order in exchange.open_of(account.address, coin)
        if order.trigger_kind == "sl"
        and order.reduce_only
        and order.is_trigger
        and not order.waits
        and order.is_buy == (size < 0)
    ]
    return any(order.size == 0 for order in stops) or sum(order.size for order in stops) >= abs(size)
