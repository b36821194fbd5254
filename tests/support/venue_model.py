"""A model of what lies between the risk handlers and the exchange, without the executor's own code.

Orders go out at once, late, in part or never; account states arrive late too; the market moves by steps and gaps.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

from common.events import (
    AccountOrder,
    AccountUpdated,
    Decision,
    Event,
    OrderAccepted,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    OrderRole,
    Payload,
    RiskApproved,
    originate,
)
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import OrderSide, Side
from risk.handlers import RiskHandlers
from simulator.exchange.errors import OrderError
from simulator.exchange.state.account import figures, liquidation_price
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.orders import Order, Request
from simulator.exchange.step import step
from simulator.exchange.trading import margin, order_close, order_entry
from simulator.market.coin_market import Level
from simulator.market.coins import COINS
from simulator.market.market import Market
from support.risk_examples import a_decision_event, a_position, a_tick_event, an_account, an_account_event

D = Decimal
ROSTER = read_roster(None)
ZERO = D(0)
START_MS = 1_795_400_000_000
PRICES = {"BTC": 100_000.0, "ETH": 4_000.0, "SOL": 200.0, "BNB": 1_000.0, "DOGE": 0.2, "XRP": 2.5}


@dataclass
class Expected:
    """One model's figures as the test keeps them, from the exchange alone."""

    address: str
    intents: dict[str, str] = field(default_factory=dict)
    covers: list[str] = field(default_factory=list)
    entries_ms: list[int] = field(default_factory=list)
    entered_ms: dict[Symbol, int] = field(default_factory=dict)
    stops_ms: list[int] = field(default_factory=list)
    sent_usd: Decimal | None = None
    day: int = 0
    day_start_usd: Decimal = ZERO
    best_usd: Decimal = ZERO
    lost_day: int | None = None
    is_down: bool = False


class VenueModel:
    """One RiskHandlers, one exchange, an account for each model, and the executor in between."""

    def __init__(self, seed: int, market: Market) -> None:
        self.seed, self.random = seed, Random(seed)
        self.limits = Limits(
            max_daily_trades=self.random.choice((6, 50)), max_drawdown_percent=D(self.random.choice((12, 40)))
        )
        self.is_bold = seed % 2 == 0
        self.now_ms = START_MS + self.random.randrange(DAY_MS)
        self.exchange = Exchange(market)
        market.time_ms = self.now_ms
        self.handlers = RiskHandlers(self.limits, ROSTER)
        self.expected = {model: Expected(f"0x{number:040x}") for number, model in enumerate(ROSTER.ids, 1)}
        self.roles: dict[int, tuple[str, OrderRole]] = {}
        self.waiting: list[tuple[str, Event[RiskApproved]]] = []
        self.counts: Counter[str] = Counter()
        self.number = 0
        for expected in self.expected.values():
            self.exchange.deposit(expected.address, D(10_000), self.now_ms)
        for name, price in PRICES.items():
            self.set_price(name, price)
        for model in ROSTER.ids:
            self.send_account(model)

    # The market.

    def set_price(self, name: str, price: float, worth: float | None = None) -> None:
        """A coin's mark and an order book of three levels round it, sometimes a thin one; `worth` in USD a level."""
        coin, market = COINS[name], self.exchange.market.coins[name]
        market.mid = market.oracle = market.mark = price
        worth = worth or self.random.choice((4e2, 3e3, 2e5, 2e6))
        size = max(D(1), D(round(worth / price, 6))).quantize(D(1).scaleb(-coin.size_decimals))
        for sign, side in ((-1, "bids"), (1, "asks")):
            prices = sorted({coin.round_price(price * (1 + sign * gap)) for gap in (2e-4, 6e-4, 3e-3)})
            levels = [Level(D(repr(each)), size, 1) for each in (prices if sign > 0 else prices[::-1])]
            setattr(market, side, levels)

    def mark(self, symbol: Symbol) -> Decimal:
        return self.exchange.market.coins[symbol.value].mark_price

    def move(self, drift: float) -> set[Symbol]:
        """Two coins move, now and then by a jump; then the exchange does what follows."""
        moved = set(self.random.sample(ROSTER.coins, 2))
        for symbol in moved:
            change = self.random.gauss(drift, 0.007)
            if self.random.random() < 0.02:
                change += self.random.choice((-1, 1)) * self.random.uniform(0.02, 0.12)
            self.set_price(symbol.value, self.exchange.market.coins[symbol.value].mark * (1 + change))
        self.exchange.market.time_ms = self.now_ms
        step(self.exchange, {}, 1.0, self.now_ms)
        self.send_fills()
        return moved

    def send_fills(self) -> None:
        """Sends the fills of stops and liquidations to the handlers."""
        for fill in self.exchange.take_changes().fills:
            model, role = self.roles.get(fill.oid, ("", OrderRole.UNKNOWN))
            if role is not OrderRole.STOP and fill.liquidation is None:
                continue
            model = model or next(name for name, expected in self.expected.items() if expected.address == fill.account)
            payload = OrderFilled(
                model=model,
                intent_id=None,
                client_order_id=None,
                order_id=fill.oid,
                trade_id=fill.tid,
                symbol=Symbol(fill.coin),
                role=role,
                side=OrderSide.BUY if fill.is_buy else OrderSide.SELL,
                price=fill.price,
                size_coin=fill.size,
                fee_usd=fill.fee,
                closed_pnl_usd=fill.closed_pnl,
                start_position_coin=fill.start_position,
                direction=fill.direction,
                crossed=True,
                is_liquidation=fill.liquidation is not None,
            )
            if self.roles.get(-fill.oid) is None:
                self.roles[-fill.oid] = (model, role)
                self.expected[model].stops_ms.append(self.now_ms)
                self.counts["stops"] += 1
            self.handlers.on_order_filled(self.originate(payload), self.now_ms)

    # The executor.

    def originate(self, payload: Any) -> Event[Any]:
        self.number += 1
        return originate(payload, keys=(self.number,), time_ms=self.now_ms, now_ms=self.now_ms)

    def triggers(self, address: str, symbol: str) -> list[Order]:
        return [order for order in self.exchange.open_of(address, symbol) if order.is_trigger]

    def size_of(self, model: str, name: str) -> Decimal:
        return self.exchange.accounts[self.expected[model].address].position_size(name)

    def account(self, model: str) -> AccountUpdated:
        """The account state as the executor would publish it."""
        expected, marks = self.expected[model], self.exchange.marks()
        account = self.exchange.accounts[expected.address]
        sums = figures(account, marks)
        positions = []
        for name, held in account.positions.items():
            if held.size == 0:
                continue
            stop = next((o for o in self.triggers(expected.address, name) if o.trigger_kind == "sl"), None)
            positions.append(
                a_position(
                    Symbol(name),
                    Side.LONG if held.size > 0 else Side.SHORT,
                    size_coin=abs(held.size),
                    entry_price=held.entry_price,
                    mark_price=marks[name],
                    leverage=held.leverage,
                    margin_used_usd=held.equity(marks[name]),
                    liquidation_price=liquidation_price(account, held, marks),
                    stop_loss_price=stop.trigger_price if stop else None,
                    protected=stop is not None,
                    intent_id=expected.intents.get(name, "unknown"),
                )
            )
        orders = tuple(self.order_of(order) for order in self.exchange.open_of(expected.address))
        waiting = tuple(event.id for name, event in self.waiting if name == model)
        return an_account(
            *positions,
            model=model,
            equity_usd=sums.account_value,
            available_balance_usd=sums.withdrawable,
            open_orders=orders,
            covers=tuple(expected.covers[-50:]),
            open_intents=waiting,
        )

    @staticmethod
    def order_of(order: Order) -> AccountOrder:
        return AccountOrder(
            order_id=order.oid,
            client_order_id=None,
            symbol=Symbol(order.coin),
            role=OrderRole.STOP if order.trigger_kind == "sl" else OrderRole.TARGET,
            side=OrderSide.BUY if order.is_buy else OrderSide.SELL,
            size_coin=order.size,
            price=order.price,
            trigger_price=order.trigger_price,
            reduce_only=True,
        )

    def send_account(self, model: str) -> AccountUpdated:
        """Sends the account's state to the handlers, and keeps the day's figures by it."""
        state, expected = self.account(model), self.expected[model]
        day = self.now_ms // DAY_MS
        if day > expected.day:
            expected.day, expected.day_start_usd = day, expected.sent_usd or state.equity_usd
        expected.sent_usd, expected.best_usd = state.equity_usd, max(expected.best_usd, state.equity_usd)
        if state.equity_usd <= expected.day_start_usd * D("0.9"):
            self.counts["days lost"] += expected.lost_day != day
            expected.lost_day = day
        if state.equity_usd <= expected.best_usd * (1 - self.limits.max_drawdown_percent / 100):
            self.counts["drawdowns"] += not expected.is_down
            expected.is_down = True
        self.handlers.on_account_updated(an_account_event(state, at_ms=self.now_ms), self.now_ms)
        return state

    def place_waiting(self, share: float) -> None:
        """Places that share of the approved orders; cancels those that have expired."""
        kept = []
        for model, event in self.waiting:
            if event.data.intent.valid_until_ms is not None and self.now_ms > event.data.intent.valid_until_ms:
                self.send_end(model, event, OrderCancelled, reason="EXPIRED_UNSENT")
            elif self.random.random() < share:
                self.place(model, event)
            else:
                kept.append((model, event))
        self.waiting = kept
        self.sweep()

    def send_end(self, model: str, event: Event[RiskApproved], kind: type[Payload], *, reason: str) -> None:
        """The order ended with nothing filled."""
        intent = event.data.intent
        fields = {
            "model": model, "intent_id": event.id, "client_order_id": "0x", "symbol": intent.symbol, "reason": reason,
            "role": OrderRole.EXIT if intent.reduce_only else OrderRole.ENTRY,
        }  # fmt: skip
        if kind is OrderCancelled:
            self.handlers.on_order_cancelled(
                self.originate(OrderCancelled(order_id=None, filled_size_coin=ZERO, **fields)), self.now_ms
            )
        else:
            self.handlers.on_order_rejected(self.originate(OrderRejected(**fields)), self.now_ms)
        self.expected[model].covers.append(event.id)

    def place(self, model: str, event: Event[RiskApproved], *, is_late: bool = True) -> None:
        """Places an intent's orders as the executor does; the exchange must accept their form."""
        expected, intent = self.expected[model], event.data.intent
        coin, is_buy = COINS[intent.symbol.value], intent.side is OrderSide.BUY
        request = Request(coin, is_buy, intent.limit_price, intent.size_coin, intent.reduce_only, "Ioc")
        order_entry.check_static(self.exchange, request)
        if not intent.reduce_only:
            assert intent.leverage is not None
            margin.set_leverage(self.exchange, expected.address, coin, intent.leverage, False)
            expected.entries_ms.append(self.now_ms)
            self.counts["sent"] += 1
        try:
            order = order_entry.place(self.exchange, expected.address, request, self.now_ms)
        except OrderError as error:
            # A late order may find the market gone; at once, only an order book without size may refuse it.
            if not is_late and not str(error).startswith(("Order could not immediately", "Reduce only")):
                raise AssertionError(f"refused at once: {error}") from error
            self.counts["refused"] += 1
            self.send_end(model, event, OrderRejected, reason=str(error))
            return
        self.send_fills()
        expected.covers.append(event.id)
        if intent.reduce_only:
            return
        self.counts["entered"] += 1
        self.counts["in part"] += order.filled < intent.size_coin
        expected.intents[coin.name] = event.id
        self.protect(model, event, order)
        accepted = OrderAccepted(
            model=model, intent_id=event.id, client_order_id="0x", order_id=order.oid, symbol=intent.symbol,
            role=OrderRole.ENTRY, side=intent.side, size_coin=order.filled, price=intent.limit_price,
            trigger_price=None, reduce_only=False, status="filled",
        )  # fmt: skip
        self.handlers.on_order_accepted(self.originate(accepted), self.now_ms)

    def protect(self, model: str, event: Event[RiskApproved], order: Order) -> None:
        """Stop and target for what was filled."""
        intent, coin = event.data.intent, COINS[event.data.intent.symbol.value]
        for kind, trigger in (("sl", intent.stop_loss_price), ("tp", intent.take_profit_price)):
            assert trigger is not None
            worst = D(repr(coin.round_price(float(trigger) * (0.9 if order.is_buy else 1.1))))
            request = Request(coin, not order.is_buy, worst, order.filled, True, "Gtc", None, trigger, True, kind)
            order_entry.check_static(self.exchange, request)
            try:
                child = order_entry.place(self.exchange, order.account, request, self.now_ms, is_position_tpsl=True)
            except OrderError:
                return self.sweep()  # The mark has passed the trigger; without a stop the position is closed.
            self.roles[child.oid] = (model, OrderRole.STOP if kind == "sl" else OrderRole.TARGET)
        return None

    def sweep(self) -> None:
        """Cancels triggers without a position; closes positions without a stop, into a deep order book."""
        for expected in self.expected.values():
            account = self.exchange.accounts[expected.address]
            for order in self.exchange.open_of(expected.address):
                if account.position_size(order.coin) == 0:
                    order_close.cancel(self.exchange, expected.address, order.oid, self.now_ms)
            for name, held in list(account.positions.items()):
                stops = [o for o in self.triggers(expected.address, name) if o.trigger_kind == "sl"]
                if held.size and not stops:
                    self.close(expected.address, name, held.size)

    def close(self, address: str, name: str, size: Decimal) -> None:
        self.counts["closed unprotected"] += 1
        mark = self.exchange.market.coins[name].mark
        self.set_price(name, mark, worth=1e8)
        limit = D(repr(COINS[name].round_price(mark * (0.99 if size > 0 else 1.01))))
        order_entry.place(
            self.exchange, address, Request(COINS[name], size < 0, limit, abs(size), True, "Ioc"), self.now_ms
        )
        self.sweep()

    # A decision.

    def decide(self, model: str, decision: Decision, moved: set[Symbol]) -> None:
        for symbol in moved | ({decision.symbol} if decision.symbol else set()):
            self.handlers.on_market_tick(
                a_tick_event(symbol, mark_price=self.mark(symbol), at_ms=self.now_ms), self.now_ms
            )
        mark = self.mark(decision.symbol) if decision.symbol else None
        cause = a_decision_event(decision, cycle=str(self.number), at_ms=self.now_ms, model=model, mark_price=mark)
        self.number += 1
        for event in self.handlers.on_agent_decision(cause, self.now_ms):
            if isinstance(event.data, RiskApproved):
                self.on_approved(model, event)

    def on_approved(self, model: str, event: Event[RiskApproved]) -> None:
        """Called for each approval; places it now or keeps it waiting."""
        raise NotImplementedError
