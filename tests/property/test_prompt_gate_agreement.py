"""What the prompt calls allowed the gate approves, and what it calls denied the gate denies, with the code it names."""

import itertools
import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.agent.prompt.build import build_prompt
from common.agent.prompt.memory import ActiveHalt, GateFigures, Memory, ReservedEntry
from common.agent.prompt.strategy import Strategy
from common.events import AccountPosition, Action, IntentKind, LeverageLimit, MarketSnapshot, Prompt
from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from common.trading.orders import Side
from risk.gate.gate_input import GateInput, Reservation, Snapshot
from risk.gate.halts import Halt, Reason, most_severe
from risk.gate.verdict import judge
from support.prompt_examples import a_snapshot
from support.risk_examples import MARKS, NOW_MS, a_decision, a_market, a_position, an_account, healthy_input
from support.risk_strategies import decimals

D = Decimal
COINS = read_roster(None).coins
ACTIONS = {Side.LONG: Action.LONG, Side.SHORT: Action.SHORT}
STRATEGY = Strategy("test", "LONG or SHORT.")
SLACK = D("1.02")
"""What the prompt states: sizes up to those of its table pass, 2 % more are denied."""
STEP_PERCENT = D("0.1")
DENIALS = {
    "STATE_HALTED",
    "STATE_REDUCING",
    "SYMBOL_UNKNOWN",
    "POSITION_HELD",
    "LEVERAGE",
    "OPEN_POSITIONS",
    "DAILY_TRADES",
    "DAILY_LOSS",
    "LOSS_BUDGET",
    "COOLDOWN",
}


@cache
def snapshot() -> MarketSnapshot:
    return a_snapshot(1).model_copy(update={"boundary_ms": NOW_MS})


class State:
    """One state of account, limits and counters, as risk has it and as the agent is shown it."""

    def __init__(self, draw: Any) -> None:
        self.limits = draw(limits())
        held = draw(st.lists(st.sampled_from(COINS), unique=True, max_size=3))
        free = [coin for coin in COINS if coin not in held]
        self.reservations = tuple(
            Reservation(f"r{coin}", coin, draw(st.sampled_from(Side)), IntentKind.ENTRY, *draw(
                st.tuples(decimals("10", "4000", 0), decimals("5", "400", 0), decimals("1", "150", 0))
            ))
            for coin in draw(st.lists(st.sampled_from(free), unique=True, max_size=1))
        )  # fmt: skip
        equity = draw(decimals("9300", "12000", 2))
        self.account = an_account(
            *(draw(positions(coin)) for coin in held), equity_usd=equity, leverage_limits=draw(leverage_limits())
        )
        self.day_start_usd = draw(st.sampled_from([equity, D(9_500), D(10_000), D(10_100), D(10_500), None]))
        self.high_water_usd = draw(decimals("10000", "15000", 0))
        self.entries_today = draw(st.sampled_from([0, 1, 2, 3, 49, 50]))
        reason = draw(st.sampled_from([None, None, Reason.PERSON, None, Reason.STOPS, None]))
        self.halts = () if reason is None else (Halt("deepseek", reason, 0, NOW_MS + 60_000),)
        self.approvals_ms = (NOW_MS - draw(st.sampled_from([0, 59_999, 60_001])),) * draw(st.sampled_from([0, 0, 0, 9]))
        self.is_disk_full = draw(st.sampled_from([False] * 9 + [True]))
        self.last_entry_ms = dict.fromkeys(draw(st.lists(st.sampled_from(COINS), max_size=1)), NOW_MS - 30000)

    def memory(self) -> Memory:
        gate = GateFigures(
            high_water_usd=self.high_water_usd,
            entries_today=self.entries_today,
            trading_state=most_severe(self.halts).value,
            is_disk_full=self.is_disk_full,
            approvals_ms=self.approvals_ms,
            halts=tuple(
                ActiveHalt(reason=halt.reason, state=halt.state.value, until_ms=halt.until_ms) for halt in self.halts
            ),
            cooldowns={coin: at_ms + 1000 * self.limits.entry_cooldown_s for coin, at_ms in self.last_entry_ms.items()},
            reserved=tuple(
                ReservedEntry(
                    symbol=each.symbol,
                    side=each.side,
                    notional_usd=each.notional_usd,
                    margin_usd=each.margin_usd,
                    loss_usd=each.loss_usd,
                )
                for each in self.reservations
            ),
        )
        return Memory(day=NOW_MS // DAY_MS, day_start_usd=self.day_start_usd, gate=gate)

    def prompt(self) -> Prompt:
        return build_prompt(
            snapshot(),
            self.account,
            self.memory(),
            strategy=STRATEGY,
            limits=self.limits,
            coins=COINS,
            language="en",
            mode="baseline",
        )

    def failing(
        self, coin: Symbol, side: Side, *, leverage: int, size: Decimal, stop: Decimal, mid: Decimal
    ) -> set[str]:
        """The gate's rules that fail for an entry whose stop lies `stop` percent from the mark."""
        mark = MARKS[coin]
        decision = a_decision(
            action=ACTIONS[side],
            symbol=coin,
            leverage=leverage,
            position_size_percent=size,
            stop_loss=mark * (1 - side.sign * stop / 100),
        )
        inputs = replace(
            self._inputs,
            decision=decision,
            market=a_market(mark, mid_price=mark * mid),
            snapshot=Snapshot(NOW_MS - 5_000, mark),
            last_entry_ms=self.last_entry_ms.get(coin),
        )
        return {result.code for result in judge(inputs).rules if not result.passed}

    @cached_property
    def _inputs(self) -> GateInput:
        inputs: GateInput = healthy_input(
            account=self.account,
            reservations=self.reservations,
            halts=self.halts,
            day_start_equity_usd=self.day_start_usd,
            high_water_usd=self.high_water_usd,
            entries_today=self.entries_today,
            disk_free_percent=D(0) if self.is_disk_full else D(50),
            orders_last_minute=sum(NOW_MS - at_ms <= 60_000 for at_ms in self.approvals_ms),
        )
        return replace(inputs, limits=self.limits)


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        max_position_size_percent=draw(st.sampled_from([D(20), D(50), D(100)])),
        max_leverage=draw(st.sampled_from([5, 20, 40])),
        stop_loss_percent=draw(st.sampled_from([D(2), D(5), D(8)])),
        position_size_basis=draw(st.sampled_from(["margin", "notional"])),
        slippage_allowance_percent=draw(st.sampled_from([D(0), D(1)])),
        max_gross_exposure_ratio=draw(st.sampled_from([D(1), D(10)])),
        max_notional_usd=draw(st.sampled_from([None, D(6_000)])),
        max_open_positions=draw(st.sampled_from([3, 5])),
        allowed_symbols=draw(st.sampled_from(["", "BTC,SOL,DOGE"])),
    ).for_coins(COINS)


@st.composite
def positions(draw: st.DrawFn, coin: Symbol) -> AccountPosition:
    size = draw(decimals("100", "3000", 0)) / MARKS[coin]
    return a_position(coin, draw(st.sampled_from(Side)), size_coin=size, protected=draw(st.booleans()))


def leverage_limits() -> st.SearchStrategy[tuple[LeverageLimit, ...]]:
    lowered = st.builds(
        LeverageLimit, symbol=st.just(Symbol.SOL), lower_bound_usd=st.just(D(0)), max_leverage=st.sampled_from([0, 3])
    )
    return st.one_of(st.just(()), lowered.map(lambda limit: (limit,)))


Pair = tuple[Decimal, Decimal]


def pair(cell: str) -> Pair:
    long, _, short = cell.partition("/")
    return D(long), D(short or long)


def table(text: str, head: str) -> tuple[list[Decimal], dict[str, list[Pair]]]:
    """The table under the line that begins with `head`: the stops of its columns, and its rows by their first word.

    Empty where there is none: nothing may be entered.
    """
    if f"\n{head} " not in text:
        return [], {}
    lines = text.partition(f"\n{head} ")[2].splitlines()
    stops = [D(stop) for stop in re.findall(r"([\d.]+)%", lines[0])]
    rows = {}
    for line in itertools.takewhile(re.compile(r"[A-Z]+ |\d+x |notional_usd ").match, lines[1:]):
        name, *cells = line.split()
        rows[name] = [pair(cell) for cell in cells[: len(stops)]]
    rows.pop("notional_usd", None)
    return stops, rows


class Reading:
    """What the prompt's text states."""

    def __init__(self, prompt: Prompt) -> None:
        self.stops, self.leverages = table(prompt.system, "coin")
        _, self.sizes = table(prompt.user, "largest")
        entry = prompt.user.partition("# ENTRY\n")[2].splitlines()
        self.denied_by = re.findall(r"denied_by=(\S+)", entry[0])[0]
        self.coins = dict(each.split("=") for each in entry[1].split() if "=" in each)


def test_the_prompt_and_the_gate_agree() -> None:
    judged = Counter[str]()

    @given(st.data())
    @settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    def holds(data: st.DataObject) -> None:
        state = State(data.draw)
        mid = data.draw(decimals("0.9995", "1.0005", 4))
        _compare(state, Reading(state.prompt()), mid, judged)

    holds()
    assert judged.total() >= 10_000, judged
    # The test must not pass because everything was denied, or nothing.
    assert judged["approved"] > 1_000, judged
    assert judged["size"] > 500, judged
    assert judged["leverage"] > 500, judged
    assert judged.keys() >= DENIALS, judged


def _compare(state: State, reading: Reading, mid: Decimal, judged: Counter[str]) -> None:
    for coin, side in itertools.product(COINS, Side):
        index = list(Side).index(side)
        denied_by = _stated(reading, coin)
        if denied_by:
            failing = state.failing(coin, side, leverage=1, size=D(1), stop=state.limits.stop_loss_percent, mid=mid)
            failing |= {"POSITION_HELD"} if "FLIP_WITHOUT_CLOSE" in failing else set()
            assert failing.issuperset(denied_by), (denied_by, failing, coin, side)
            judged.update(denied_by)
            continue
        for column, stop in enumerate(reading.stops):
            usable = int(reading.leverages[coin][column][index])
            failing = state.failing(coin, side, leverage=usable + 1, size=D("0.2"), stop=stop, mid=mid)
            assert failing & {"LEVERAGE", "LIQUIDATION_DISTANCE"}, (coin, side, stop, usable, failing)
            judged["leverage"] += 1
            for name, cells in reading.sizes.items():
                leverage, largest = int(name.removesuffix("x")), cells[column][index]
                if leverage > usable:
                    continue
                if largest:
                    failing = state.failing(coin, side, leverage=leverage, size=largest, stop=stop, mid=mid)
                    assert not failing, (coin, side, leverage, largest, stop, failing)
                    judged["approved"] += 1
                above = max(D(1), (largest + STEP_PERCENT) * SLACK)
                failing = state.failing(coin, side, leverage=leverage, size=above, stop=stop, mid=mid)
                assert failing, (coin, side, leverage, above, stop)
                judged["size"] += 1


def _stated(reading: Reading, coin: Symbol) -> list[str]:
    """The codes by which the prompt calls an entry on the coin denied; none when it is allowed."""
    general = [] if reading.denied_by == "none" else reading.denied_by.split(",")
    own = reading.coins.get(coin, "SYMBOL_UNKNOWN").split("_until_")[0]
    return general if own == "free" else [*general, own]
