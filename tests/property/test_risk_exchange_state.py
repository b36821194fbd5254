"""A hundred thousand generated decisions through the real handlers onto the simulated exchange: no limit breaks.

The exchange's own state is checked, against limits written independently of the rules. `VenueModel` plays the executor:
orders go out at once, late, in part or never, and account states arrive late too.
"""

from collections import Counter, defaultdict
from random import Random

import pytest

from common.events import (
    Action,
    Command,
    ControlCommand,
    Decision,
    Event,
    RiskApproved,
)
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from risk.gate.halts import TradingState, applicable_to, most_severe
from simulator.exchange.state.account import figures, liquidation_price
from simulator.exchange.step import step
from simulator.market.coins import COINS
from simulator.market.market import Market
from support.risk_examples import a_decision
from support.venue_model import PRICES, ROSTER, START_MS, ZERO, D, VenueModel

DECISIONS = 100_000
LIVES = 40


class CheckedVenue(VenueModel):
    """Checks the limits on the exchange's state at every approval."""

    def on_approved(self, model: str, event: Event[RiskApproved]) -> None:
        """Checks an approved entry against the exchange and the expected figures, then places it, now or later."""
        intent, expected = event.data.intent, self.expected[model]
        self.counts["approved"] += 1
        self.waiting.append((model, event))
        if intent.reduce_only:
            self.place_waiting(0.7)
            return
        others = [event.data.intent.symbol for name, event in self.waiting[:-1] if name == model]
        assert self.size_of(model, intent.symbol) == 0, "an entry on a coin that is held"
        assert intent.symbol not in others, "an entry on a coin with an unfinished order"
        day = self.now_ms // DAY_MS
        assert expected.lost_day != day, "an entry on a day that has lost its limit"
        assert not expected.is_down, "an entry after the drawdown, before a person resumed"
        recent = [at for at in expected.stops_ms if self.now_ms - at < 6 * 3_600_000]
        before = [at for at in expected.stops_ms if recent and recent[-1] - at < DAY_MS]
        assert not (recent and len(before) >= 3), "an entry within six hours of the third stop of a day"
        assert self.now_ms - expected.entered_ms.get(intent.symbol, 0) >= 60_000
        expected.entered_ms[intent.symbol] = self.now_ms
        assert sum(at // DAY_MS == day for at in expected.entries_ms) < self.limits.max_daily_trades
        equity = expected.sent_usd
        assert equity is not None
        assert intent.initial_margin_usd <= equity / 5
        if self.random.random() < 0.6:
            fresh = self.account(model).equity_usd == equity
            self.waiting.pop()
            self.place(model, event, is_late=not fresh)
            if fresh:
                self.check_budget(model)
        self.check()

    def check_budget(self, model: str) -> None:
        """If every stop fired now, one percent worse than it stands, the day would have lost at most a tenth."""
        expected, account = self.expected[model], self.account(model)
        worst = ZERO
        for held in account.positions:
            stop = held.stop_loss_price
            assert stop is not None
            gap = held.side.sign * (held.mark_price - stop) * held.size_coin
            worst += max(ZERO, gap) + held.size_coin * stop * (D("0.01") + D("0.00045"))
        assert account.equity_usd - worst >= expected.day_start_usd * D("0.9"), "the stops together may lose too much"
        self.counts["budgets"] += 1

    def check(self) -> None:
        """What must be true of the exchange whatever happens."""
        unfinished: defaultdict[str, set[str]] = defaultdict(set)
        for model, event in self.waiting:
            if not event.data.intent.reduce_only:
                unfinished[model].add(event.data.intent.symbol.value)
        marks = self.exchange.marks()
        for model, expected in self.expected.items():
            account = self.exchange.accounts[expected.address]
            held = {name: position for name, position in account.positions.items() if position.size}
            assert len(held.keys() | unfinished[model]) <= self.limits.max_open_positions
            sums = figures(account, marks)
            if held and sums.total_notional > 10 * sums.account_value:
                raise AssertionError(f"{sums.total_notional} of notional on {sums.account_value}")
            for name, position in held.items():
                assert not position.is_cross
                assert position.leverage <= min(self.limits.max_leverage, COINS[name].max_leverage)
                stop = next(o for o in self.triggers(expected.address, name) if o.trigger_kind == "sl")
                assert stop.size >= abs(position.size)
                liquidation = liquidation_price(account, position, marks)
                assert stop.trigger_price is not None
                # The stop fires first, whatever the leverage.
                assert liquidation is None or (stop.trigger_price - liquidation) * position.size > 0

    def resume(self, model: str) -> None:
        payload = ControlCommand(command=Command.RESUME, model=model, reason="test", requested_by="test")
        self.handlers.on_control_command(self.originate(payload), self.now_ms)
        expected = self.expected[model]
        expected.is_down, expected.best_usd = False, expected.sent_usd or ZERO


def draw_decision(random: Random, venue: CheckedVenue, model: str) -> Decision:
    """Half of them near the limits, a tenth wild, the rest closes something."""
    kind = random.random()
    symbol = random.choice(ROSTER.coins)
    if kind < (0.04 if venue.is_bold else 0.3):
        held = [name for name in venue.expected[model].intents if venue.size_of(model, name)]
        symbol = Symbol(random.choice(held)) if held and random.random() < 0.8 else symbol
        return a_decision(action=Action.CLOSE, symbol=symbol, leverage=0, position_size_percent=ZERO)
    action = random.choice((Action.LONG, Action.SHORT))
    if kind < 0.4:
        return a_decision(
            action=action,
            symbol=symbol,
            leverage=random.randrange(-2, 60),
            position_size_percent=D(random.randrange(-100, 1_500)) / 10,
            confidence=D(random.randrange(-10, 120)),
        )
    mark = venue.mark(symbol)
    stop = mark * D(random.randrange(940, 1_061)) / 1_000 if random.random() < 0.4 else None
    return a_decision(
        action=action,
        symbol=symbol,
        leverage=random.randrange(6, 11) if venue.is_bold else random.randrange(1, 13),
        position_size_percent=D(random.choice((random.randrange(1, 210), random.randrange(1, 60)))) / 10,
        confidence=D(random.randrange(58, 101)),
        stop_loss=stop,
    )


def run_life(venue: CheckedVenue) -> int:
    """One life of both models; returns how many decisions there were."""
    random, decisions = venue.random, DECISIONS // LIVES
    drift = random.choice((-0.001, 0.0, 0.001))
    for number in range(decisions):
        venue.now_ms += random.choice((1_000, 4_000, 15_000, 61_000, 61_000, 200_000, 1_800_000))
        moved = venue.move(drift)
        venue.place_waiting(0.5)
        model = ROSTER.ids[number % len(ROSTER.ids)]
        if random.random() < 0.95:
            venue.send_account(model)
        if venue.expected[model].is_down and random.random() < 0.02:
            venue.send_account(model)
            venue.resume(model)
        try:
            venue.check()
            venue.decide(model, draw_decision(random, venue, model), moved)
        except AssertionError as error:
            raise AssertionError(f"seed {venue.seed}, decision {number}: {error}") from error
    return decisions


@pytest.mark.slow
def test_a_hundred_thousand_decisions_break_no_limit_on_the_exchange() -> None:
    counts: Counter[str] = Counter()
    market = Market(1, START_MS)
    for seed in range(LIVES):
        venue = CheckedVenue(seed, market)
        counts["decisions"] += run_life(venue)
        counts += venue.counts
    assert counts["decisions"] == DECISIONS
    # The test must not pass because nothing happened.
    assert counts["entered"] > DECISIONS // 100
    assert counts["stops"] > 100
    assert counts["in part"] > 100
    assert counts["budgets"] > 1_000
    assert counts["days lost"] > 1
    assert counts["drawdowns"] > 1


def greedy(venue: CheckedVenue, model: str, symbol: Symbol) -> None:
    """LONG with as much as passes: the literal maximum first, then ever less of it."""
    for percent, leverage in ((20, 20), (20, 8), (16, 8), (12, 8), (8, 8), (4, 8), (2, 8), (1, 8), (1, 1)):
        before = venue.counts["approved"]
        decision = a_decision(symbol=symbol, leverage=leverage, position_size_percent=D(percent), confidence=D(100))
        venue.decide(model, decision, set(ROSTER.coins))
        if venue.counts["approved"] > before:
            return


@pytest.mark.parametrize("fall", [0.003, 0.03])
def test_a_model_that_always_goes_all_in_is_stopped_in_twenty_orders(fall: float) -> None:
    """On a falling market: paused after its stops, then halted by the day's loss."""
    venue, model = CheckedVenue(0, Market(1, START_MS)), ROSTER.ids[0]
    venue.limits = venue.handlers.limits = Limits()
    venue.now_ms = START_MS // DAY_MS * DAY_MS + DAY_MS
    sent_when_stopped = None
    for minutes in range(2, 1_440, 2):
        venue.now_ms += 120_000
        for symbol in ROSTER.coins:
            # A fall without an end would leave the exchange's price steps; it begins again far above the stops.
            mark = venue.exchange.market.coins[symbol.value].mark * (1 - fall)
            venue.set_price(symbol.value, mark if mark > PRICES[symbol] / 30 else PRICES[symbol], worth=1e7)
        step(venue.exchange, {}, 60.0, venue.now_ms)
        venue.send_fills()
        venue.place_waiting(1)
        venue.send_account(model)
        is_stopped = most_severe(applicable_to(model, venue.handlers.state.persistent.halts)) is not TradingState.ACTIVE
        if is_stopped and sent_when_stopped is None:
            sent_when_stopped = venue.counts["sent"]
        greedy(venue, model, ROSTER.coins[minutes // 2 % len(ROSTER.coins)])
    assert sent_when_stopped is not None
    assert 3 <= sent_when_stopped <= 20
    assert venue.counts["sent"] <= 20
    assert venue.account(model).equity_usd > 8_000
