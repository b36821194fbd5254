"""A service whose store is unavailable waits, logs that it waits, and still ends at once on SIGTERM."""

import os
import signal
import subprocess
import sys

import pytest

from aicoin_local.testing import free_block


@pytest.mark.parametrize("package", ["recorder", "risk"])
def test_sigterm_ends_a_start_that_waits_for_postgresql(package: str) -> None:
    unused_port = free_block(2)
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {
        "DATABASE_URL": f"postgresql://aicoin:hidden@127.0.0.1:{unused_port}/aicoin",
        "REDIS_URL": f"redis://127.0.0.1:{unused_port + 1}/0",
        "METRICS_PORT": "0",
    }
    command = [sys.executable, "-m", f"{package}.main"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        output = ""
        while "PostgreSQL does not answer; check DATABASE_URL" not in output:
            line = process.stdout.readline()
            assert line, output
            output += line
        process.send_signal(signal.SIGTERM)
        try:
            rest, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0, output + rest
    assert "Traceback" not in rest
    assert "stopped" in rest
    assert "hidden" not in output + rest
