"""The executor with another roster: a third contender trades, and a coin that the roster doesn't list is external."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from executor_harness import ExecutorHarness

from common.events import AccountUpdated
from common.events.codec import decode
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.orders import Side
from support.executor_process import CONTENDERS, environment, fresh_accounts
from support.simulator_process import ForkedSimulator

THIRD = "mistral"


def write_roster(path: Path) -> Path:
    """The default contenders and a third one, on two coins."""
    default = read_roster(None)
    third = default.contenders[0].model_copy(update={"id": THIRD, "name": "Mistral", "color": "#123456"})
    rows = []
    for contender in (*default.contenders, third):
        values = {key: value for key, value in contender.model_dump().items() if value is not None}
        lines = [
            f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
        ]
        rows.append("\n".join(["[[contenders]]", *lines]))
    path.write_text('coins = ["BTC", "SOL"]\n\n' + "\n\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def simulator(shared_simulator: ForkedSimulator) -> Iterator[ForkedSimulator]:
    with fresh_accounts(shared_simulator, (*CONTENDERS, THIRD)):
        yield shared_simulator


@pytest.fixture
async def harness(
    tmp_path: Path, simulator: ForkedSimulator, redis_url: str, database_url: str
) -> AsyncIterator[ExecutorHarness]:
    roster = write_roster(tmp_path / "arena.toml")
    third = environment(tmp_path, api_url="", redis_url="", database_url="", contenders=[THIRD])
    changed = {name: value for name, value in third.items() if name.endswith(THIRD.upper())}
    harness = ExecutorHarness(tmp_path, simulator, redis_url, database_url, changed | {"ARENA_FILE": str(roster)})
    try:
        await harness.open()
        yield harness
    finally:
        await harness.close()


async def account_of(harness: ExecutorHarness, model: str) -> AccountUpdated | None:
    client: Any = harness.bus.client
    body = await client.get(f"account:{model}")
    return None if body is None else decode("account.updated", body).data


async def test_a_third_contender_trades_and_is_protected(harness: ExecutorHarness) -> None:
    entry = harness.approve(Side.LONG, "5", Symbol.SOL, model=THIRD)
    await harness.send(entry)
    assert await harness.ended(entry) == "FILLED"

    async def is_protected() -> bool:
        account = await account_of(harness, THIRD)
        return account is not None and [each.protected for each in account.positions] == [True]

    await harness.until("a protected position of the third contender", is_protected)
    others = [await account_of(harness, model) for model in CONTENDERS]
    assert [account is not None and account.positions for account in others] == [(), ()]


async def test_a_coin_outside_the_roster_is_external(harness: ExecutorHarness) -> None:
    with harness.by_hand(THIRD) as exchange:
        exchange.market_open("ETH", is_buy=True, sz=0.5)

    async def is_external() -> bool:
        account = await account_of(harness, THIRD)
        return account is not None and [each.coin for each in account.external_positions] == ["ETH"]

    await harness.until("the external position", is_external)
    account = await account_of(harness, THIRD)
    assert account is not None
    assert account.positions == ()
