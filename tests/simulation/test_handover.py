"""Approvals that a lane at rest stores as sent, and what becomes of them when the executor dies right after that."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
import pytest

from common.events import OrderFilled, OrderRole
from executor.storage.halts import HaltFiles
from simulation.chaos import CALM
from simulation.run import run_seed
from simulation.stage import Stage

UNFINISHED = ("STORED", "SENT", "IN_FLIGHT")


class Watched:
    """A script that sees each intent that is stored as sent already, once that is durable."""

    def __init__(self, on_stored: Callable[[Stage], None] = lambda stage: None) -> None:
        self.intent_ids: list[str] = []
        self.statuses: dict[str, str] = {}
        self._on_stored = on_stored
        self._written: str | None = None

    async def __call__(self, stage: Stage) -> None:
        run = stage.database.run

        def watched(query: str, parameters: Sequence[Any]) -> Any:
            found = run(query, parameters)
            if "INSERT INTO intents" in query and "SENT" in parameters:
                self._written = parameters[0]
            elif query == "COMMIT" and self._written is not None:
                self.intent_ids.append(self._written)
                self._written = None
                self._on_stored(stage)
            return found

        stage.database.run = watched  # type: ignore[method-assign]
        while True:
            await asyncio.sleep(1)
            rows = stage.database.rows("SELECT intent_id, status FROM intents")
            self.statuses = {row["intent_id"]: row["status"] for row in rows}


def test_a_lane_at_rest_stores_what_it_sends_in_one_step() -> None:
    script = Watched()
    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert script.intent_ids
    assert set(script.statuses) > set(script.intent_ids), "what needs its leverage set first is stored before"
    assert all(script.statuses[intent_id] not in UNFINISHED for intent_id in script.intent_ids)


def test_a_death_between_storing_and_sending_doubles_and_loses_nothing() -> None:
    script = Watched(lambda stage: stage.processes["executor"].kill("before the first byte"))
    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert script.intent_ids
    assert len(script.intent_ids) == len(set(script.intent_ids))
    assert all(script.statuses[intent_id] not in UNFINISHED for intent_id in script.intent_ids)


def test_a_halt_between_storing_and_sending_keeps_the_entry_back() -> None:
    found: list[tuple[str, str | None]] = []

    async def script(stage: Stage) -> None:
        run, stopped = stage.database.run, set()
        entries = "SELECT intent_id FROM intents WHERE status = 'SENT' AND is_entry"

        def watched(query: str, parameters: Sequence[Any]) -> Any:
            done = run(query, parameters)
            if query == "COMMIT" and not stopped and (sent := run(entries, ()).fetchall()):
                stopped.add(sent[0][0])
                HaltFiles(stage.executor_settings.executor_data_dir).halt(None, "test")
            return done

        stage.database.run = watched  # type: ignore[method-assign]
        sends = """SELECT intent_id, status, outcome FROM intents JOIN intent_sends USING (intent_id)
            WHERE purpose <> 'leverage'"""
        while True:
            await asyncio.sleep(1)
            rows = [row for row in stage.database.rows(sends) if row["intent_id"] in stopped]
            found[:] = [(row["status"], row["outcome"]) for row in rows]

    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert found == [("CANCELLED", "not sent: HALTED")]


@pytest.mark.parametrize("what", ["the executor dies", "the database goes away", "a statement fails"])
def test_what_comes_before_the_answer_leaves_neither_order_nor_send_unrecorded(what: str) -> None:
    """The exchange has the order then; of ours only the intent's row is stored."""
    struck: list[str] = []
    found: dict[str, Any] = {}

    async def script(stage: Stage) -> None:
        inner = stage.exchange.request
        symbol = None

        def request(path: str, body: Any) -> tuple[int, bytes]:
            nonlocal symbol
            answer = inner(path, body)
            sent = "SELECT intent_id, symbol FROM intents WHERE status = 'SENT' AND is_entry"
            if not struck and body.get("action", {}).get("type") == "order" and (rows := stage.database.rows(sent)):
                struck.append(rows[0]["intent_id"])
                symbol = rows[0]["symbol"]
                if what == "the executor dies":
                    stage.processes["executor"].kill(what)
                elif what == "the database goes away":
                    stage.chaos.database_until_s = stage.loop.time() + 2
                else:
                    stage.database.run = failing_once  # type: ignore[method-assign]
            return answer

        run = stage.database.run

        def failing_once(query: str, parameters: Sequence[Any]) -> Any:
            if "INSERT INTO intent_orders" not in query:
                return run(query, parameters)
            stage.database.run = run  # type: ignore[method-assign]
            raise psycopg.OperationalError("simulated: cut off")

        stage.exchange.request = request  # type: ignore[method-assign]
        while not struck:
            await asyncio.sleep(1)
        await asyncio.sleep(6)
        rows = stage.database.rows("SELECT * FROM intent_sends WHERE intent_id = ?", struck[0])
        found["sends"] = [row["purpose"] for row in rows if row["purpose"] != "leverage"]
        rows = stage.database.rows("SELECT * FROM intent_orders WHERE intent_id = ?", struck[0])
        found["orders"] = [row["role"] for row in rows][:3]
        fills = [event.data for event in stage.recorded.values() if event.type == OrderFilled.TYPE]
        found["fills"] = {(fill.intent_id, fill.role) for fill in fills if fill.symbol == symbol}

    result = run_seed(0, weather=CALM, script=script, max_orders_per_minute=60, entry_cooldown_s=0)
    assert result.failure is None, "\n".join(result.story[-40:])
    assert found["orders"] == ["entry", "stop", "target"]
    assert found["sends"][0] == "orders"
    assert found["sends"].count("orders") == 1
    assert found["fills"] == {(struck[0], OrderRole.ENTRY)}
