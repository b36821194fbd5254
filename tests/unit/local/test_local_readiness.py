"""A service that refuses its settings ends the start with its own words, and only this run's; and what status says."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from aicoin_local.readiness import BadService, log_sizes, refuse_bad_settings, standing

BACKOFF = {"statename": "BACKOFF", "exitstatus": None}


def test_the_services_own_lines_are_told_once(tmp_path: Path) -> None:
    log = tmp_path / "risk.log"
    log.write_text("risk: OLD: of an earlier run\n")
    since = log_sizes(["risk", "gateway"], tmp_path)
    assert since["gateway"] == 0
    refuse_bad_settings("risk", BACKOFF, tmp_path, since["risk"])
    with log.open("a") as file:
        file.write('{"event": "x"}\n' + "risk: MAX_LEVERAGE: too big\nrisk: REDIS_URL: bad\n" * 2)
    with pytest.raises(BadService) as caught:
        refuse_bad_settings("risk", BACKOFF, tmp_path, since["risk"])
    assert str(caught.value) == "risk: MAX_LEVERAGE: too big\nrisk: REDIS_URL: bad"


def test_another_end_or_a_running_service_is_not_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "risk.log").write_text("risk: MAX_LEVERAGE: too big\n")
    refuse_bad_settings("risk", {"statename": "RUNNING"}, tmp_path, 0)
    (tmp_path / "risk.log").write_text('risk: MAX_LEVERAGE: too big\n{"event": "started"}\n')
    refuse_bad_settings("risk", BACKOFF, tmp_path, 0)


class Readyz(BaseHTTPRequestHandler):
    """Answers as `answer` says."""

    answer = (200, b'{"ready": true}')

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Readyz)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("statename", ["STARTING", "RUNNING"])
def test_what_is_ready_runs_however_young_it_is(statename: str, port: int) -> None:
    assert standing({"statename": statename, "pid": 7}, port) == ("running", None)
    assert standing({"statename": statename, "pid": 7}, None) == ("running", None)


def test_what_is_not_ready_keeps_its_state_and_says_why(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readyz, "answer", (503, b'{"reasons": {"market": "waiting"}}'))
    assert standing({"statename": "STARTING", "pid": 7}, port) == ("starting", "market: waiting")
    assert standing({"statename": "RUNNING", "pid": 7}, port) == ("running", "market: waiting")


def test_a_store_that_does_not_run_is_not_ready() -> None:
    assert standing({"statename": "BACKOFF", "pid": 0}, None) == ("backoff", "is backoff")
    assert standing({"statename": "STOPPED", "pid": 0}, None) == ("stopped", "is stopped")
