"""The recorder ties an account's profit out from its own rows, and charges funding to the trade that paid it."""

from decimal import Decimal
from typing import Any

import pytest

from common.events import (
    AccountLedger,
    AccountSums,
    AlertCode,
    Event,
    LedgerKind,
    OrderFilled,
    OrderRole,
    originate,
)
from common.runtime.database import Pool
from common.trading.instruments import Symbol
from common.trading.orders import OrderSide
from gateway.storage.queries import Queries
from recorder.handlers import Recorder
from support.account_examples import account_event, account_state

START_MS = 1_000_000
ZERO = Decimal(0)


def fill(trade_id: int, side: OrderSide, start: str, closed_pnl: str, at_ms: int) -> Event[Any]:
    payload = OrderFilled(
        model="qwen",
        intent_id=None,
        client_order_id=None,
        order_id=trade_id,
        trade_id=trade_id,
        symbol=Symbol.SOL,
        role=OrderRole.UNKNOWN,
        side=side,
        price=Decimal(180),
        size_coin=Decimal(10),
        fee_usd=Decimal("0.81"),
        closed_pnl_usd=Decimal(closed_pnl),
        start_position_coin=Decimal(start),
        direction="Open Long",
        crossed=True,
        is_liquidation=False,
    )
    return originate(payload, keys=("qwen", trade_id), time_ms=at_ms, now_ms=at_ms)


def ledger(kind: LedgerKind, amount: str, at_ms: int, coin: str | None = None) -> Event[Any]:
    payload = AccountLedger(model="qwen", kind=kind, amount_usd=Decimal(amount), reason="deposit", coin=coin)
    return originate(payload, keys=(kind, at_ms), time_ms=at_ms, now_ms=at_ms)


def state(cash: str, at_ms: int) -> Event[Any]:
    """An account that began with 1,000 USD; the recorder takes only the beginning from the event's sums."""
    sums = AccountSums(
        since_ms=START_MS,
        start_cash_usd=Decimal(1000),
        closed_pnl_usd=ZERO,
        fees_usd=ZERO,
        funding_usd=ZERO,
        transfers_usd=ZERO,
    )
    cash_usd = Decimal(cash)
    figures = {"balance_usd": cash_usd, "available_balance_usd": cash_usd, "unrealized_pnl_usd": Decimal(5)}
    return account_event(
        account_state(model="qwen", address="0xa", at_ms=at_ms, equity_usd=cash_usd + 5, sums=sums, **figures)
    )


def round_trip() -> list[Event[Any]]:
    """Ten SOL bought and sold 20 USD higher, funding paid in between and after, and a deposit."""
    return [
        fill(1, OrderSide.BUY, "0", "0", START_MS + 10),
        ledger(LedgerKind.FUNDING, "-0.25", START_MS + 20, "SOL"),
        fill(2, OrderSide.SELL, "10", "20", START_MS + 30),
        ledger(LedgerKind.FUNDING, "-0.5", START_MS + 40, "SOL"),
        ledger(LedgerKind.TRANSFER, "100", START_MS + 50),
    ]


async def reconciliation(pool: Pool) -> dict[str, Any]:
    [row] = await Queries(pool).rows("SELECT * FROM pnl_reconciliations")
    return dict(row)


def alerts(events: tuple[Event[Any], ...]) -> list[Event[Any]]:
    return [event for event in events if event.type == "system.alert"]


@pytest.mark.parametrize("is_late", [False, True])
async def test_funding_is_charged_to_the_trade_that_paid_it(recorder: Recorder, pool: Pool, is_late: bool) -> None:
    events = round_trip()
    if is_late:
        events = [*events[::2], *events[1::2]]
    for event in events:
        await recorder.store([event], 1)
    [trade] = await Queries(pool).rows("SELECT * FROM api_trades")
    assert Decimal(trade["funding"]) == Decimal("0.25")
    assert Decimal(trade["pnl"]) == 20 - 2 * Decimal("0.81") - Decimal("0.25")


async def test_an_account_ties_out_from_the_recorded_rows(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([*round_trip(), ledger(LedgerKind.FUNDING, "-7", START_MS - 1, "SOL")], 1)
    cash = 1000 + 20 - 2 * Decimal("0.81") - Decimal("0.75") + 100
    assert alerts(await recorder.store([state(str(cash), START_MS + 60)], 1)) == []
    row = await reconciliation(pool)
    assert row["residual"] == 0
    assert (row["closed_pnl"], row["fees"], row["funding"], row["transfers"]) == (
        20,
        Decimal("1.62"),
        Decimal("-0.75"),
        100,
    )


async def test_unexplained_cash_is_stored_and_alerted_once(recorder: Recorder, pool: Pool) -> None:
    await recorder.store([state("1000", START_MS)], 1)
    first, later = state("1001.5", START_MS + 60_000), state("1001.5", START_MS + 95_000)
    assert alerts(await recorder.store([first], 1)) == []
    late_alerts = alerts(await recorder.store([later], 1))
    assert [(alert.data.code, alert.data.figures["residual_usd"]) for alert in late_alerts] == [
        (AlertCode.PNL_RESIDUAL, "1.500000")
    ]
    assert alerts(await recorder.store([later], 1)) == late_alerts
    assert alerts(await recorder.store([state("1001.5", START_MS + 300_000)], 1)) == []
    assert (await reconciliation(pool))["residual"] == Decimal("1.5")
    await recorder.store([ledger(LedgerKind.TRADE, "1.5", START_MS + 5, "ATOM")], 1)
    await recorder.store([state("1001.5", START_MS + 400_000)], 1)
    assert (await reconciliation(pool))["residual"] == 0


async def test_an_explanation_within_half_a_minute_prevents_the_alert(recorder: Recorder) -> None:
    deposit = ledger(LedgerKind.TRANSFER, "300", START_MS + 50)
    await recorder.store([state("1300", START_MS + 60)], 1)
    await recorder.store([deposit], 1)
    for seconds in (10, 40, 80):
        assert alerts(await recorder.store([state("1300", START_MS + seconds * 1000)], 1)) == []
