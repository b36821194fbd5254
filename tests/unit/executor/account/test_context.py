"""Sending through the context: each send has its line in the log, and none goes out without the lease."""

from typing import Any

import pytest
from account_harness import ETH, MODEL, AccountHarness

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from executor.domain.order import SendPurpose, SignedAction
from executor.exchange.errors import UnknownOutcome


def leverage(harness: AccountHarness) -> SignedAction:
    return harness.context.exchange.sign_leverage(ETH, 3)


def send_log(harness: AccountHarness) -> list[Any]:
    return [dict(row) for row in harness.database.rows("SELECT * FROM intent_sends ORDER BY number")]


def actions_sent(harness: AccountHarness) -> int:
    return sum("updateLeverage" in request for request in harness.wire.requests)


async def test_a_send_has_its_nonce_and_its_answer_in_the_log(harness: AccountHarness) -> None:
    action = leverage(harness)
    answer = await harness.context.send_logged("a word", SendPurpose.LEVERAGE, action)
    assert answer["status"] == "ok"
    [line] = send_log(harness)
    assert (line["intent_id"], line["purpose"], line["nonce"]) == ("a word", SendPurpose.LEVERAGE, action.nonce)
    assert line["outcome"] == str(answer)


@pytest.mark.parametrize("is_carried_out", [False, True])
async def test_a_lost_answer_is_logged_as_unknown(harness: AccountHarness, is_carried_out: bool) -> None:
    (harness.wire.lose_reply if is_carried_out else harness.wire.lose_request)("updateLeverage")
    with pytest.raises(UnknownOutcome):
        await harness.context.send_logged("a word", SendPurpose.LEVERAGE, leverage(harness))
    [line] = send_log(harness)
    assert line["outcome"].startswith("unknown: ")


async def test_without_the_lease_nothing_leaves(harness: AccountHarness) -> None:
    harness.is_owner = False
    with pytest.raises(UnknownOutcome, match="another process may own the account"):
        await harness.context.send_logged("a word", SendPurpose.LEVERAGE, leverage(harness))
    assert actions_sent(harness) == 0
    [line] = send_log(harness)
    assert line["outcome"] == "not sent: another process may own the account"


async def test_bytes_recorded_elsewhere_are_sent_without_a_line(harness: AccountHarness) -> None:
    await harness.context.send(leverage(harness).body)
    assert (actions_sent(harness), send_log(harness)) == (1, [])


async def test_an_alert_names_the_account_and_is_the_same_twice(harness: AccountHarness) -> None:
    for key in ("one", "one", "two"):
        await harness.context.alert(
            AlertCode.EXTERNAL_POSITION, AlertSeverity.WARNING, "seen", key=key, now_ms=1, symbol="SOL"
        )
    assert {alert.model for alert in harness.events("system.alert")} == {MODEL}
    assert {alert.figures["symbol"] for alert in harness.events("system.alert")} == {"SOL"}
    assert len(harness.event_ids("system.alert")) == 2
