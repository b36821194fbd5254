"""Intents that are stored as sent in one step, and their outcome when the executor is killed right after that."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from common.events import OrderFilled, OrderRole
from common.trading.orders import UNFINISHED
from executor.domain.halt import HaltRecord
from executor.storage.halts import HaltFiles
from simulation.faults import CALM
from simulation.harness import Harness
from simulation.run import run_seed


class SentIntents:
    """A script that collects each intent that is stored as SENT at once, when its transaction is committed."""

    def __init__(self, on_stored: Callable[[Harness], None] = lambda harness: None) -> None:
        self.intent_ids: list[str] = []
        self.statuses: dict[str, str] = {}
        self._on_stored = on_stored
        self._written: str | None = None

    async def __call__(self, harness: Harness) -> None:
        run = harness.database.run

        def run_and_observe(query: str, parameters: Sequence[Any]) -> Any:
            found = run(query, parameters)
            if "INSERT INTO intents" in query and "SENT" in parameters:
                self._written = parameters[0]
            elif query == "COMMIT" and self._written is not None:
                self.intent_ids.append(self._written)
                self._written = None
                self._on_stored(harness)
            return found

        harness.database.run = run_and_observe  # type: ignore[method-assign]
        while True:
            await asyncio.sleep(1)
            rows = harness.database.rows("SELECT intent_id, status FROM intents")
            self.statuses = {row["intent_id"]: row["status"] for row in rows}


def test_an_idle_worker_stores_an_intent_as_sent_in_one_step() -> None:
    script = SentIntents()
    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert script.intent_ids
    assert set(script.statuses) > set(script.intent_ids), "an entry that needs its leverage set first is stored before"
    assert all(script.statuses[intent_id] not in UNFINISHED for intent_id in script.intent_ids)


def test_a_kill_between_store_and_send_doubles_and_loses_nothing() -> None:
    script = SentIntents(lambda harness: harness.processes["executor"].kill("before the first byte"))
    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert script.intent_ids
    assert len(script.intent_ids) == len(set(script.intent_ids))
    assert all(script.statuses[intent_id] not in UNFINISHED for intent_id in script.intent_ids)


def test_a_halt_between_store_and_send_cancels_the_entry() -> None:
    found: list[tuple[str, str | None]] = []

    async def script(harness: Harness) -> None:
        run, stopped = harness.database.run, set()
        entries = "SELECT intent_id FROM intents WHERE status = 'SENT' AND is_entry"

        def run_and_observe(query: str, parameters: Sequence[Any]) -> Any:
            done = run(query, parameters)
            if query == "COMMIT" and not stopped and (sent := run(entries, ()).fetchall()):
                stopped.add(sent[0][0])
                HaltFiles(harness.executor_settings.executor_data_dir).write(
                    HaltRecord(None, "test", 1, "test", is_local=True)
                )
            return done

        harness.database.run = run_and_observe  # type: ignore[method-assign]
        sends = """SELECT intent_id, status, outcome FROM intents JOIN intent_sends USING (intent_id)
            WHERE purpose <> 'leverage'"""
        while True:
            await asyncio.sleep(1)
            rows = [row for row in harness.database.rows(sends) if row["intent_id"] in stopped]
            found[:] = [(row["status"], row["outcome"]) for row in rows]

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert found == [("CANCELLED", "not sent: HALTED")]


@pytest.mark.parametrize("fault", ["executor killed", "database unavailable", "statement fails"])
def test_a_fault_before_the_answer_leaves_no_order_unrecorded(fault: str) -> None:
    """The exchange has the order then; on this side only the intent's row is stored."""
    struck: list[str] = []
    found: dict[str, Any] = {}

    async def script(harness: Harness) -> None:
        inner = harness.exchange.request
        symbol = None

        def request(path: str, body: Any) -> tuple[int, bytes]:
            nonlocal symbol
            answer = inner(path, body)
            sent = "SELECT intent_id, symbol FROM intents WHERE status = 'SENT' AND is_entry"
            if not struck and body.get("action", {}).get("type") == "order" and (rows := harness.database.rows(sent)):
                struck.append(rows[0]["intent_id"])
                symbol = rows[0]["symbol"]
                if fault == "executor killed":
                    harness.processes["executor"].kill(fault)
                elif fault == "database unavailable":
                    harness.faults.database_until_s = harness.loop.time() + 2
                else:
                    harness.database.run = failing_once  # type: ignore[method-assign]
            return answer

        run = harness.database.run

        def failing_once(query: str, parameters: Sequence[Any]) -> Any:
            if "INSERT INTO intent_orders" not in query:
                return run(query, parameters)
            harness.database.run = run  # type: ignore[method-assign]
            raise psycopg.OperationalError("simulated: cut off")

        harness.exchange.request = request  # type: ignore[method-assign]
        while not struck:
            await asyncio.sleep(1)
        await asyncio.sleep(6)
        rows = harness.database.rows("SELECT * FROM intent_sends WHERE intent_id = ?", struck[0])
        found["sends"] = [row["purpose"] for row in rows if row["purpose"] != "leverage"]
        rows = harness.database.rows("SELECT * FROM intent_orders WHERE intent_id = ?", struck[0])
        found["orders"] = [row["role"] for row in rows][:3]
        fills = [event.data for event in harness.recorded.values() if event.type == OrderFilled.TYPE]
        found["fills"] = {(fill.intent_id, fill.role) for fill in fills if fill.symbol == symbol}

    result = run_seed(0, profile=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.trace[-40:])
    assert sorted(found["orders"]) == ["entry", "stop", "target"]
    assert found["sends"].count("orders") == 1
    assert found["fills"] == {(struck[0], OrderRole.ENTRY)}
