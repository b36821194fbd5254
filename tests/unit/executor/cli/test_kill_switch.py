"""The kill switch on an in-process exchange: what is away, refused or unreadable keeps nothing else from closing."""

import asyncio
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from account_harness import MODEL, AccountHarness
from manual_clock import ManualClock

from common.trading.orders import IntentKind
from executor.account.action_quota import ActionQuota
from executor.account.submit import OrderSubmitter
from executor.cli.kill_switch import ROUNDS, SLIPPAGES, KillSwitch, Signer
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import ExchangeUnavailable
from executor.exchange.http import ExchangeConfig, HttpResponse
from executor.exchange.rate_limit import RequestRateLimiter
from executor.exchange.universe import UNIVERSE_FILE, Universe, ask_universe, read_universe
from simulation.adapters.network import Wallet
from support.executor_process import address_of, key_of, kill_key_of

DAY_MS = 86_400_000
UNMATCHED = "Order could not immediately match against any resting orders."


async def run_inline(function: Any, *arguments: Any) -> Any:
    return function(*arguments)


class Switch:
    """A kill switch on the harness's exchange, which knows the executor's key alone."""

    def __init__(
        self,
        harness: AccountHarness,
        *keys: str,
        clock: Any = None,
        wire: Any = None,
        universe_file: Path | None = None,
    ) -> None:
        self.lines: list[str] = []
        clock = clock or harness.clock
        config = ExchangeConfig(
            url="http://simulated",
            timeout_s=1.0,
            action_life_ms=1_000,
            universe_file=universe_file,
            open_transport=lambda url, timeout_s: wire or harness.wire,
            run_blocking=run_inline,
            open_wallet=Wallet,
        )
        signers = [
            Signer(
                f"KEY_{number}",
                ExchangeClient(
                    key=key,
                    address=address_of(MODEL),
                    coins=(),
                    config=config,
                    rate_limiter=RequestRateLimiter(1_200),
                    clock=clock,
                ),
            )
            for number, key in enumerate(keys or (key_of(MODEL),))
        ]
        self.switch = KillSwitch(signers, clock, self.lines.append)

    async def run(self) -> bool:
        return await self.switch.run()


@pytest.fixture
async def held(tmp_path: Path) -> AccountHarness:
    """A protected position."""
    harness = AccountHarness(tmp_path)
    await harness.open()
    submitter = OrderSubmitter(harness.context, ActionQuota(harness.context))
    await submitter.submit(await harness.store(harness.approve("1", IntentKind.ENTRY)))
    assert harness.held()
    harness.wire.requests.clear()
    return harness


async def test_with_meta_away_the_kept_instruments_close(held: AccountHarness, tmp_path: Path) -> None:
    config = replace(held.context.exchange._config, universe_file=tmp_path / UNIVERSE_FILE)
    held.context.exchange._universe = Universe(config, held.clock)
    await held.context.exchange.refresh_universe()
    held.wire.lose_request('"meta"')
    switch = Switch(held, universe_file=tmp_path / UNIVERSE_FILE)
    assert await switch.run()
    assert is_out(held)
    assert read_universe(replace(config, url="http://another")) is None


async def test_a_disk_that_hangs_has_kept_nothing(tmp_path: Path) -> None:
    """A pipe that no one writes to is such a disk."""
    path = tmp_path / UNIVERSE_FILE
    os.mkfifo(path)
    config = ExchangeConfig(url="http://simulated", timeout_s=1.0, action_life_ms=1_000, universe_file=path)

    async def ask(question: Any) -> Any:
        raise ExchangeUnavailable("meta is away")

    try:
        async with asyncio.timeout(10):
            with pytest.raises(ExchangeUnavailable, match="meta is away"):
                await ask_universe(ask, config)
    finally:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))


def actions(harness: AccountHarness) -> list[Any]:
    bodies = [json.loads(text) for text in harness.wire.requests]
    return [body for body in bodies if "action" in body]


def is_out(harness: AccountHarness) -> bool:
    return harness.held() == 0 and harness.open_orders() == []


async def test_closes_go_out_before_the_orders_are_even_read(held: AccountHarness) -> None:
    assert await Switch(held).run()
    kinds = [json.loads(text).get("type") or json.loads(text)["action"]["type"] for text in held.wire.requests]
    assert kinds[:4] == ["clearinghouseState", "meta", "order", "frontendOpenOrders"]
    assert is_out(held)


@pytest.mark.parametrize("ahead_ms", [-12_000, -20_000, -60_000, 12_000, 60_000, 3 * DAY_MS, -3 * DAY_MS])
async def test_no_clock_keeps_it_from_closing(held: AccountHarness, ahead_ms: int) -> None:
    held.wire.lose_request("exchangeStatus")
    switch = Switch(held, clock=ManualClock(held.clock.ms - ahead_ms))
    assert await switch.run()
    assert is_out(held)
    assert all(body["expiresAfter"] is None for body in actions(held))


async def test_no_round_waits_for_the_exchanges_clock(held: AccountHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    answer_now = asyncio.Event()
    switch = Switch(held)
    monkeypatch.setattr(switch.switch.signers[0].exchange, "read_clock", answer_now.wait)
    async with asyncio.timeout(10):
        assert await switch.run()
    assert is_out(held)


async def test_a_key_that_has_ended_gives_way_to_the_executors(held: AccountHarness) -> None:
    switch = Switch(held, kill_key_of(MODEL), key_of(MODEL))
    assert await switch.run()
    assert is_out(held)
    [line] = [line for line in switch.lines if line.startswith("KEY_0: ")]
    assert "does not exist" in line
    assert "Signing with KEY_1 instead" in line


async def test_without_a_key_that_is_taken_it_ends(held: AccountHarness) -> None:
    switch = Switch(held, kill_key_of(MODEL))
    assert not await switch.run()
    assert len([line for line in switch.lines if line.startswith("closes sent")]) == ROUNDS


async def test_refused_closes_widen_their_collar(held: AccountHarness) -> None:
    for _ in range(len(SLIPPAGES)):
        answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": UNMATCHED}]}}}
        held.wire.answer_once('"type": "order"', answer)
    assert await Switch(held).run()
    prices = [float(body["action"]["orders"][0]["p"]) for body in actions(held) if body["action"]["type"] == "order"]
    assert len(prices) == len(SLIPPAGES) + 1
    assert prices[:-1] == sorted(prices[:-1], reverse=True)
    assert prices[-1] == prices[-2]


async def test_in_a_post_only_window_the_collar_stays(held: AccountHarness) -> None:
    text = "Only post-only orders allowed immediately after a network upgrade"
    answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": [{"error": text}]}}}
    held.wire.answer_once('"type": "order"', answer)
    assert await Switch(held).run()
    prices = {body["action"]["orders"][0]["p"] for body in actions(held) if body["action"]["type"] == "order"}
    assert len(prices) == 1


async def test_while_orders_cannot_be_read_positions_are_closed(held: AccountHarness) -> None:
    held.wire.lose_request("frontendOpenOrders")
    switch = Switch(held)
    assert not await switch.run()
    assert held.held() == 0


async def test_while_positions_cannot_be_read_entries_are_cancelled(held: AccountHarness) -> None:
    held.wire.requests.clear()
    held.wire.lose_request("clearinghouseState")
    rest(held)
    switch = Switch(held)
    assert not await switch.run()
    held.wire.reset()
    assert [order["reduceOnly"] for order in held.open_orders()] == [True, True]
    assert any(line.startswith("positions unknown") for line in switch.lines)


def rest(harness: AccountHarness) -> None:
    """Places an entry that rests."""
    request = {
        "coin": "BTC",
        "is_buy": True,
        "sz": 0.001,
        "limit_px": 50_000.0,
        "order_type": {"limit": {"tif": "Gtc"}},
        "reduce_only": False,
    }
    harness.exchange.request("/exchange", json.loads(harness.context.exchange.sign_requests([request]).body))


class AlteredState:
    """The harness's wire, with something added to each account state."""

    def __init__(self, harness: AccountHarness, row: Any) -> None:
        self._wire, self._row = harness.wire, row

    def post(self, path: str, body: bytes) -> HttpResponse:
        response = self._wire.post(path, body)
        if b"clearinghouseState" not in body:
            return response
        state = response.json()
        state["assetPositions"].append({"type": "oneWay", "position": self._row})
        return HttpResponse(200, json.dumps(state).encode())

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("row", "ends_out"),
    [
        ({"coin": "BTC", "szi": "0.0", "positionValue": None}, True),
        ({"coin": "BTC", "szi": None, "positionValue": "5.0"}, False),
        ({"coin": "NEW", "szi": "1.0", "positionValue": None, "novel": {}}, False),
    ],
)
async def test_one_odd_row_hides_no_other_position(held: AccountHarness, row: Any, ends_out: bool) -> None:
    switch = Switch(held, wire=AlteredState(held, row))
    assert await switch.run() is ends_out
    assert held.held() == 0


async def test_an_action_refused_whole_is_tried_coin_by_coin(held: AccountHarness) -> None:
    mark = held.exchange.world.market.coins["BTC"].mark_price
    request = {
        "coin": "BTC",
        "is_buy": True,
        "sz": 0.01,
        "limit_px": float(round(mark * Decimal("1.02"))),
        "order_type": {"limit": {"tif": "Ioc"}},
        "reduce_only": False,
    }
    held.exchange.request("/exchange", json.loads(held.context.exchange.sign_requests([request]).body))
    held.wire.answer_once('"type": "order"', {"status": "err", "response": "Internal error"})
    assert await Switch(held).run()
    counts = [len(body["action"]["orders"]) for body in actions(held) if body["action"]["type"] == "order"]
    assert counts == [2, 1, 1]


async def test_a_lost_answer_closes_nothing_twice(held: AccountHarness) -> None:
    size = held.held()
    held.wire.lose_reply('"type": "order"')
    switch = Switch(held)
    assert await switch.run()
    status, body = held.exchange.request("/info", {"type": "userFills", "user": address_of(MODEL)})
    assert status == 200
    sold = [float(fill["sz"]) for fill in json.loads(body) if fill["side"] == "A"]
    assert sum(sold) == float(size)


@pytest.mark.parametrize("is_clock_away", [False, True])
async def test_a_lagging_state_without_a_position_is_no_proof(tmp_path: Path, is_clock_away: bool) -> None:
    harness = AccountHarness(tmp_path)
    await harness.open()
    harness.wire.hold("clearinghouseState")
    submitter = OrderSubmitter(harness.context, ActionQuota(harness.context))
    await submitter.submit(await harness.store(harness.approve("1", IntentKind.ENTRY)))
    harness.wire.requests.clear()
    if is_clock_away:
        harness.wire.lose_request("exchangeStatus")
    stops: list[int] = []

    class Lagging(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            harness.exchange.world.market.time_ms = self.ms
            if self.ms - harness.clock.ms < 5_000:
                stops.append(len(harness.open_orders()))
            else:
                harness.wire.reset()

    assert await Switch(harness, clock=Lagging(harness.clock.ms)).run()
    assert set(stops) == {2}
    assert is_out(harness)


async def test_a_lagging_list_without_an_order_is_no_proof(tmp_path: Path) -> None:
    harness = AccountHarness(tmp_path)
    await harness.open()
    harness.wire.hold("frontendOpenOrders")
    price = float(f"{harness.exchange.world.market.coins['ETH'].mark * 0.5:.4g}")
    kind = {"limit": {"tif": "Gtc"}}
    order = {"coin": "ETH", "is_buy": True, "sz": 1.0, "limit_px": price, "order_type": kind, "reduce_only": False}
    await harness.context.exchange.send(harness.context.exchange.sign_requests([order]).body)
    assert len(harness.open_orders()) == 1

    class Lagging(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(seconds)
            harness.exchange.world.market.time_ms = self.ms
            if self.ms - harness.clock.ms >= 9_000:
                harness.wire.reset()

    assert await Switch(harness, clock=Lagging(harness.clock.ms)).run()
    assert is_out(harness)


async def test_it_ends_however_long_each_round_takes(held: AccountHarness) -> None:
    held.wire.lose_request("clearinghouseState")

    class Slow(ManualClock):
        async def sleep(self, seconds: float) -> None:
            await super().sleep(30)

    switch = Switch(held, clock=Slow(held.clock.ms))
    assert not await switch.run()
    assert len([line for line in switch.lines if line.startswith("positions not read")]) < 10
