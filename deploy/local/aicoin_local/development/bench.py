"""`make bench NAME=bus`: runs one benchmark against its own Redis."""

import subprocess
import sys
import tempfile
from pathlib import Path

from typer import Context

from aicoin_local.settings import ROOT, refuse
from aicoin_local.stores import Throwaway, free_port, redis_store, wait_for_redis


def bench(context: Context, name: str = "bus") -> None:
    """Runs bench/NAME.py; passes further options on."""
    script = ROOT / "bench" / f"{name}.py"
    if not script.is_file():
        refuse([f"NAME: there is no bench/{name}.py"])
    with tempfile.TemporaryDirectory(prefix="aicoin-bench-") as folder:
        server = Throwaway(store := redis_store(Path(folder), free_port()), Path(folder) / "log")
        try:
            wait_for_redis(store.url)
            command = [sys.executable, str(script), "--redis-url", store.url, *context.args]
            code = subprocess.call(command, cwd=ROOT)
        finally:
            server.stop()
    raise SystemExit(code)
