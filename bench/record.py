"""What the record takes up a day, and how fast it is verified: a paper arena at 30 times the speed, read afterwards.

Run: make bench NAME=record. The stand-ins' answers are shorter than a model's: every KB of answer and reasoning adds
about 1.3 MB a day for two contenders, beside the figures here.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(sys.path.pop(0))

import psycopg
from report import write_json

from aicoin_local.testing import Arena, wait_until

SPEED = 30
CYCLES_A_DAY = 1_440
GOAL_MB = 20.0
RECORD = ("record_links", "record_blobs", "record_heads")
OTHERS = ("ai_decisions", "market_snapshots", "verdicts", "fills", "account_movements")
SIZES = """SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relname = ANY(%s) AND relnamespace = 'public'::regnamespace"""
CYCLES = "SELECT count(*) FROM market_snapshots"


class Sizes:
    """Bytes of tables with their indexes and TOAST, after so many cycles."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for table in (*RECORD, *OTHERS):
                connection.execute(f"VACUUM {table}".encode())
            [(self.cycles,)] = connection.execute(CYCLES).fetchall()
            self.bytes = dict(connection.execute(SIZES, ([*RECORD, *OTHERS],)).fetchall())


def mb_a_day(first: Sizes, last: Sizes, tables: tuple[str, ...]) -> float:
    grown = sum(last.bytes[table] - first.bytes[table] for table in tables)
    return grown / (last.cycles - first.cycles) * CYCLES_A_DAY / 1_000_000


def measure(arena: Arena, cycles: int) -> list[dict[str, object]]:
    url = arena.run["database_url"]

    def has(count: int) -> bool:
        return int(arena.rows(CYCLES)[0]["count"]) >= count

    wait_until("the first cycles", lambda: has(10), limit_s=300)
    first = Sizes(url)
    wait_until("the cycles", lambda: has(first.cycles + cycles), limit_s=60 + 3 * cycles * 60 / SPEED)
    last = Sizes(url)
    print(f"{last.cycles - first.cycles} cycles of two contenders, in MB a day at {CYCLES_A_DAY} cycles")
    for table in (*RECORD, *OTHERS):
        print(f"  {table:<20} {mb_a_day(first, last, (table,)):8.2f}")
    record = mb_a_day(first, last, RECORD)
    print(f"  the record           {record:8.2f}   goal ≤ {GOAL_MB:g} {'met' if record <= GOAL_MB else 'MISSED'}")
    started_s = time.perf_counter()
    done = arena.command("audit", "verify")
    print(f"verified in {time.perf_counter() - started_s:.1f} s: {done.stdout.strip()}")
    assert done.returncode == 0, done.stderr
    return [{"title": "record, MB a day", "value": record, "goal": GOAL_MB, "met": record <= GOAL_MB}]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, default=240)
    parser.add_argument("--json", help="file for all figures")
    arguments, _ = parser.parse_known_args()
    folder = Path(tempfile.mkdtemp(prefix="aicoin-bench-record-"))
    arena = Arena(folder / "data")
    arena.environment |= {"SIMULATOR_SPEED": str(SPEED), "DECISION_INTERVAL_S": "60"}
    try:
        arena.start()
        rows = measure(arena, arguments.cycles)
    finally:
        arena.stop()
        shutil.rmtree(folder, ignore_errors=True)
    write_json(arguments.json, [], rows)
    sys.exit(0 if all(row["met"] for row in rows) else 1)


if __name__ == "__main__":
    main()
