"""Risk's memory: its bounds, and what is missing after a start."""

from decimal import Decimal

from common.events import IntentKind
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.orders import Side
from risk.gate.gate_input import Reservation
from risk.state.invalidation import TrackedCondition
from risk.state.risk_state import MAX_SEEN, MAX_SNAPSHOTS, ModelState, RiskState, SnapshotMarks
from support.risk_examples import a_condition, a_market, an_account

ROSTER = read_roster(None)


def test_only_the_latest_snapshots_are_kept() -> None:
    state = RiskState.empty(ROSTER.ids)
    for number in range(MAX_SNAPSHOTS + 1):
        state.record_snapshot(str(number), SnapshotMarks(number, {}))
    assert list(state.snapshots) == [str(number) for number in range(1, MAX_SNAPSHOTS + 1)]


def test_only_the_latest_cycles_are_kept() -> None:
    held = ModelState()
    for number in range(MAX_SEEN + 1):
        held.record_seen(str(number), IntentKind.ENTRY)
    assert len(held.seen) == MAX_SEEN
    assert ("0", IntentKind.ENTRY) not in held.seen


def test_missing_ticks_and_accounts_are_named() -> None:
    state = RiskState.empty(ROSTER.ids)
    state.markets = {symbol: a_market() for symbol in ROSTER.coins if symbol is not Symbol.XRP}
    assert state.missing(ROSTER.coins)["market"] == "waiting for ticks of XRP"
    state.markets[Symbol.XRP] = a_market(Decimal(1))
    for model in ROSTER.ids:
        assert f"account-{model}" in state.missing(ROSTER.coins)
        state.model(model).account = an_account(model=model)
    assert state.missing(ROSTER.coins) == {}


def test_a_covered_entry_counts_as_sent_and_a_covered_exit_does_not() -> None:
    held = ModelState()
    for intent_id, kind in (("entry", IntentKind.ENTRY), ("exit", IntentKind.EXIT)):
        held.reservations[intent_id] = Reservation(intent_id, Symbol.BTC, Side.LONG, kind)
    held.end_covered(("entry", "exit", "unknown"), at_ms=0)
    assert held.reservations == {}
    assert held.counters.sent == {"entry"}


def test_the_condition_of_an_unfinished_entry_is_kept() -> None:
    held = ModelState(account=an_account(open_intents=("open",)))
    for intent_id in ("open", "reserved", "closed"):
        held.conditions[intent_id] = TrackedCondition(intent_id, Symbol.BTC, Side.LONG, a_condition(), 0)
    held.reservations["reserved"] = Reservation("reserved", Symbol.BTC, Side.LONG, IntentKind.ENTRY)
    held.forget_closed()
    assert set(held.conditions) == {"open", "reserved"}
