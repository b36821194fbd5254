"""The health server over a real socket."""

import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from common.runtime.health import HealthServer, Readiness


@pytest.fixture
def readiness() -> Readiness:
    return Readiness()


@pytest.fixture
def url(readiness: Readiness) -> Iterator[str]:
    server = HealthServer("127.0.0.1", 0, readiness)
    yield f"http://127.0.0.1:{server.port}"
    server.close()


def test_a_service_is_alive_before_it_is_ready(url: str) -> None:
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    response = httpx.get(f"{url}/readyz")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "reasons": {"start": "starting"}}


def test_a_service_is_ready_once_every_condition_holds(url: str, readiness: Readiness) -> None:
    readiness.set("lease", False, "standing by")
    readiness.set("start", True)
    assert json.loads(httpx.get(f"{url}/readyz").text)["reasons"] == {"lease": "standing by"}
    readiness.set("lease", True)
    assert httpx.get(f"{url}/readyz").status_code == 200


def test_metrics_are_served_and_other_paths_are_not(url: str) -> None:
    assert "aicoin_events_handled_total" in httpx.get(f"{url}/metrics").text
    assert httpx.get(f"{url}/").status_code == 404


def test_a_taken_port_is_an_error(readiness: Readiness) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        HealthServer("127.0.0.1", taken.getsockname()[1], readiness)
