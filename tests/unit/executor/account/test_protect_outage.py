"""What the answer to a journaled close says; the outage protector itself is tested with processes."""

from decimal import Decimal
from typing import Any

import pytest

from common.trading.instruments import Symbol
from executor.account.protect_outage import read_answer
from executor.domain.order import OrderSpec
from executor.storage.close_journal import JournaledClose


def close(answer: Any) -> JournaledClose:
    spec = OrderSpec(
        symbol=Symbol.ETH,
        is_buy=False,
        size_coin=Decimal("0.50"),
        price=Decimal("3600.5"),
        client_order_id="0x1",
        reduce_only=True,
    )
    return JournaledClose("intent", spec, 1_000, sent_ms=1_000, void_after_ms=21_000, answer=answer)


@pytest.mark.parametrize("answer", [{"status": "ok", "response": {}}, {"status": "ok", "response": None}, {}, None])
def test_an_answer_that_cannot_be_read_counts_as_none(answer: Any) -> None:
    assert read_answer(close(answer)) is None


def test_an_answer_says_what_became_of_a_close() -> None:
    refused = read_answer(close({"status": "err", "response": "no"}))
    assert refused is not None
    assert refused.error == "no"
