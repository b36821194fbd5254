"""What the checks find holds this account's entries back, and nothing else; it ends when the finding does."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from account_harness import AccountHarness

from common.events.alerts import AlertCode
from common.trading.instruments import Symbol
from common.trading.orders import CancelReason, IntentKind, IntentStatus
from executor.account.action_quota import ActionQuota
from executor.account.preflight import INSTRUMENTS_AGE_S, INTERVAL_S, RECHECK_S, SOONEST_S, AccountChecks
from executor.account.submit import OrderSubmitter
from executor.domain.account_standing import NOT_CHECKED
from executor.exchange.http import HttpResponse

Change = Callable[[Any], None]


@pytest.fixture
def checks(harness: AccountHarness) -> AccountChecks:
    harness.context.standing.problems = (NOT_CHECKED,)
    return AccountChecks(harness.context)


def answer_otherwise(harness: AccountHarness, kind: str, change: Change) -> None:
    """From now on the exchange's answers of a kind are changed in place."""
    post = harness.wire.post

    def changed(path: str, body: bytes) -> HttpResponse:
        response = post(path, body)
        if json.loads(body).get("type") != kind:
            return response
        answer = response.json()
        change(answer)
        return HttpResponse(response.status, json.dumps(answer).encode())

    harness.wire.post = changed  # type: ignore[method-assign]


def in_universe(coin: str, **changes: Any) -> Change:
    return lambda meta: next(row for row in meta["universe"] if row["name"] == coin).update(changes)


async def outcome(harness: AccountHarness, size: str, kind: IntentKind = IntentKind.ENTRY) -> tuple[Any, Any]:
    """What becomes of an intent on ETH: its status and reason."""
    intent = await harness.store(harness.approve(size, kind))
    await OrderSubmitter(harness.context, ActionQuota(harness.context)).submit(intent)
    [row] = harness.database.rows("SELECT status, reason FROM intents WHERE intent_id = ?", intent.intent_id)
    return row["status"], row["reason"]


def alerts(harness: AccountHarness) -> list[tuple[str, str]]:
    return [(alert.code, alert.severity) for alert in harness.events("system.alert")]


async def test_before_the_first_answer_no_entry_goes_out(harness: AccountHarness, checks: AccountChecks) -> None:
    harness.wire.lose_request("userRole")
    await checks.run()
    assert not checks.is_due()
    harness.pass_time(SOONEST_S)
    assert checks.is_due()
    assert await outcome(harness, "1") == (IntentStatus.CANCELLED, CancelReason.ACCOUNT_REFUSED)
    harness.wire.reset()
    await checks.run()
    assert (await outcome(harness, "1"))[0] == IntentStatus.FILLED
    assert alerts(harness) == []


async def test_a_delisted_coin_takes_only_its_own_entries(harness: AccountHarness, checks: AccountChecks) -> None:
    await checks.run()
    await outcome(harness, "1")
    answer_otherwise(harness, "meta", in_universe("BNB", isDelisted=True))
    harness.clock.ms += round(INTERVAL_S * 1000)
    assert checks.is_due()
    await checks.run()
    standing = harness.context.standing
    assert not standing.may_enter(Symbol.BNB)
    assert standing.may_enter(Symbol.ETH)
    assert alerts(harness) == [(AlertCode.ACCOUNT_REFUSED, "critical")]
    assert (await outcome(harness, "1", IntentKind.EXIT))[0] == IntentStatus.FILLED


async def test_a_lowered_cap_is_judged_and_stops_nothing(harness: AccountHarness, checks: AccountChecks) -> None:
    await checks.run()
    await outcome(harness, "1")
    answer_otherwise(harness, "meta", in_universe("ETH", maxLeverage=3))
    harness.clock.ms += round(INTERVAL_S * 1000)
    await checks.run()
    [limit, *_] = [each for each in harness.context.standing.leverage_limits if each.symbol is Symbol.ETH]
    assert (limit.lower_bound_usd, limit.max_leverage) == (Decimal(0), 3)
    assert alerts(harness) == [(AlertCode.LEVERAGE_LOWERED, "warning")]
    assert (await outcome(harness, "1", IntentKind.EXIT))[0] == IntentStatus.FILLED


async def test_a_refusal_about_the_account_repeats_the_checks(harness: AccountHarness, checks: AccountChecks) -> None:
    await checks.run()
    assert not checks.is_due()
    harness.context.standing.note_refusal("Price too far from oracle")
    assert not checks.is_due()
    harness.context.standing.note_refusal("User or API Wallet 0x12 does not exist.")
    assert not checks.is_due()
    harness.pass_time(SOONEST_S)
    assert checks.is_due()


async def test_an_ended_wallet_is_alerted_once_and_its_end_too(harness: AccountHarness, checks: AccountChecks) -> None:
    post = harness.wire.post
    answer_otherwise(harness, "userRole", lambda role: (role.clear(), role.update(role="missing"))[0])
    for _ in range(2):
        await checks.run()
        assert "is no API wallet of any account" in harness.context.standing.problems[0]
    assert (await outcome(harness, "1"))[1] == CancelReason.ACCOUNT_REFUSED
    harness.wire.post = post  # type: ignore[method-assign]
    harness.clock.ms += round(RECHECK_S * 1000)
    assert checks.is_due()
    await checks.run()
    assert harness.context.standing.problems == ()
    assert alerts(harness) == [(AlertCode.ACCOUNT_REFUSED, "critical"), (AlertCode.ACCOUNT_ACCEPTED, "info")]


async def test_a_coin_that_is_delisted_for_a_while_is_asked_for_soon_again(
    harness: AccountHarness, checks: AccountChecks
) -> None:
    post = harness.wire.post
    answer_otherwise(harness, "meta", lambda meta: meta["universe"][1].update(name="GONE"))
    harness.clock.ms += round(INSTRUMENTS_AGE_S * 1000) + 1
    await checks.run()
    assert harness.context.standing.problems == ()
    harness.wire.post = post  # type: ignore[method-assign]
    harness.clock.ms += round(RECHECK_S * 1000)
    assert checks.is_due()
    await checks.run()
    assert alerts(harness) == [(AlertCode.ACCOUNT_REFUSED, "critical"), (AlertCode.ACCOUNT_ACCEPTED, "info")]


async def test_a_coin_that_another_account_has_loaded_can_be_signed(harness: AccountHarness) -> None:
    """Accounts share the instruments, and each signs by a map of its own."""
    exchange = harness.context.exchange
    listed = {"name": "LATER", "szDecimals": 2, "maxLeverage": 3}
    answer_otherwise(harness, "meta", lambda meta: meta["universe"].append(listed))
    await exchange._universe.refresh(exchange._ask, 0.0)
    assert await exchange.size_decimals("LATER") == 2
    assert exchange.sign_cancels([("LATER", 1)]).body
