"""What must hold at the end of a run, after a time without faults."""

from decimal import Decimal
from typing import Any

from common.events import AccountUpdated, RiskApproved
from common.events.catalog import CATALOG, DEAD_SUFFIX
from common.events.codec import decode
from common.trading.orders import UNFINISHED, OrderSide
from recorder.domain.sequences import Sequences
from recorder.domain.trades import FillRow, build_trades
from simulation.checks.invariants import is_covered
from simulation.failure import SimulationFailed
from simulation.harness import BALANCE_USD, Harness
from simulator.exchange.state.account import Account, figures

ACCOUNT_AGE_MS = 10_000
RESIDUAL_FRACTION = Decimal("0.0001")
OUTCOMES = ("order.accepted", "order.rejected", "order.cancelled", "order.filled")


def check_final_state(harness: Harness) -> None:
    """Nothing unfinished, nothing lost, no order left behind, and the recorder's tables agree with the exchange."""
    _check_readiness(harness)
    _check_nothing_unfinished(harness)
    # An event that the recorder had not read when Redis was wiped is lost for good.
    is_all_recorded = not harness.faults.counts["wipe"]
    if is_all_recorded:
        _check_nothing_lost(harness)
    for model in harness.models:
        if is_all_recorded:
            _check_reconciliation(harness, model)
        _check_open_orders(harness, model)
    if not harness.has_false_answers:
        _check_rejections(harness)


def _check_readiness(harness: Harness) -> None:
    """Every service is ready again, and publishes its accounts' states."""
    unready = {name: service.readiness.unmet for name, service in harness.services.items()}
    executors = {name: unready.pop(name) for name in [each.name for each in harness.executors]}
    if any(unready.values()) or all(executors.values()):
        unready |= executors
        raise SimulationFailed(f"not ready after the recovery: {unready}")
    for model in harness.models:
        body = harness.bus.cache.get(f"account:{model}")
        if body is None:
            raise SimulationFailed(f"{model}: no account state is published")
        account = decode(AccountUpdated.TYPE, body if isinstance(body, bytes) else body.encode()).data
        age_ms = harness.clock.now_ms() - account.received_ms
        if age_ms > ACCOUNT_AGE_MS:
            raise SimulationFailed(f"{model}: the last account state is {age_ms} ms old")


def _check_nothing_unfinished(harness: Harness) -> None:
    database = harness.database
    statuses = ", ".join(f"'{status}'" for status in UNFINISHED)
    rows = database.rows(f"SELECT intent_id, status FROM intents WHERE status IN ({statuses})")
    if rows:
        raise SimulationFailed(f"still unfinished: {rows}")
    if database.rows("SELECT * FROM executor_outbox"):
        raise SimulationFailed("events were left in the outbox")
    dead = [name for name in CATALOG if harness.bus.events(name + DEAD_SUFFIX)]
    if dead:
        raise SimulationFailed(f"dead letters: {dead}")


def _check_nothing_lost(harness: Harness) -> None:
    """Each approval has its intent, each intent its outcome, each stream all of its sequence numbers."""
    recorded = harness.recorded
    finished: set[str] = {
        event.data.intent_id for event in recorded.values() if event.type in OUTCOMES and event.data.intent_id
    }
    stored = {row["intent_id"] for row in harness.database.rows("SELECT intent_id FROM intents")}
    approved = {event.id for event in recorded.values() if event.type == RiskApproved.TYPE}
    if stored != approved:
        raise SimulationFailed(f"approvals and intents differ: {stored ^ approved}")
    if stored - finished:
        raise SimulationFailed(f"no event says how these intents ended: {stored - finished}")
    sequences = Sequences()
    for name in CATALOG:
        for event in harness.bus.events(name):
            gap = sequences.see(name, event.source or "", event.epoch or 0, event.sequence or 0)
            if gap is not None:
                raise SimulationFailed(f"a gap in the sequence: {gap}")


def _check_rejections(harness: Harness) -> None:
    """Where every answer was true, an order that was published as rejected was never filled."""
    rejected = {e.data.client_order_id for e in harness.recorded.values() if e.type == "order.rejected"}
    for fills in harness.exchange.world.histories.fills.values():
        wrong = {fill.cloid for fill in fills} & rejected
        if wrong:
            raise SimulationFailed(f"published as rejected, and filled: {wrong}")


def _check_reconciliation(harness: Harness, model: str) -> None:
    """The recorded fills are the exchange's, and so are the cash and the positions that follow from them."""
    address, exchange = harness.addresses[model], harness.exchange.world.exchange
    expected = {(fill.tid, fill.oid) for fill in harness.exchange.world.histories.fills.get(address, [])}
    events = [e for e in harness.recorded.values() if e.type == "order.filled" and e.data.model == model]
    recorded = {(event.data.trade_id, event.data.order_id) for event in events}
    if recorded != expected:
        raise SimulationFailed(f"{model}: fills differ: {recorded ^ expected}")
    account: Account = exchange.accounts[address]
    _check_cash(harness, model, events)
    for coin in {event.data.symbol.value for event in events}:
        rows = [_fill_row(event) for event in events if event.data.symbol.value == coin]
        trades = build_trades(rows, {})
        held = sum((t.entry_size - t.exit_size for t in trades if t.closed_ms is None), Decimal(0))
        if held != abs(account.position_size(coin)):
            raise SimulationFailed(f"{model} {coin}: the trades hold {held}, the exchange {account.positions}")


def _check_cash(harness: Harness, model: str, fills: list[Any]) -> None:
    """The cash that follows from the recorded fills and ledger rows is the exchange's."""
    exchange = harness.exchange.world.exchange
    account: Account = exchange.accounts[harness.addresses[model]]
    marks = exchange.marks()
    equity = figures(account, marks).account_value
    cash = equity - sum((p.unrealized(marks[p.coin]) for p in account.positions.values()), Decimal(0))
    ledger = [e.data for e in harness.recorded.values() if e.type == "account.ledger" and e.data.model == model]
    moved = sum((data.amount_usd for data in ledger), BALANCE_USD)
    booked = sum((event.data.closed_pnl_usd - event.data.fee_usd for event in fills), moved)
    if abs(booked - cash) > equity * RESIDUAL_FRACTION:
        raise SimulationFailed(f"{model}: the recorded cash is {booked}, the exchange's {cash}")


def _check_open_orders(harness: Harness, model: str) -> None:
    """Each position is covered, and no order is left on a coin without one."""
    exchange = harness.exchange.world.exchange
    account: Account = exchange.accounts[harness.addresses[model]]
    for coin, position in account.positions.items():
        if not is_covered(exchange, account, coin, position.size):
            raise SimulationFailed(f"{model} {coin}: {position.size} is left without a stop")
    orphans = [o for o in exchange.open_of(account.address) if o.coin not in account.positions]
    if orphans:
        raise SimulationFailed(f"{model}: orders were left on {[order.coin for order in orphans]}")


def _fill_row(event: Any) -> FillRow:
    data = event.data
    return FillRow(
        id=event.id,
        time_ms=event.time_ms,
        trade_id=data.trade_id,
        signed_size=data.size_coin if data.side is OrderSide.BUY else -data.size_coin,
        price=data.price,
        fee=data.fee_usd,
        closed_pnl=data.closed_pnl_usd,
        start_position=data.start_position_coin,
        role=data.role.value,
        is_liquidation=data.is_liquidation,
        intent_id=data.intent_id,
        cycle_id=event.cycle_id,
    )
