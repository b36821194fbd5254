"""The simulated exchange conserves money, never lets reduce-only grow, and gives every order one end."""

import contextlib
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulator.coins import COINS
from simulator.exchange.account import figures
from simulator.exchange.errors import ActionError, OrderError
from simulator.exchange.exchange import Exchange, Request
from simulator.market.market import Market

START_MS = 1_795_400_000_000
USERS = ("0xaa", "0xbb")
coins = st.sampled_from(sorted(COINS))
users = st.sampled_from(USERS)


class Trading(RuleBasedStateMachine):
    """Random orders of two accounts over a moving market."""

    @initialize(seed=st.integers(0, 5))
    def begin(self, seed: int) -> None:
        self.market = Market(seed, START_MS)
        self.exchange = Exchange(self.market)
        self.now = START_MS
        for user in USERS:
            self.exchange.deposit(user, Decimal(10_000), self.now)
        self.ended: dict[int, str] = {}

    def place(self, user: str, request: Request) -> None:
        before = abs(self.exchange.accounts[user].position_size(request.coin.name))
        with contextlib.suppress(OrderError):
            self.exchange.place(user, request, self.now)
        if request.reduce_only:
            assert abs(self.exchange.accounts[user].position_size(request.coin.name)) <= before

    @rule(user=users, name=coins, is_buy=st.booleans(), usd=st.integers(5, 30_000), tif=st.sampled_from(["Ioc", "Gtc"]))
    def order(self, user: str, name: str, is_buy: bool, usd: int, tif: str) -> None:
        coin, market = COINS[name], self.market.coins[name]
        step = Decimal(1).scaleb(-coin.size_decimals)
        size = (Decimal(usd) / market.mark_price).quantize(step)
        levels = market.asks if is_buy else market.bids
        self.place(user, Request(coin, is_buy, levels[-1].price, size, False, tif))

    @rule(user=users, name=coins, share=st.integers(1, 150))
    def close(self, user: str, name: str, share: int) -> None:
        coin, market = COINS[name], self.market.coins[name]
        held = self.exchange.accounts[user].position_size(name)
        step = Decimal(1).scaleb(-coin.size_decimals)
        size = (abs(held) * share / 100).quantize(step)
        is_buy = held < 0
        price = (market.asks if is_buy else market.bids)[-1].price
        self.place(user, Request(coin, is_buy, price, size, True, "Ioc"))

    @rule(user=users, name=coins, leverage=st.integers(0, 60), is_cross=st.booleans())
    def leverage(self, user: str, name: str, leverage: int, is_cross: bool) -> None:
        with contextlib.suppress(ActionError):
            self.exchange.set_leverage(user, COINS[name], leverage, is_cross)

    @rule(name=coins, rate=st.integers(-400, 400))
    def funding(self, name: str, rate: int) -> None:
        self.exchange.pay_funding(name, Decimal(rate) / 10_000, self.now)

    @rule(percent=st.integers(-6, 6), steps=st.integers(1, 4))
    def move(self, percent: int, steps: int) -> None:
        for market in self.market.coins.values():
            market.mid *= 1 + percent / 100
            market.oracle *= 1 + percent / 100
        for _ in range(steps):
            self.now += 250
            self.market.step(self.now)
            self.exchange.step(self.now)

    @invariant()
    def money_is_conserved(self) -> None:
        """What all accounts hold, the house and the fees, is what was deposited."""
        accounts = [*self.exchange.accounts.values()]
        cash = sum(
            (a.raw_usd + sum((p.raw_usd for p in a.positions.values()), Decimal(0)) for a in accounts), Decimal(0)
        )
        assert abs(cash + self.exchange.house.raw_usd + self.exchange.fees - 20_000) < Decimal("0.000001")

    @invariant()
    def figures_can_be_computed_and_nothing_free_is_negative(self) -> None:
        marks = self.exchange.marks()
        for account in self.exchange.accounts.values():
            assert figures(account, marks).withdrawable >= 0
            assert all(position.size != 0 for position in account.positions.values())

    @invariant()
    def every_order_has_one_end(self) -> None:
        for account, order, status in self.exchange.take_changes().updates:
            assert account == order.account
            if status in ("open", "triggered"):
                continue
            assert order.oid not in self.ended, (order.oid, self.ended[order.oid], status)
            self.ended[order.oid] = status
            assert order.oid not in self.exchange.orders

    @invariant()
    def books_do_not_cross(self) -> None:
        for market in self.market.coins.values():
            assert market.bids[0].price < market.asks[0].price
            assert [level.price for level in market.asks] == sorted(level.price for level in market.asks)


TestTrading = Trading.TestCase
TestTrading.settings = settings(
    max_examples=12, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
