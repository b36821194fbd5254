"""`make capture`: records Hyperliquid's public feed with its own ingester, beside any running arena."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from aicoin_local.settings import full_environment, load_settings
from aicoin_local.stores import Throwaway, free_port, redis_store, wait_for_redis

PASSED_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "LOG_LEVEL")
CAPTURE_SETTINGS = (
    "HYPERLIQUID_API_URL",
    "CAPTURE_DIR",
    "CAPTURE_FILE_MB",
    "CAPTURE_FILES",
    "HISTORY_WEIGHT_PER_MINUTE",
)


def capture() -> None:
    """Records until Ctrl-C. Market data only: the ingester gets no keys, and a Redis without other readers."""
    variables = full_environment()
    target = Path(variables.get("CAPTURE_DIR") or load_settings(variables).data_dir / "capture").resolve()
    with tempfile.TemporaryDirectory(prefix="aicoin-capture-") as folder:
        server = Throwaway(store := redis_store(Path(folder), free_port()), Path(folder) / "log")
        try:
            wait_for_redis(store.url)
            environment = {
                name: variables[name] for name in (*PASSED_VARIABLES, *CAPTURE_SETTINGS) if name in variables
            } | {
                "HYPERLIQUID_ENV": "mainnet",
                "REDIS_URL": store.url,
                "METRICS_PORT": "0",
                "CAPTURE_DIR": str(target),
                "SENTIMENT_URL": "off",
            }
            print(f"Recording into {target}; Ctrl-C ends it. SIMULATOR_MARKET=capture plays it.", flush=True)
            code = _run_to_the_end([sys.executable, "-m", "ingester.main"], environment)
        finally:
            server.stop()
    raise SystemExit(code)


def _run_to_the_end(command: list[str], environment: dict[str, str]) -> int:
    """Forwards signals, so that the ingester closes its file."""
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: os.kill(process.pid, signal.SIGTERM))
    return process.wait()
