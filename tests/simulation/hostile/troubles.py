"""What the hostile fault set is made of: each trouble begins at once and lasts for a time, or changes something once.

`blocks` marks those during which nothing that the executor could do would reach the exchange: then the time that a
position has no stop isn't counted.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Final

from common.events import Command
from simulation.faults import RequestWindow
from simulation.harness import Harness
from simulation.hostile.store_states import BUS_STATES, DATABASE_STATES
from simulator.exchange import interventions
from simulator.exchange.state import account_modes
from simulator.exchange.state.account import Account
from simulator.exchange.state.deviations import LAG, ODD_ROWS, SHORT_PAGES, ReadFault, Refusal
from simulator.exchange.state.keys import AGENT_LIFE_MS, Agent
from simulator.exchange.transfers import withdrawable_usd
from support.executor_process import wallet_of

DAY_S = 86_400.0
LAG_S = (0.2, 10.0)
STATES = ("clearinghouseState",)
ORDERS = ("openOrders", "frontendOpenOrders")
FILLS = ("userFills", "userFillsByTime")
READS = (
    "clearinghouseState",
    "frontendOpenOrders",
    "userFillsByTime",
    "orderStatus",
    "historicalOrders",
    "userFunding",
    "userNonFundingLedgerUpdates",
    "meta",
    "userRateLimit",
    "allMids",
)
AWAY_KINDS = ("bad_gateway", "too_many", "lost", "blank")
MODES = (*3 * (account_modes.UNIFIED,), account_modes.DISABLED, account_modes.PORTFOLIO_MARGIN, "aModeOfTomorrow")
SENT_OUT, SENT_IN = Decimal("0.4"), Decimal(1)

Begin = Callable[[Harness, random.Random, float], None]


@dataclass(frozen=True, slots=True)
class Trouble:
    """`begin(harness, rng, length_s)` starts it and arranges its end. `blocks` says that protection is impossible."""

    name: str
    begin: Begin
    shortest_s: float = 5.0
    longest_s: float = 60.0
    blocks: bool = False


def _note(harness: Harness, event: str, **figures: object) -> None:
    harness.trace.record("trouble", event, **figures)


def _until_ms(harness: Harness, length_s: float) -> int:
    return harness.exchange_clock.now_ms() + round(length_s * 1000)


def _users(harness: Harness, rng: random.Random) -> list[str | None]:
    """One account or all."""
    return rng.choice([[None], [rng.choice(sorted(harness.addresses.values()))]])


def _account(harness: Harness, rng: random.Random) -> Account:
    accounts = harness.exchange.world.exchange.accounts
    return accounts[rng.choice(sorted(harness.addresses.values()))]


def _lag(kinds: tuple[str, ...], harness: Harness, rng: random.Random, length_s: float) -> None:
    lag_s = rng.uniform(*LAG_S)
    harness.faults.record_lag(harness.loop.time() + length_s, lag_s)
    _note(harness, "lag", lag_s=round(lag_s, 3), kinds=kinds)
    for user in _users(harness, rng):
        for kind in kinds:
            fault = ReadFault(LAG, kind, user, _until_ms(harness, length_s), lag_ms=round(lag_s * 1000))
            harness.exchange.world.exchange.deviations.reads.append(fault)


def _short_pages(harness: Harness, rng: random.Random, length_s: float) -> None:
    fault = ReadFault(SHORT_PAGES, until_ms=_until_ms(harness, length_s), rows=rng.choice((2, 5, 100)))
    harness.exchange.world.exchange.deviations.reads.append(fault)


def _odd_rows(harness: Harness, rng: random.Random, length_s: float) -> None:
    for user in _users(harness, rng):
        fault = ReadFault(ODD_ROWS, "*", user, _until_ms(harness, length_s))
        harness.exchange.world.exchange.deviations.reads.append(fault)


def _endpoint_away(harness: Harness, rng: random.Random, length_s: float) -> None:
    _add_window(harness, RequestWindow(rng.choice(AWAY_KINDS), rng.choice(READS), harness.loop.time() + length_s))


def _drip(harness: Harness, rng: random.Random, length_s: float) -> None:
    """An answer of one byte a second is as good as none: a request has a total deadline."""
    target = rng.choice((*READS, "order"))
    _add_window(harness, RequestWindow("reply_lost", target, harness.loop.time() + length_s))


def _add_window(harness: Harness, window: RequestWindow) -> None:
    harness.faults.windows.append(window)
    _note(harness, "requests", kind=window.kind, target=window.target)


def _actions_away(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.faults.windows.append(RequestWindow("outage", "/exchange", harness.loop.time() + length_s))


def _post_only(harness: Harness, rng: random.Random, length_s: float) -> None:
    deviations = harness.exchange.world.exchange.deviations
    deviations.post_only_until_ms = max(deviations.post_only_until_ms, _until_ms(harness, length_s))


def _leverage_lowered(harness: Harness, rng: random.Random, length_s: float) -> None:
    exchange = harness.exchange.world.exchange
    for name, coin in list(exchange.market.listing.coins.items()):
        interventions.change_leverage(exchange, name, max(1, coin.max_leverage // rng.choice((2, 4))))


def _delisted(harness: Harness, rng: random.Random, length_s: float) -> None:
    exchange = harness.exchange.world.exchange
    listed = sorted(exchange.market.listing.coins.keys() - exchange.market.listing.delisted)
    if len(listed) > 2:
        coin = rng.choice(listed)
        _note(harness, "delisted", coin=coin)
        interventions.delist(exchange, coin, harness.exchange_clock.now_ms())
        harness.exchange.publish_changes()


def _wallet_gone(harness: Harness, rng: random.Random, length_s: float) -> None:
    """One account's API wallet is pruned; a person approves it again after a while."""
    keys = harness.exchange.world.keys
    model = rng.choice(list(harness.models))
    if wallet_of(model) not in keys.agents:
        return
    interventions.prune_wallet(keys, wallet_of(model))
    harness.faults.at_end(harness.loop, length_s, partial(_approve, harness, model))


def _approve(harness: Harness, model: str) -> None:
    until_ms = harness.exchange_clock.now_ms() + AGENT_LIFE_MS
    harness.exchange.world.keys.approve(Agent(wallet_of(model), harness.addresses[model], "aicoin", until_ms))


def _refused(role: str, harness: Harness, rng: random.Random, length_s: float) -> None:
    _note(harness, "orders refused", role=role)
    refusals = harness.exchange.world.exchange.deviations.refusals
    refusals.append(Refusal("A reason that no client knows.", role, count=rng.choice((1, 2, 8))))


def _skew(skews_s: tuple[float, ...], harness: Harness, rng: random.Random, length_s: float) -> None:
    """The clock of the machine that the services run on; the exchange's is right."""
    harness.faults.skew_ms = round(rng.choice(skews_s) * 1000)
    _note(harness, "clock", skew_ms=harness.faults.skew_ms)
    harness.faults.at_end(harness.loop, length_s, partial(_true_clock, harness))


def _true_clock(harness: Harness) -> None:
    harness.faults.skew_ms = 0


def _cancelled_by_hand(harness: Harness, rng: random.Random, length_s: float) -> None:
    """A person cancels one leg, or everything that protects a position."""
    positions = held_positions(harness)
    if positions:
        what = rng.choice((interventions.STOPS, interventions.STOPS, interventions.TARGETS, interventions.ALL))
        cancel_by_hand(harness, [rng.choice(positions)], what)


def held_positions(harness: Harness) -> list[tuple[str, str]]:
    """(account, coin) of every position."""
    accounts = harness.exchange.world.exchange.accounts
    return [(address, coin) for address in sorted(harness.addresses.values()) for coin in accounts[address].positions]


def cancel_by_hand(harness: Harness, positions: list[tuple[str, str]], what: str) -> None:
    """Cancels the stops, targets or all orders of these positions."""
    exchange, now_ms = harness.exchange.world.exchange, harness.exchange_clock.now_ms()
    for address, coin in positions:
        count = interventions.cancel_by_hand(exchange, address, what, now_ms, coin)
        _note(harness, "cancelled by hand", account=address, coin=coin, what=what, count=count)
    harness.exchange.publish_changes()


def _pause(names: tuple[str, ...], harness: Harness, rng: random.Random, length_s: float) -> None:
    """A process doesn't run for a while, as behind a suspended laptop or a full disk, and goes on as if nothing was."""
    process = harness.processes[rng.choice(names)]
    _note(harness, "paused", process=process.name)
    process.pause(length_s)
    harness.faults.at_end(harness.loop, length_s, process.resume)


def _database_state(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.faults.database_state = rng.choice(DATABASE_STATES)
    _note(harness, "database", state=harness.faults.database_state)
    harness.faults.database_state_until_s = harness.loop.time() + length_s


def _bus_state(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.faults.bus_state = rng.choice(BUS_STATES)
    _note(harness, "Redis", word=harness.faults.bus_state.word)
    harness.faults.bus_state_until_s = harness.loop.time() + length_s


def _mode_switched(harness: Harness, rng: random.Random, length_s: float) -> None:
    account = _account(harness, rng)
    mode = rng.choice(MODES)
    if mode in account_modes.POOLED or not account.is_pooled:  # There is no way back to balances of their own.
        account.set_mode(mode)
    harness.exchange.world.exchange.changes.accounts.add(account.address)
    _note(harness, "mode", account=account.address, mode=account.mode)
    harness.exchange.publish_changes()


def _transfer(harness: Harness, rng: random.Random, length_s: float) -> None:
    """Sends out two fifths of an account, or in as much as it had, in one of the ways that there are."""
    exchange, account = harness.exchange.world.exchange, _account(harness, rng)
    free = withdrawable_usd(exchange, account)
    if rng.random() < 0.5:
        usd = -min(free, exchange.deposited * SENT_OUT / len(harness.models))
        kind = rng.choice(("send", "withdraw", "internalTransfer", "vaultDeposit", "spotTransfer"))
        kind = "send" if kind == "spotTransfer" and not account.is_pooled else kind
    else:
        usd = max(Decimal(1), free) * SENT_IN
        kind = rng.choice(("send", "deposit", "internalTransfer", "vaultWithdraw", "rewardsClaim"))
    usd = usd.quantize(Decimal("0.01"))
    if usd:
        _note(harness, "cash", account=account.address, kind=kind, usd=usd)
        interventions.move_cash(exchange, account.address, kind, usd, harness.exchange_clock.now_ms())
        harness.exchange.publish_changes()


def _silent_stream(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.faults.stream_until_s = harness.loop.time() + length_s


def _outage(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.faults.outage_until_s = harness.loop.time() + length_s


def _kill(harness: Harness, rng: random.Random, length_s: float) -> None:
    harness.processes[rng.choice(list(harness.processes))].kill("a trouble")


def _halt(harness: Harness, rng: random.Random, length_s: float) -> None:
    model = rng.choice((*harness.models, None))
    number = f"trouble {harness.loop.time():.3f}"
    harness.spawn(harness.send_command(rng.choice((Command.HALT, Command.FLATTEN)), model, number))
    resume = partial(harness.send_command, Command.RESUME, model, number)
    harness.faults.at_end(harness.loop, length_s, lambda: harness.spawn(resume()))


TROUBLES: Final = {
    trouble.name: trouble
    for trouble in (
        Trouble("states lag", partial(_lag, STATES)),
        Trouble("orders lag", partial(_lag, ORDERS)),
        Trouble("fills lag", partial(_lag, FILLS)),
        Trouble("short pages", _short_pages),
        Trouble("odd rows", _odd_rows),
        Trouble("endpoint away", _endpoint_away),
        Trouble("answers drip", _drip),
        Trouble("actions away", _actions_away, longest_s=30.0, blocks=True),
        Trouble("post-only time", _post_only, blocks=True),
        Trouble("leverage lowered", _leverage_lowered),
        Trouble("coin delisted", _delisted),
        Trouble("wallet gone", _wallet_gone, blocks=True),
        Trouble("triggers refused", partial(_refused, "trigger")),
        Trouble("closes refused", partial(_refused, "closing")),
        Trouble("clock skewed", partial(_skew, (-60.0, -20.0, -12.0, 12.0, 20.0, 60.0))),
        Trouble("clock days off", partial(_skew, (-3 * DAY_S, -1.5 * DAY_S, 1.5 * DAY_S, 3 * DAY_S))),
        Trouble("cancelled by hand", _cancelled_by_hand),
        Trouble("executor paused", partial(_pause, ("executor",)), blocks=True),
        Trouble("process paused", partial(_pause, ("risk", "recorder"))),
        Trouble("database not now", _database_state),
        Trouble("Redis not now", _bus_state),
        Trouble("mode switched", _mode_switched),
        Trouble("cash moved", _transfer),
        Trouble("stream silent", _silent_stream),
        Trouble("outage", _outage, longest_s=45.0, blocks=True),
        Trouble("process killed", _kill),
        Trouble("people halt", _halt),
    )
}


def begin_trouble(harness: Harness, trouble: Trouble, rng: random.Random) -> float:
    """Begins a trouble of a drawn length; returns the length in seconds."""
    length_s = rng.uniform(trouble.shortest_s, trouble.longest_s)
    harness.faults.counts[f"trouble {trouble.name}"] += 1
    harness.trace.record("trouble", trouble.name, length_s=round(length_s, 3))
    if trouble.blocks:
        harness.faults.block_protection(harness.loop.time() + length_s)
    trouble.begin(harness, rng, length_s)
    return length_s
