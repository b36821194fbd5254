"""What is provoked, which alerts must come of it, and within which time."""

import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import httpx

from aicoin_local.testing import CONTROL_TOKEN, Arena, wait_until
from drill.monitoring import Webhook
from support.certificates import certificate, served_with

Provoke = Callable[[Arena], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Condition:
    """`provoke` is held until all of `alerts` have come by way of Prometheus, and all of `notices` by the notifier's;
    each with its limit in seconds. `is_quick`: also in CI."""

    name: str
    provoke: Provoke
    alerts: tuple[tuple[str, float], ...]
    notices: tuple[tuple[str, float], ...] = ()
    is_quick: bool = False


def arena_for_drill(folder: Path, webhook: Webhook) -> Arena:
    """An arena whose simulated world can be troubled, and whose notifier writes to the webhook."""
    arena = Arena(folder)
    arena.environment["SIMULATOR_CONTROL_PORT"] = str(int(arena.environment["SIMULATOR_SERVICES_PORT"]) - 1)
    arena.environment["NOTIFY_URLS"] = f"json://127.0.0.1:{webhook.port}/"
    arena.environment["NOTIFY_ABOUT"] = "alerts"
    arena.environment["CERTIFICATE_URL"] = f"https://127.0.0.1:{certificate_port(arena)}"
    return arena


def certificate_port(arena: Arena) -> int:
    """Of the page's public address, at which nothing answers until a condition has something serve there."""
    return int(arena.environment["SIMULATOR_SERVICES_PORT"]) - 2


def panel(arena: Arena, path: str, **body: Any) -> None:
    """One action of the simulator's control panel."""
    url = f"http://127.0.0.1:{arena.environment['SIMULATOR_CONTROL_PORT']}/{path}"
    httpx.post(url, json=body, trust_env=False, timeout=60).raise_for_status()


@contextmanager
def dead_letter(arena: Arena) -> Iterator[None]:
    """An entry that no consumer can read."""
    with contextlib.closing(arena.redis()) as client:
        client.xadd("agent.decision", {"data": "y"})
    yield


@contextmanager
def gap(arena: Arena) -> Iterator[None]:
    """Sequence numbers of a producer that begin at 1 and go on with 5."""
    with contextlib.closing(arena.redis()) as client:
        for sequence in ("1", "5"):
            client.xadd("risk.denied", {"source": "drill", "epoch": "1", "sequence": sequence})
    yield


@contextmanager
def halt(arena: Arena) -> Iterator[None]:
    """A person's halt of one model."""
    _control(arena, "halt")
    try:
        yield
    finally:
        _control(arena, "resume")


def _control(arena: Arena, verb: Literal["halt", "resume"]) -> None:
    httpx.post(
        f"{arena.run['gateway_url']}/api/v1/control/{verb}",
        json={"model": "qwen", "reason": "drill"},
        headers={"Authorization": f"Bearer {CONTROL_TOKEN}"},
        trust_env=False,
        timeout=60,
    ).raise_for_status()


def stopped(service: str) -> Provoke:
    """A program that is stopped and started again."""

    @contextmanager
    def provoke(arena: Arena) -> Iterator[None]:
        arena.supervise("stop", service)
        try:
            yield
        finally:
            arena.supervise("start", service)

    return provoke


@contextmanager
def killed_again_and_again(arena: Arena) -> Iterator[None]:
    """Meanwhile the page shows a certificate that ends soon, which each start of the notifier looks at."""
    end = datetime.now(UTC) + timedelta(days=5)
    with tempfile.TemporaryDirectory() as folder, served_with(certificate(Path(folder), end), certificate_port(arena)):
        for _ in range(3):
            arena.kill("notifier")
            time.sleep(5)  # A scrape must see each start.
        yield


def simulated(path: str, **body: Any) -> Provoke:
    """A trouble of the simulated world."""

    @contextmanager
    def provoke(arena: Arena) -> Iterator[None]:
        panel(arena, path, **body)
        try:
            yield
        finally:
            panel(arena, "clear")
            if path == "clock":
                panel(arena, "clock", skew_s=0)

    return provoke


@contextmanager
def without_stops(arena: Arena) -> Iterator[None]:
    """A position whose stop is taken away, and whose new stops the exchange refuses."""
    wait_until("a position", lambda: _holders(arena), limit_s=600)
    panel(arena, "refuse", role="trigger", text="Invalid TP/SL price", count=1_000)
    for user in _holders(arena):
        panel(arena, "cancel", user=user, what="all")
    try:
        yield
    finally:
        panel(arena, "clear")


@contextmanager
def loss(arena: Arena) -> Iterator[None]:
    """A jump of the price, past the stop, that takes a fifth of an account; what it has halted stays so."""
    equity, position = wait_until("a position of some size", lambda: _largest_position(arena), limit_s=600)
    against = -1 if position["side"] == "LONG" else 1
    notional = float(position["size_coin"]) * float(position["mark_price"])
    panel(arena, "jump", coin=position["symbol"], percent=against * min(60.0, 20 * equity / notional))
    yield


def _largest_position(arena: Arena) -> tuple[float, dict[str, Any]] | None:
    """The equity of an account, and its position, of which half can make up a tenth of it."""
    for account in _accounts(arena):
        equity = float(account["equity_usd"])
        for position in account["positions"]:
            if float(position["size_coin"]) * float(position["mark_price"]) > 0.3 * equity:
                return equity, position
    return None


def _accounts(arena: Arena) -> list[dict[str, Any]]:
    return [json.loads(value)["data"] for value in _cached(arena, "account:deepseek", "account:qwen") if value]


def _holders(arena: Arena) -> list[str]:
    """The addresses of the accounts that hold a position."""
    return [account["address"] for account in _accounts(arena) if account["positions"]]


def _cached(arena: Arena, *keys: str) -> list[Any]:
    with contextlib.closing(arena.redis()) as client:
        values: list[Any] = client.mget(keys)
        return values


@contextmanager
def unexplained_cash(arena: Arena) -> Iterator[None]:
    """Cash that comes with a row of a kind that no client knows; it stays, as it would."""
    [value] = _cached(arena, "account:qwen")
    panel(arena, "ledger", user=json.loads(value)["data"]["address"], type="mystery", usd="25")
    yield


@contextmanager
def nothing_more(arena: Arena) -> Iterator[None]:
    """What an earlier condition has left behind."""
    yield


CONDITIONS: Final = (
    Condition("DEAD_LETTER", dead_letter, (("EventsDeadLettered", 60),), (("DEAD_LETTER", 60),), is_quick=True),
    Condition("GAP", gap, (("EventsMissing", 60),), (("SEQUENCE_GAP", 60),), is_quick=True),
    Condition("HALT", halt, (("TradingHalted", 60),), (("TRADING_STATE", 60),), is_quick=True),
    Condition(
        "MODELS",
        simulated("faults", where="http", kind="500", target="/deepseek/chat/completions", seconds=600),
        (("ModelFails", 300),),
        (("MODEL_FAILING", 300),),
    ),
    Condition("LOSS", loss, (("TradeLossLarge", 180), ("DailyLossNear", 180))),
    Condition("UNPROTECTED", without_stops, (("PositionClosedForWantOfAStop", 180),), (("UNPROTECTED_CLOSING", 180),)),
    Condition("CASH", unexplained_cash, (("CashUnexplained", 240),)),
    Condition("CLOCK", simulated("clock", skew_s=60), (("ClockOff", 240),), (("CLOCK_SKEW", 240),)),
    Condition("SERVICE", stopped("gateway"), (("ServiceDown", 120),), (("SERVICE_DOWN", 150),)),
    Condition("RESTARTS", killed_again_and_again, (("ServiceRestarts", 120), ("CertificateEnds", 120))),
    Condition("REDIS", stopped("redis"), (("RedisDown", 90),), (("REDIS_DOWN", 90),)),
    Condition(
        "POSTGRES", stopped("postgres"), (("DatabaseDown", 90), ("ServiceNotReady", 240)), (("DATABASE_DOWN", 90),)
    ),
    Condition("FREEZE", simulated("freeze", seconds=180), (("MarketSilent", 120),)),
    Condition(
        "OUTAGE",
        simulated("outage", seconds=300),
        (("MarketDisconnected", 120), ("ExchangeSilent", 180), ("RequestsFail", 240), ("AccountStreamDown", 240)),
    ),
    Condition("REDUCED", nothing_more, (("TradingReduced", 240),)),
)
"""In this order, as a store that is away lets models fail too; each begins once the arena is well again. REDUCED is
what LOSS has led to, two minutes later."""


def is_well(arena: Arena) -> bool:
    return all(arena.is_ready_or_down(service) for service in arena.run["services"])
