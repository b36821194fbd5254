"""Other programs trade on a running arena's exchange: the arena's services notice nothing of it."""

import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from client_sessions import ADDRESS, BIN, NOT_INSTALLED, ccxt_session, nktkas_session
from harness import wait_until

from aicoin_local.testing import Arena

pytestmark = [pytest.mark.system, pytest.mark.skipif(not BIN.is_dir(), reason=NOT_INSTALLED)]

WATCH_EVERY_S = 0.5
LASTING_S = 10.0
REFUSED = "HTTP 429"


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """An arena whose exchange keeps its request budgets."""
    arena = Arena(tmp_path_factory.mktemp("clients") / "data")
    arena.environment["SIMULATOR_RATE_LIMITS"] = "true"
    try:
        arena.start()
        yield arena
    finally:
        arena.stop()


class Watch:
    """Looks at the services' readiness until it is ended; keeps what was not ready for LASTING_S on end.

    One look may come between two decisions of an agent, or to a machine that is busy.
    """

    def __init__(self, arena: Arena) -> None:
        self._arena, self._is_over = arena, threading.Event()
        self.looks, self.unready, self._since = 0, list[str](), dict[str, float]()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(WATCH_EVERY_S):
            self.looks += 1
            for name in self._arena.run["services"]:
                text = self._reason(name)
                if text is None:
                    self._since.pop(name, None)
                elif time.monotonic() - self._since.setdefault(name, time.monotonic()) >= LASTING_S:
                    self.unready.append(f"{name}: {text}")

    def _reason(self, name: str) -> str | None:
        try:
            answer = self._arena.readiness(name)
        except httpx.HTTPError as error:
            return repr(error)
        return None if answer.status_code == 200 else answer.text

    def end(self) -> None:
        self._is_over.set()
        self._thread.join()


def test_clients_trade_on_a_running_arena_without_disturbing_it(arena: Arena) -> None:
    url = arena.run["simulator_url"]
    httpx.post(f"{url}/faucet", json={"user": ADDRESS, "usd": "10000"}, timeout=60).raise_for_status()
    decided = "SELECT count(*) AS decisions FROM ai_decisions"
    watch = Watch(arena)
    try:
        before = arena.rows(decided)
        ccxt, nktkas = ccxt_session(url), nktkas_session(url)
        wait_until("a further decision", lambda: arena.rows(decided) != before)
    finally:
        watch.end()
    assert (ccxt["entry"], ccxt["flat"], nktkas["filled"], nktkas["flat"]) == ("closed", [], 2, 0)
    assert watch.looks > 0
    assert watch.unready == []
    assert REFUSED not in (arena.data_dir / "logs" / "executor.log").read_text(encoding="utf-8")
