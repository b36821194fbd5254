"""A service that refuses its settings ends the start with its own lines, of this run only; and the shown status."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from aicoin_local.process.readiness import BadService, log_sizes, program_state, refuse_bad_settings

BACKOFF = {"statename": "BACKOFF", "exitstatus": None}


def test_refusals_of_this_run_are_reported_once(tmp_path: Path) -> None:
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


def test_other_exits_and_running_services_are_no_refusal(tmp_path: Path) -> None:
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
        """Logs nothing."""


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
def test_ready_program_is_shown_as_running_at_any_age(statename: str, port: int) -> None:
    assert program_state({"statename": statename, "pid": 7}, port) == ("running", None)
    assert program_state({"statename": statename, "pid": 7}, None) == ("running", None)


def test_unready_program_keeps_its_state_and_names_the_reason(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Readyz, "answer", (503, b'{"reasons": {"market": "waiting"}}'))
    assert program_state({"statename": "STARTING", "pid": 7}, port) == ("starting", "market: waiting")
    assert program_state({"statename": "RUNNING", "pid": 7}, port) == ("running", "market: waiting")


def test_store_that_does_not_run_is_not_ready() -> None:
    assert program_state({"statename": "BACKOFF", "pid": 0}, None) == ("backoff", "is backoff")
    assert program_state({"statename": "STOPPED", "pid": 0}, None) == ("stopped", "is stopped")
