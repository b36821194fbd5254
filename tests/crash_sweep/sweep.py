"""Kills, one after the other, and the checks after them."""

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
from common.events import ControlCommand, RiskApproved
from crash_sweep.exchange_watch import ExchangeWatch

VICTIMS = ("executor", "risk", "recorder", "redis", "postgres")
PAUSE_S = (0.0, 4.0)
BACK_LIMIT_S = 120.0
AGREE_LIMIT_S = 120.0
NAKED_LIMIT_S = 10.0
SETTINGS = {
    "DECISION_INTERVAL_S": "5",
    "ENTRY_COOLDOWN_S": "0",
    "MAX_ORDERS_PER_MINUTE": "60",
    "MAX_DAILY_TRADES": "10000",
    "MAX_STOPS_PER_DAY": "1000",
}
"""More trading than the defaults allow: a kill should hit something."""
DOUBLED = """
    SELECT intent_id, role, count(DISTINCT order_id) AS orders FROM fills WHERE role IN ('entry', 'exit')
    GROUP BY intent_id, role HAVING count(DISTINCT order_id) > 1"""
STUCK = """
    SELECT intent_id, status, reason FROM intents
    WHERE status IN ('STORED', 'SENT', 'IN_FLIGHT') AND created_ms < %s"""
UNTOLD = """
    SELECT i.intent_id, i.status FROM intents i
    WHERE i.status NOT IN ('STORED', 'SENT', 'IN_FLIGHT') AND i.updated_ms < %s AND NOT EXISTS (
        SELECT 1 FROM orders o WHERE o.intent_id = i.intent_id AND o.role IN ('entry', 'exit'))"""
UNKNOWN_INTENTS = """
    SELECT intent_id FROM intents i
    WHERE created_ms < %s AND NOT EXISTS (SELECT 1 FROM verdicts v WHERE v.id = i.intent_id)"""
AGED_MS = 60_000


@dataclass(slots=True)
class Report:
    """What a sweep did and found; `wrong` is empty when all held."""

    kills: Counter[str] = field(default_factory=Counter)
    wiped: int = 0
    fills: int = 0
    intents: int = 0
    seconds: float = 0.0
    longest_naked_s: float = 0.0
    longest_back_s: float = 0.0
    looks: int = 0
    positions_seen: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        kills = ", ".join(f"{number} {name}" for name, number in sorted(self.kills.items()))
        return (
            f"{sum(self.kills.values())} kills ({kills}) and {self.wiped} wiped Redis in {self.seconds:.0f} s;"
            f" {self.intents} intents, {self.fills} fills; {self.looks} looks at the exchange with"
            f" {self.positions_seen} positions; longest without a stop {self.longest_naked_s:.1f} s,"
            f" longest until back {self.longest_back_s:.1f} s; {len(self.wrong)} things wrong"
        )


def arena_for_sweep(folder: Path) -> Arena:
    arena = Arena(folder)
    arena.environment |= SETTINGS
    return arena


def sweep(arena: Arena, kills: int, seed: int, say: Callable[[str], None] = lambda text: None) -> Report:
    """Kills that many times, wipes Redis half way, and checks."""
    rng, report, began = random.Random(seed), Report(), time.monotonic()
    addresses = wait_for("both accounts", lambda: _addresses(arena), limit_s=120)
    wait_for("the first fills", lambda: arena.rows("SELECT 1 FROM fills LIMIT 1"), limit_s=180)
    with ExchangeWatch(arena.run["simulator_url"], list(addresses.values())) as watch:
        for number in range(kills):
            victim = VICTIMS[number % len(VICTIMS)] if number < len(VICTIMS) else rng.choice(VICTIMS)
            # What a model holds it holds for long; closed, it enters anew: so a kill meets orders on their way.
            said(arena, "flatten", rng.choice(list(addresses)))
            time.sleep(rng.uniform(*PAUSE_S))
            took_s = kill(arena, victim)
            report.kills[victim] += 1
            report.longest_back_s = max(report.longest_back_s, took_s)
            say(f"{number + 1:4d}  {victim:<9} back after {took_s:.1f} s")
            if number == kills // 2:
                report.wrong += wipe_under_trading(arena)
                report.wiped += 1
        report.wrong += check(arena, watch, addresses)
        report.longest_naked_s = max(watch.longest_s.values(), default=0.0)
        report.looks, report.positions_seen = watch.looks, watch.positions_seen
    if report.longest_naked_s > NAKED_LIMIT_S:
        report.wrong.append(f"without a stop: {watch.longest_s}")
    report.fills = arena.rows("SELECT count(*) AS n FROM fills")[0]["n"]
    report.intents = arena.rows("SELECT count(*) AS n FROM intents")[0]["n"]
    report.seconds = time.monotonic() - began
    return report


def kill(arena: Arena, name: str) -> float:
    """SIGKILL; seconds until it and everything that needs it is ready again."""
    supervisor = Supervisor(arena.data_dir)
    before = int(supervisor.info(name)["pid"])
    began = time.monotonic()
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        pid = int(supervisor.info(name)["pid"])
        are_ready = (arena.is_ready_or_down(each) for each in ("executor", "risk", "recorder"))
        return pid not in (0, before) and _stores_answer(arena) and all(are_ready)

    wait_for(f"{name} to come back", is_back, limit_s=BACK_LIMIT_S)
    return time.monotonic() - began


def said(arena: Arena, command: str, model: str) -> bool:
    """Whether a person's command was taken."""
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
    """Halts one model, wipes Redis, and looks whether positions, limits and the halt are still there."""

    def halts() -> list[object]:
        return [row["key"] for row in arena.rows("SELECT key FROM risk_state WHERE kind = 'halt' AND model = 'qwen'")]

    wait_for("the halt to be taken", lambda: said(arena, "halt", "qwen"), limit_s=120)
    wait_for("the halt to be durable", lambda: "PERSON" in halts(), limit_s=120)
    # What was approved before may still be on its way: its intent must not be taken for one of afterwards.
    for stream, group in ((ControlCommand.TYPE, "risk"), (RiskApproved.TYPE, "executor")):
        wait_for(f"{group} to have read all of {stream}", partial(_has_read, arena, stream, group), limit_s=120)
    query = "SELECT kind, model, value FROM risk_state WHERE kind IN ('baseline', 'high_water') ORDER BY 1, 2"
    before = arena.rows(query)
    newest = arena.rows("SELECT coalesce(max(created_ms), 0) AS at FROM intents WHERE model = 'qwen' AND is_entry")
    answered = "SELECT count(*) AS n FROM ai_decisions WHERE outcome = 'answered'"
    decisions = arena.rows(answered)[0]["n"]
    with contextlib.closing(arena.redis()) as client:
        client.flushall()
    wait_for("decisions to go on", lambda: arena.rows(answered)[0]["n"] >= decisions + 4, limit_s=180)
    wrong = [] if "PERSON" in halts() else ["the halt was lost with Redis"]
    if [row["kind"] for row in arena.rows(query)] != [row["kind"] for row in before]:
        wrong.append("baselines were lost with Redis")
    later = "SELECT intent_id FROM intents WHERE model = 'qwen' AND is_entry AND created_ms > %s"
    if arena.rows(later, newest[0]["at"]):
        wrong.append("a halted model got an entry after Redis was wiped")
    wait_for("the resume to be taken", lambda: said(arena, "resume", "qwen"), limit_s=120)
    wait_for("the halt to be over", lambda: "PERSON" not in halts(), limit_s=120)
    return wrong


def check(arena: Arena, watch: ExchangeWatch, addresses: dict[str, str]) -> list[str]:
    """What must be true once everything runs again."""
    wrong = [f"doubled: {row}" for row in arena.rows(DOUBLED)]
    wrong += [
        f"doubled on the exchange: {cloid}" for address in addresses.values() for cloid in _doubled(watch, address)
    ]
    aged_ms = round(time.time() * 1000) - AGED_MS
    for complaint, query in (
        ("stuck", STUCK),
        ("its end was not recorded", UNTOLD),
        ("its approval was not recorded", UNKNOWN_INTENTS),
    ):
        rows = _at_last(lambda query=query: not arena.rows(query, aged_ms), arena, query, aged_ms)
        wrong += [f"{complaint}: {row}" for row in rows]
    for model, address in addresses.items():
        if not _agrees(arena, watch, model, address):
            wrong.append(f"{model}: fills or positions differ from the exchange's")
    wrong += [f"alert: {row}" for row in arena.rows("SELECT code, message FROM alerts WHERE code = 'SEQUENCE_GAP'")]
    return wrong


def _at_last(is_good: Callable[[], bool], arena: Arena, query: str, aged_ms: int) -> list[object]:
    """What a query still finds when time is up."""
    with contextlib.suppress(AssertionError):
        wait_for("a clean table", is_good, limit_s=AGREE_LIMIT_S, every_s=1)
    return list(arena.rows(query, aged_ms))


def _addresses(arena: Arena) -> dict[str, str] | None:
    rows = {row["model"]: row["address"] for row in arena.rows("SELECT model, address FROM accounts")}
    return rows if len(rows) == 2 else None


def _doubled(watch: ExchangeWatch, address: str) -> list[str]:
    orders: dict[str, set[int]] = {}
    for row in watch.fills(address).values():
        if row.get("cloid"):
            orders.setdefault(row["cloid"], set()).add(row["oid"])
    return [cloid for cloid, oids in orders.items() if len(oids) > 1]


def _agrees(arena: Arena, watch: ExchangeWatch, model: str, address: str) -> bool:
    """Our fills are the exchange's, and each open position is the sum of them; trading goes on meanwhile."""

    def look() -> bool:
        theirs = set(watch.fills(address))
        rows = arena.rows("SELECT trade_id, order_id FROM fills WHERE model = %s", model)
        ours = {(row["trade_id"], row["order_id"]) for row in rows}
        held = {
            row["symbol"]: row["size"]
            for row in arena.rows(
                """SELECT symbol, sum(CASE WHEN side = 'BUY' THEN size ELSE -size END) AS size FROM fills
                WHERE model = %s GROUP BY symbol HAVING sum(CASE WHEN side = 'BUY' THEN size ELSE -size END) <> 0""",
                model,
            )
        }
        return theirs == ours and held == watch.positions(address)

    with contextlib.suppress(AssertionError):
        wait_for(f"{model}'s books to agree", look, limit_s=AGREE_LIMIT_S, every_s=0.5)
        return True
    return False
