"""The containers' health check as they run it, against a real health server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from common.runtime.health import HealthServer, Readiness

CHECK = Path(__file__).parents[4] / "deploy" / "healthcheck.py"
STANDBY = {"lease": "standing by: another process holds the lease", "market": "no tick yet", "start": "starting"}


@pytest.mark.parametrize(
    ("unmet", "code"), [({}, 0), (STANDBY, 0), ({"market": "no tick yet"}, 1), ({"lease": "not ready"}, 1)]
)
def test_ready_and_standing_by_are_healthy(unmet: dict[str, str], code: int) -> None:
    readiness = Readiness()
    readiness.set("start", True)
    for name, reason in unmet.items():
        readiness.set(name, False, reason)
    server = HealthServer("127.0.0.1", 0, readiness)
    try:
        environment = os.environ | {"METRICS_PORT": str(server.port)}
        done = subprocess.run([sys.executable, CHECK], env=environment, capture_output=True, text=True, check=False)
    finally:
        server.close()
    assert (done.returncode, "no tick yet" in done.stdout) == (code, code == 1 and "market" in unmet)
