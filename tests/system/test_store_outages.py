"""Every service lives through whatever a store answers, and goes on afterwards with nothing lost."""

import contextlib
import time
from collections.abc import Iterator

import pytest
from arena_checks import unprotected_positions
from harness import wait_until
from store_faults import POSTGRES_FAULTS, REDIS_FAULTS, StoreFault
from unreadable_entries import unreadable

from aicoin_local.testing import Arena
from common.events.catalog import CATALOG, DEAD_SUFFIX, services_of, streams_read_by
from common.runtime.roster import read_roster

pytestmark = pytest.mark.system

FAULT_S = 4.0
RECOVERY_LIMIT_S = 120.0
ALERTED = "SELECT figures ->> 'place' AS place FROM alerts WHERE code = 'DEAD_LETTER'"


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An arena of its own, since its stores are mistreated."""
    arena = Arena(tmp_path_factory.mktemp("arena") / "data")
    try:
        arena.start()
        wait_until("a first decision", lambda: arena.rows("SELECT 1 FROM ai_decisions LIMIT 1"), limit_s=120)
        yield arena
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]


def groups_of(stream: str) -> list[str]:
    return [service for service in services_of(read_roster(None).ids) if stream in streams_read_by(service)]


def pids(arena: Arena) -> dict[str, int]:
    return {name: arena.pid(name) for name in arena.run["services"]}


def decisions(arena: Arena) -> int:
    return int(arena.rows("SELECT count(*) AS n FROM ai_decisions")[0]["n"])


def meet(arena: Arena, name: str, fault: StoreFault, url: str) -> None:
    """Lets all services meet one fault; then the same processes must be ready and decide again."""
    before, decided = pids(arena), decisions(arena)
    with fault(url):
        # The loops must meet the fault: the slowest of them acts every few seconds.
        time.sleep(FAULT_S)
    assert pids(arena) == before, name
    wait_until(
        f"all services to be ready after {name}",
        lambda: all(arena.is_ready_or_down(service) for service in before),
        limit_s=RECOVERY_LIMIT_S,
    )
    wait_until(f"a decision after {name}", lambda: decisions(arena) > decided, limit_s=RECOVERY_LIMIT_S)
    assert pids(arena) == before, name


def dead_letters(arena: Arena) -> dict[str, int]:
    with contextlib.closing(arena.redis()) as client:
        return {stream: client.xlen(stream + DEAD_SUFFIX) for stream in CATALOG}


def test_no_unreadable_entry_ends_or_holds_up_a_service(troubled: Arena) -> None:
    before, decided = pids(troubled), decisions(troubled)
    expected = {stream: len(unreadable(stream)) * len(groups_of(stream)) for stream in CATALOG}
    with contextlib.closing(troubled.redis()) as client:
        for stream in CATALOG:
            for fields in unreadable(stream).values():
                client.xadd(stream, fields)
    wait_until("every unreadable entry in its dead letters", lambda: dead_letters(troubled) == expected, limit_s=120)
    wait_until("a decision after them", lambda: decisions(troubled) > decided, limit_s=RECOVERY_LIMIT_S)
    assert pids(troubled) == before
    streams = {stream for stream, count in expected.items() if count}
    wait_until("an alert of each stream", lambda: streams <= {row["place"] for row in troubled.rows(ALERTED)})


def test_no_answer_of_redis_ends_a_service(troubled: Arena) -> None:
    before = dead_letters(troubled)
    for name, fault in REDIS_FAULTS.items():
        meet(troubled, name, fault, troubled.run["redis_url"])
    assert dead_letters(troubled) == before


def test_no_answer_of_postgresql_ends_a_service(troubled: Arena) -> None:
    for name, fault in POSTGRES_FAULTS.items():
        meet(troubled, name, fault, troubled.run["database_url"])
    assert troubled.rows("SELECT message FROM alerts WHERE code IN ('SEQUENCE_GAP', 'GROUP_BROKEN')") == []
    wait_until("every position to be protected", lambda: not unprotected_positions(troubled), limit_s=60)
