"""Kills processes one after the other, then checks the tables and the exchange."""

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

from aicoin_local.supervise import Supervisor
from aicoin_local.testing import CONTROL_TOKEN, Arena, wait_for
from common.events import AlertCode, ControlCommand, RiskApproved
from common.runtime.roster import read_roster
from common.trading.orders import UNFINISHED
from crash_sweep.protection_monitor import ProtectionMonitor

VICTIMS = ("executor", "risk", "recorder", "redis", "postgres")
PAUSE_S = (0.0, 4.0)
RECOVERY_LIMIT_S = 120.0
RECONCILE_LIMIT_S = 120.0
UNPROTECTED_LIMIT_S = 10.0
SETTINGS = {
    "DECISION_INTERVAL_S": "5",
    "ENTRY_COOLDOWN_S": "0",
    "MAX_ORDERS_PER_MINUTE": "60",
    "MAX_DAILY_TRADES": "10000",
    "MAX_STOPS_PER_DAY": "1000",
}
"""More trading than the defaults allow, so that kills hit orders in flight."""
ROSTER = read_roster(None)
HALTED_MODEL = ROSTER.ids[-1]
_UNFINISHED = ", ".join(f"'{status}'" for status in UNFINISHED)
DOUBLED = """
    SELECT intent_id, role, count(DISTINCT order_id) AS orders FROM fills WHERE role IN ('entry', 'exit')
    GROUP BY intent_id, role HAVING count(DISTINCT order_id) > 1"""
STUCK = f"""
    SELECT intent_id, status, reason FROM intents
    WHERE status IN ({_UNFINISHED}) AND created_ms < %s"""
UNRECORDED = f"""
    SELECT i.intent_id, i.status FROM intents i
    WHERE i.status NOT IN ({_UNFINISHED}) AND i.updated_ms < %s AND NOT EXISTS (
        SELECT 1 FROM orders o WHERE o.intent_id = i.intent_id AND o.role IN ('entry', 'exit'))"""
UNAPPROVED = """
    SELECT intent_id FROM intents i
    WHERE created_ms < %s AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.id = i.intent_id)"""
SETTLED_MS = 60_000
"""Only rows older than this are checked: younger ones may still be in flight."""


@dataclass(slots=True)
class Report:
    """What a sweep did and found; `failures` is empty when all held."""

    kills: Counter[str] = field(default_factory=Counter)
    wiped: int = 0
    fills: int = 0
    intents: int = 0
    seconds: float = 0.0
    longest_unprotected_s: float = 0.0
    longest_recovery_s: float = 0.0
    polls: int = 0
    positions_seen: int = 0
    failures: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kills}) and {self.wiped} wiped Redis in {self.seconds:.0f} s;"
            f" {self.intents} intents, {self.fills} fills; {self.polls} polls of the exchange with"
            f" {self.positions_seen} positions; longest without a stop {self.longest_unprotected_s:.1f} s,"
            f" longest until ready again {self.longest_recovery_s:.1f} s; {len(self.failures)} failures"
        )


def arena_for_sweep(folder: Path) -> Arena:
    arena = Arena(folder)
    arena.environment |= SETTINGS
    return arena


def sweep(arena: Arena, kills: int, seed: int, report_line: Callable[[str], None] = lambda text: None) -> Report:
    """Kills that many times, wipes Redis half way, then checks."""
    rng, report, began = random.Random(seed), Report(), time.monotonic()
    addresses = wait_for("all accounts", lambda: _addresses(arena), limit_s=120)
    wait_for("the first fills", lambda: arena.rows("SELECT 1 FROM fills LIMIT 1"), limit_s=180)
    with ProtectionMonitor(arena.run["simulator_url"], list(addresses.values())) as monitor:
        for number in range(kills):
            victim = VICTIMS[number % len(VICTIMS)] if number < len(VICTIMS) else rng.choice(VICTIMS)
            # A model holds its positions for long; flattened, it enters again: so that kills hit orders in flight.
            send_command(arena, "flatten", rng.choice(list(addresses)))
            time.sleep(rng.uniform(*PAUSE_S))
            took_s = kill(arena, victim)
            report.kills[victim] += 1
            report.longest_recovery_s = max(report.longest_recovery_s, took_s)
            report_line(f"{number + 1:4d}  {victim:<9} ready after {took_s:.1f} s")
            if number == kills // 2:
                report.failures += wipe_under_trading(arena)
                report.wiped += 1
        report.failures += check(arena, monitor, addresses)
        report.longest_unprotected_s = max(monitor.longest_s.values(), default=0.0)
        report.polls, report.positions_seen = monitor.polls, monitor.positions_seen
    if report.longest_unprotected_s > UNPROTECTED_LIMIT_S:
        report.failures.append(f"without a stop: {monitor.longest_s}")
    report.fills = arena.rows("SELECT count(*) AS n FROM fills")[0]["n"]
    report.intents = arena.rows("SELECT count(*) AS n FROM intents")[0]["n"]
    report.seconds = time.monotonic() - began
    return report


def kill(arena: Arena, name: str) -> float:
    """SIGKILL; returns the seconds until it and everything that needs it is ready again."""
    supervisor = Supervisor(arena.data_dir)
    before = int(supervisor.info(name)["pid"])
    began = time.monotonic()
    os.kill(before, signal.SIGKILL)

    def is_ready() -> bool:
        pid = int(supervisor.info(name)["pid"])
        are_ready = (arena.is_ready_or_down(each) for each in ("executor", "risk", "recorder"))
        return pid not in (0, before) and _stores_answer(arena) and all(are_ready)

    wait_for(f"{name} to be ready again", is_ready, limit_s=RECOVERY_LIMIT_S)
    return time.monotonic() - began


def send_command(arena: Arena, command: str, model: str) -> bool:
    """Whether the gateway accepted a person's command."""
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
    """Halts one model, wipes Redis, and checks that baselines, limits and the halt are still there."""

    def halts() -> list[object]:
        query = "SELECT key FROM risk_state WHERE kind = 'halt' AND model = %s"
        return [row["key"] for row in arena.rows(query, HALTED_MODEL)]

    wait_for("the halt to be accepted", lambda: send_command(arena, "halt", HALTED_MODEL), limit_s=120)
    wait_for("the halt to be stored", lambda: "PERSON" in halts(), limit_s=120)
    # An approval of before may still be in flight: its intent must not be mistaken for a later one.
    for stream, group in ((ControlCommand.TYPE, "risk"), (RiskApproved.TYPE, "executor")):
        wait_for(f"{group} to have read all of {stream}", partial(_has_read, arena, stream, group), limit_s=120)
    query = "SELECT kind, model, value FROM risk_state WHERE kind IN ('baseline', 'high_water') ORDER BY 1, 2"
    before = arena.rows(query)
    newest_query = "SELECT coalesce(max(created_ms), 0) AS at FROM intents WHERE model = %s AND is_entry"
    newest = arena.rows(newest_query, HALTED_MODEL)
    answered = "SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'"
    decisions = arena.rows(answered)[0]["n"]
    with contextlib.closing(arena.redis()) as client:
        client.flushall()
    wait_for("decisions to go on", lambda: arena.rows(answered)[0]["n"] >= decisions + 4, limit_s=180)
    failures = [] if "PERSON" in halts() else ["the halt was lost with Redis"]
    if [row["kind"] for row in arena.rows(query)] != [row["kind"] for row in before]:
        failures.append("baselines were lost with Redis")
    later = "SELECT intent_id FROM intents WHERE model = %s AND is_entry AND created_ms > %s"
    if arena.rows(later, HALTED_MODEL, newest[0]["at"]):
        failures.append("a halted model got an entry after Redis was wiped")
    wait_for("the resume to be accepted", lambda: send_command(arena, "resume", HALTED_MODEL), limit_s=120)
    wait_for("the halt to be over", lambda: "PERSON" not in halts(), limit_s=120)
    return failures


def check(arena: Arena, monitor: ProtectionMonitor, addresses: dict[str, str]) -> list[str]:
    """What must hold once everything runs again."""
    failures = [f"doubled: {row}" for row in arena.rows(DOUBLED)]
    failures += [
        f"doubled on the exchange: {cloid}" for address in addresses.values() for cloid in _doubled(monitor, address)
    ]
    before_ms = round(time.time() * 1000) - SETTLED_MS
    for failure, query in (
        ("stuck", STUCK),
        ("its end was not recorded", UNRECORDED),
        ("its approval was not recorded", UNAPPROVED),
    ):
        rows = _rows_left(lambda query=query: not arena.rows(query, before_ms), arena, query, before_ms)
        failures += [f"{failure}: {row}" for row in rows]
    for model, address in addresses.items():
        if not _is_reconciled(arena, monitor, model, address):
            failures.append(f"{model}: fills or positions differ from the exchange's")
    gaps = arena.rows("SELECT code, message FROM alerts WHERE code = %s", AlertCode.SEQUENCE_GAP.value)
    failures += [f"alert: {row}" for row in gaps]
    return failures


def _rows_left(is_good: Callable[[], bool], arena: Arena, query: str, before_ms: int) -> list[object]:
    """The rows that a query still finds at the limit."""
    with contextlib.suppress(AssertionError):
        wait_for("a clean table", is_good, limit_s=RECONCILE_LIMIT_S, every_s=1)
    return list(arena.rows(query, before_ms))


def _addresses(arena: Arena) -> dict[str, str] | None:
    rows = {row["model"]: row["address"] for row in arena.rows("SELECT model, address FROM accounts")}
    return rows if len(rows) == len(ROSTER.ids) else None


def _doubled(monitor: ProtectionMonitor, address: str) -> list[str]:
    orders: dict[str, set[int]] = {}
    for row in monitor.fills(address).values():
        if row.get("cloid"):
            orders.setdefault(row["cloid"], set()).add(row["oid"])
    return [cloid for cloid, oids in orders.items() if len(oids) > 1]


def _is_reconciled(arena: Arena, monitor: ProtectionMonitor, model: str, address: str) -> bool:
    """Whether the recorded fills are the exchange's and sum up to its positions; trading continues meanwhile."""

    def agrees() -> bool:
        expected = set(monitor.fills(address))
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
        return expected == recorded and held == monitor.positions(address)

    with contextlib.suppress(AssertionError):
        wait_for(f"{model}'s fills and positions to agree", agrees, limit_s=RECONCILE_LIMIT_S, every_s=0.5)
        return True
    return False
