"""Kills processes one after the other, and checks the invariants after them."""

import contextlib
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import psycopg
import redis

from aicoin_local.process.supervise import Supervisor
from aicoin_local.testing import CONTROL_TOKEN, Arena, wait_until
from common.events import ControlCommand, RiskApproved
from crash_sweep.exchange_monitor import ExchangeMonitor

VICTIMS = ("executor", "risk", "recorder", "redis", "postgres")
PAUSE_S = (0.0, 4.0)
BACK_LIMIT_S = 120.0
AGREE_LIMIT_S = 120.0
UNPROTECTED_LIMIT_S = 10.0
SETTINGS = {
    "DECISION_INTERVAL_S": "5",
    "ENTRY_COOLDOWN_S": "0",
    "MAX_ORDERS_PER_MINUTE": "60",
    "MAX_DAILY_TRADES": "10000",
    "MAX_STOPS_PER_DAY": "1000",
}
"""More trading than the defaults allow, so that kills meet orders in flight."""
DUPLICATED = """
    SELECT intent_id, role, count(DISTINCT order_id) AS orders FROM fills WHERE role IN ('entry', 'exit')
    GROUP BY intent_id, role HAVING count(DISTINCT order_id) > 1"""
STUCK = """
    SELECT intent_id, status, reason FROM intents
    WHERE status IN ('STORED', 'SENT', 'IN_FLIGHT') AND created_ms < %s"""
UNRECORDED_ENDS = """
    SELECT i.intent_id, i.status FROM intents i
    WHERE i.status NOT IN ('STORED', 'SENT', 'IN_FLIGHT') AND i.updated_ms < %s AND NOT EXISTS (
        SELECT 1 FROM orders o WHERE o.intent_id = i.intent_id AND o.role IN ('entry', 'exit'))"""
UNRECORDED_APPROVALS = """
    SELECT intent_id FROM intents i
    WHERE created_ms < %s AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.id = i.intent_id)"""
AGED_MS = 60_000


@dataclass(slots=True)
class Report:
    """What a sweep did and found; `violations` is empty when every check passed."""

    kills: Counter[str] = field(default_factory=Counter)
    wiped: int = 0
    fills: int = 0
    intents: int = 0
    seconds: float = 0.0
    longest_unprotected_s: float = 0.0
    longest_restart_s: float = 0.0
    polls: int = 0
    positions_seen: int = 0
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kills}) and {self.wiped} wiped Redis in {self.seconds:.0f} s;"
            f" {self.intents} intents, {self.fills} fills; {self.polls} polls of the exchange with"
            f" {self.positions_seen} positions; longest without a stop {self.longest_unprotected_s:.1f} s,"
            f" longest restart {self.longest_restart_s:.1f} s; {len(self.violations)} violations"
        )


def arena_for_sweep(folder: Path) -> Arena:
    arena = Arena(folder)
    arena.environment |= SETTINGS
    return arena


def sweep(arena: Arena, kills: int, seed: int, report_line: Callable[[str], None] = lambda text: None) -> Report:
    """Kills that many times, wipes Redis half way, and checks."""
    rng, report, began = random.Random(seed), Report(), time.monotonic()
    addresses = wait_until("both accounts", lambda: _addresses(arena), limit_s=120)
    wait_until("the first fills", lambda: arena.rows("SELECT 1 FROM fills LIMIT 1"), limit_s=180)
    with ExchangeMonitor(arena.run["simulator_url"], list(addresses.values())) as monitor:
        for number in range(kills):
            victim = VICTIMS[number % len(VICTIMS)] if number < len(VICTIMS) else rng.choice(VICTIMS)
            # A model holds a position for minutes. Flattened, it enters again, so that kills meet orders in flight.
            send_command(arena, "flatten", rng.choice(list(addresses)))
            time.sleep(rng.uniform(*PAUSE_S))
            took_s = kill(arena, victim)
            report.kills[victim] += 1
            report.longest_restart_s = max(report.longest_restart_s, took_s)
            report_line(f"{number + 1:4d}  {victim:<9} back after {took_s:.1f} s")
            if number == kills // 2:
                report.violations += wipe_under_trading(arena)
                report.wiped += 1
        report.violations += check(arena, monitor, addresses)
        report.longest_unprotected_s = max(monitor.longest_s.values(), default=0.0)
        report.polls, report.positions_seen = monitor.polls, monitor.positions_seen
    if report.longest_unprotected_s > UNPROTECTED_LIMIT_S:
        report.violations.append(f"without a stop: {monitor.longest_s}")
    report.fills = arena.rows("SELECT count(*) AS n FROM fills")[0]["n"]
    report.intents = arena.rows("SELECT count(*) AS n FROM intents")[0]["n"]
    report.seconds = time.monotonic() - began
    return report


def kill(arena: Arena, name: str) -> float:
    """SIGKILL; seconds until the process and everything that needs it is ready again."""
    supervisor = Supervisor(arena.data_dir)
    before = int(supervisor.info(name)["pid"])
    began = time.monotonic()
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        pid = int(supervisor.info(name)["pid"])
        are_ready = (arena.is_ready_or_down(each) for each in ("executor", "risk", "recorder"))
        return pid not in (0, before) and _stores_answer(arena) and all(are_ready)

    wait_until(f"{name} to come back", is_back, limit_s=BACK_LIMIT_S)
    return time.monotonic() - began


def send_command(arena: Arena, command: str, model: str) -> bool:
    """Whether the gateway accepted the control command."""
    token = {"Authorization": f"Bearer {CONTROL_TOKEN}"}
    url = f"{arena.run['gateway_url']}/api/v1/control/{command}"
    with contextlib.suppress(httpx.HTTPError):
        return httpx.post(url, json={"model": model}, headers=token, timeout=60).status_code == 202
    return False


def _stores_answer(arena: Arena) -> bool:
    with contextlib.suppress(psycopg.OperationalError, redis.RedisError), contextlib.closing(arena.redis()) as client:
        return bool(client.ping()) and bool(arena.rows("SELECT 1"))
    return False


def _has_read(arena: Arena, stream: str, group: str) -> bool:
    """Whether a service has acknowledged all of a stream."""
    with contextlib.closing(arena.redis()) as client:
        groups = client.xinfo_groups(stream)
    return any(row["name"] == group.encode() and not row["pending"] and not row["lag"] for row in groups)


def wipe_under_trading(arena: Arena) -> list[str]:
    """Halts one model, wipes Redis, and checks that baselines and the halt are still there."""

    def halts() -> list[object]:
        return [row["key"] for row in arena.rows("SELECT key FROM risk_state WHERE kind = 'halt' AND model = 'qwen'")]

    wait_until("the halt to be accepted", lambda: send_command(arena, "halt", "qwen"), limit_s=120)
    wait_until("the halt to be durable", lambda: "PERSON" in halts(), limit_s=120)
    # An approval from before the halt may be in flight; its intent must not count as one after the wipe.
    for stream, group in ((ControlCommand.TYPE, "risk"), (RiskApproved.TYPE, "executor")):
        wait_until(f"{group} to have read all of {stream}", partial(_has_read, arena, stream, group), limit_s=120)
    query = "SELECT kind, model, value FROM risk_state WHERE kind IN ('baseline', 'high_water') ORDER BY 1, 2"
    before = arena.rows(query)
    newest = arena.rows("SELECT coalesce(max(created_ms), 0) AS at FROM intents WHERE model = 'qwen' AND is_entry")
    answered = "SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'"
    decisions = arena.rows(answered)[0]["n"]
    with contextlib.closing(arena.redis()) as client:
        client.flushall()
    wait_until("further decisions", lambda: arena.rows(answered)[0]["n"] >= decisions + 4, limit_s=180)
    violations = [] if "PERSON" in halts() else ["the halt was lost with Redis"]
    if [row["kind"] for row in arena.rows(query)] != [row["kind"] for row in before]:
        violations.append("baselines were lost with Redis")
    later = "SELECT intent_id FROM intents WHERE model = 'qwen' AND is_entry AND created_ms > %s"
    if arena.rows(later, newest[0]["at"]):
        violations.append("a halted model got an entry after Redis was wiped")
    wait_until("the resume to be accepted", lambda: send_command(arena, "resume", "qwen"), limit_s=120)
    wait_until("the halt to be over", lambda: "PERSON" not in halts(), limit_s=120)
    return violations


def check(arena: Arena, monitor: ExchangeMonitor, addresses: dict[str, str]) -> list[str]:
    """The violations found once everything runs again."""
    violations = [f"two orders of one intent: {row}" for row in arena.rows(DUPLICATED)]
    violations += [
        f"two orders on the exchange with client order id {cloid}"
        for address in addresses.values()
        for cloid in _duplicated(monitor, address)
    ]
    aged_ms = round(time.time() * 1000) - AGED_MS
    for violation, query in (
        ("stuck", STUCK),
        ("its end was not recorded", UNRECORDED_ENDS),
        ("its approval was not recorded", UNRECORDED_APPROVALS),
    ):
        rows = _rows_after_wait(lambda query=query: not arena.rows(query, aged_ms), arena, query, aged_ms)
        violations += [f"{violation}: {row}" for row in rows]
    for model, address in addresses.items():
        if not _agrees(arena, monitor, model, address):
            violations.append(f"{model}: fills or positions differ from the exchange's")
    violations += [
        f"alert: {row}" for row in arena.rows("SELECT code, message FROM alerts WHERE code = 'SEQUENCE_GAP'")
    ]
    return violations


def _rows_after_wait(is_good: Callable[[], bool], arena: Arena, query: str, aged_ms: int) -> list[object]:
    """The rows that the query still finds when time is up."""
    with contextlib.suppress(AssertionError):
        wait_until("a clean table", is_good, limit_s=AGREE_LIMIT_S, every_s=1)
    return list(arena.rows(query, aged_ms))


def _addresses(arena: Arena) -> dict[str, str] | None:
    rows = {row["model"]: row["address"] for row in arena.rows("SELECT model, address FROM accounts")}
    return rows if len(rows) == 2 else None


def _duplicated(monitor: ExchangeMonitor, address: str) -> list[str]:
    orders: dict[str, set[int]] = {}
    for row in monitor.fills(address).values():
        if row.get("cloid"):
            orders.setdefault(row["cloid"], set()).add(row["oid"])
    return [cloid for cloid, oids in orders.items() if len(oids) > 1]


def _agrees(arena: Arena, monitor: ExchangeMonitor, model: str, address: str) -> bool:
    """Recorded fills equal the exchange's, and each open position is their sum; trading goes on meanwhile."""

    def is_equal() -> bool:
        on_exchange = set(monitor.fills(address))
        rows = arena.rows("SELECT trade_id, order_id FROM fills WHERE model = %s", model)
        recorded = {(row["trade_id"], row["order_id"]) for row in rows}
        held = {
            row["symbol"]: row["size"]
            for row in arena.rows(
                """SELECT symbol, sum(CASE WHEN side = 'BUY' THEN size ELSE -size END) AS size FROM fills
                WHERE model = %s GROUP BY symbol HAVING sum(CASE WHEN side = 'BUY' THEN size ELSE -size END) <> 0""",
                model,
            )
        }
        return on_exchange == recorded and held == monitor.positions(address)

    with contextlib.suppress(AssertionError):
        wait_until(f"{model}'s records to agree", is_equal, limit_s=AGREE_LIMIT_S, every_s=0.5)
        return True
    return False
