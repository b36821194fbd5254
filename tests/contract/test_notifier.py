"""The notifier as a process: real Redis under its own user, a real webhook; nothing is lost by outages and stops."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
import uvicorn
from harness import eventually
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.bus import Commit
from common.bus.redis_streams import RedisBus
from common.events import AlertSeverity, Event, OrderFilled, SystemAlert, originate
from common.events.catalog import services_of
from common.runtime.presence import presence_key
from common.runtime.roster import read_roster
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole, OrderSide
from support.service_rights import own_redis_url

D = Decimal


@dataclass
class Receiver:
    """A webhook and a dead man's switch on a real socket; `answers` 503 while it is away."""

    url: str = ""
    is_unavailable: bool = False
    refused: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    pings: int = 0

    @property
    def address(self) -> str:
        return self.url.replace("http://", "json://") + "/webhook"

    async def take(self, request: Request) -> Response:
        if self.is_unavailable:
            self.refused += 1
            return Response(status_code=503)
        self.messages.append(await request.json())
        return Response()

    async def ping(self, request: Request) -> Response:
        self.pings += 1
        return Response()

    def heard(self, words: str) -> bool:
        return any(words in message["message"] for message in self.messages)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = Starlette(
        routes=[Route("/webhook", found.take, methods=["POST"]), Route("/ping", found.ping, methods=["GET"])]
    )
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    task = asyncio.create_task(server.serve([bound]))
    found.url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    yield found
    server.should_exit = True
    await task


@pytest.fixture
async def bus(redis_url: str) -> AsyncIterator[RedisBus]:
    bus = RedisBus(redis_url)
    await bus.prepare("test", [])
    yield bus
    await bus.close()


def environment(redis_url: str, **settings: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return inherited | {"METRICS_PORT": "0", "REDIS_URL": own_redis_url("notifier", redis_url)} | settings


class Process:
    """A notifier as the launcher starts it."""

    def __init__(self, redis_url: str, settings: dict[str, str]) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "notifier.main"],
            env=environment(redis_url, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    async def stop(self) -> str:
        self.popen.send_signal(signal.SIGTERM)
        output, _ = await asyncio.to_thread(self.popen.communicate, timeout=60)
        assert self.popen.returncode == 0, output
        return output


@pytest.fixture
def start(redis_url: str) -> Iterator[Callable[..., Process]]:
    """Starts notifiers with settings by name; what a failed test leaves running is killed."""
    started: list[Process] = []

    def begin(**settings: str) -> Process:
        started.append(Process(redis_url, settings))
        return started[-1]

    yield begin
    for each in started:
        if each.popen.poll() is None:
            each.popen.kill()
            each.popen.communicate()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def alert(code: str, severity: AlertSeverity = AlertSeverity.CRITICAL) -> Event[SystemAlert]:
    payload = SystemAlert(
        code=code, severity=severity, service="executor", model="qwen", message=f"what {code} means", figures={}
    )
    return originate(payload, keys=(code,), time_ms=now_ms(), now_ms=now_ms())


def fill(trade_id: int) -> Event[OrderFilled]:
    payload = OrderFilled(
        model="qwen",
        intent_id="i",
        client_order_id="0x1",
        order_id=7,
        trade_id=trade_id,
        symbol=Symbol.BTC,
        role=OrderRole.ENTRY,
        side=OrderSide.BUY,
        price=D(100_000),
        size_coin=D("0.01"),
        fee_usd=D("0.45"),
        closed_pnl_usd=D(0),
        start_position_coin=D(0),
        direction="Open Long",
        crossed=True,
        is_liquidation=False,
    )
    return originate(payload, keys=(trade_id,), time_ms=now_ms(), now_ms=now_ms())


async def publish(bus: RedisBus, *events: Event[Any]) -> None:
    await bus.commit(Commit("executor", events=events))


async def pending(bus: RedisBus, stream: str) -> int:
    found: Any = await bus.client.xpending(stream, "notifier")
    return int(found["pending"])


async def test_alerts_and_trades_are_sent_and_no_entry_stays(
    start: Callable[..., Process], bus: RedisBus, receiver: Receiver
) -> None:
    notifier = start(
        NOTIFY_URLS=receiver.address,
        NOTIFY_LANGUAGE="zh",
        NOTIFY_LINK="https://arena.example",
        NOTIFY_LEAST_SEVERITY="warning",
    )
    await publish(bus, alert("HALTED"), alert("NOTHING", AlertSeverity.INFO), fill(1), fill(2))
    await eventually("the alert", lambda: receiver.heard("HALTED · Qwen: what HALTED means"))
    await eventually("both fills of the order as one", lambda: receiver.heard("Qwen 开仓 做多 BTC: 0.02 @ 100000"))
    assert not receiver.heard("NOTHING")
    assert receiver.heard("https://arena.example")
    for stream in ("system.alert", "order.filled"):
        await eventually(f"{stream} without a pending entry", lambda stream=stream: _none(bus, stream))
    await notifier.stop()


async def _none(bus: RedisBus, stream: str) -> bool:
    return await pending(bus, stream) == 0


async def test_what_a_stop_interrupts_is_sent_after_the_next_start(
    start: Callable[..., Process], bus: RedisBus, receiver: Receiver
) -> None:
    receiver.is_unavailable = True
    first = start(NOTIFY_URLS=receiver.address)
    await publish(bus, alert("HALTED"))
    await eventually("a refusal", lambda: receiver.refused)
    await first.stop()
    assert await pending(bus, "system.alert") == 1
    receiver.is_unavailable = False
    second = start(NOTIFY_URLS=receiver.address)
    await eventually("the alert", lambda: receiver.heard("HALTED"))
    await second.stop()


async def test_the_dead_man_s_switch_is_pinged_only_while_all_is_well(
    start: Callable[..., Process], bus: RedisBus, receiver: Receiver
) -> None:
    async def write_presences(*, is_risk_ready: bool) -> None:
        for service in services_of(read_roster(None).ids):
            body = {"ready": service != "risk" or is_risk_ready, "reasons": {}, "time_ms": now_ms() + 60_000}
            if service != "notifier":
                await bus.client.set(presence_key(service), json.dumps(body))

    await write_presences(is_risk_ready=False)
    unwell = start(DEADMAN_URL=f"{receiver.url}/ping")
    await eventually("its presence", lambda: bus.client.exists(presence_key("notifier")))
    log = await unwell.stop()
    assert receiver.pings == 0
    assert "not all is well" in log

    await write_presences(is_risk_ready=True)
    well = start(DEADMAN_URL=f"{receiver.url}/ping")
    await eventually("a ping", lambda: receiver.pings)
    await well.stop()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"NOTIFY_URLS": "tgrum://secret-token/chat"}, "NOTIFY_URLS: address 1: Apprise can't read this tgrum address"),
        ({"NOTIFY_ABOUT": "alerts,wins"}, "NOTIFY_ABOUT: 'wins' is unknown; name some of alerts, entries"),
        ({"DEADMAN_URL": "ftp://x"}, "DEADMAN_URL: can't be read"),
    ],
)
def test_a_wrong_setting_ends_the_start_in_one_line_without_the_secret(
    redis_url: str, settings: dict[str, str], words: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "notifier.main"],
        env=environment(redis_url, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "secret-token" not in done.stderr + done.stdout


async def test_the_command_says_of_each_address_whether_it_took_the_message(redis_url: str, receiver: Receiver) -> None:
    async def run(**settings: str) -> tuple[int, str]:
        program = "from notifier.cli.commands import app; app()"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            env=environment(redis_url, **settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode or 0, output.decode()

    code, output = await run(NOTIFY_URLS=receiver.address, DEADMAN_URL=f"{receiver.url}/ping")
    assert code == 0, output
    assert receiver.heard("A test: messages of the arena arrive here.")
    assert receiver.pings == 1
    receiver.is_unavailable = True
    code, output = await run(NOTIFY_URLS=receiver.address)
    assert code == 1
    assert "NOT accepted" in output
    code, output = await run()
    assert code == 1
    assert "NOTIFY_URLS: not set" in output
