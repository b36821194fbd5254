"""Client order ids."""

from common.trading.orders import OrderRole
from executor.domain.order import client_order_id


def test_client_order_ids_are_functions_of_intent_and_role() -> None:
    ids = {client_order_id("a", role) for role in OrderRole} | {client_order_id("a", OrderRole.STOP, 1)}
    assert len(ids) == len(OrderRole) + 1
    assert client_order_id("a", OrderRole.STOP) == client_order_id("a", OrderRole.STOP)
    assert all(len(each) == 34 and each.startswith("0x") for each in ids)
