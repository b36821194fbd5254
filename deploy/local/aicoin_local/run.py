"""`aicoin run`: provisions the stores, starts everything under the supervisor, watches, and stops in order."""

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

from aicoin_local.catalog import STOP_ORDER
from aicoin_local.environment import environment_of, shared_variables, wanted_services
from aicoin_local.ports import complaints
from aicoin_local.runfile import read_run, remove_run, write_run
from aicoin_local.settings import LocalSettings, full_environment, load_settings, refuse
from aicoin_local.stores import (
    Store,
    StoreError,
    postgres_store,
    redis_store,
    wait_for_postgres,
    wait_for_redis,
    write_private,
)
from aicoin_local.supervise import Supervisor, SupervisorError, write_conf

READY_LIMIT_S = 120.0
LOOK_EVERY_S = 0.25
BAD_SETTINGS = 2


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class BadService(Exception):
    """A service refused its settings; the message is its own line."""


class Launcher:
    """One run of the arena."""

    def __init__(self, settings: LocalSettings, given: dict[str, str], console: Console) -> None:
        self.settings, self.given, self.console = settings, given, console
        self.folder = settings.data_dir
        self.supervisor = Supervisor(self.folder)
        self.services = wanted_services(settings)
        self.redis_url = settings.redis_url or ""
        self.database_url = settings.database_url or ""

    def run(self) -> None:
        """From nothing to a running arena, until stopped. Raises Stopped, StoreError, SupervisorError, BadService."""
        stores = self._prepare_stores()
        variables = shared_variables(self.settings, self.given, self.redis_url, self.database_url)
        self._write_programs(stores, variables)
        programs = [(store.name, store.stop_signal.name.removeprefix("SIG")) for store in stores]
        programs += [(spec.name, "TERM") for spec in self.services]
        self.supervisor.start(write_conf(self.folder, programs, is_root=os.geteuid() == 0))
        self._start_stores(stores)
        for spec in self.services:
            self.supervisor.start_program(spec.name)
        self._await_readiness()
        self._say_where()
        self._watch()

    def _prepare_stores(self) -> list[Store]:
        stores = []
        if not self.redis_url:
            stores.append(redis_store(self.folder / "redis", self.settings.redis_port))
            self.redis_url = stores[-1].url
        if not self.database_url:
            stores.append(postgres_store(self.folder / "postgres", self.settings.postgres_port))
            self.database_url = stores[-1].url
        return stores

    def _write_programs(self, stores: list[Store], variables: dict[str, str]) -> None:
        """One private file per program: its command and its environment."""
        folder = self.folder / "programs"
        folder.mkdir(mode=0o700, exist_ok=True)
        base = {name: variables[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in variables}
        for store in stores:
            command = [_absolute(store.command[0], variables), *store.command[1:]]
            write_private(folder / f"{store.name}.json", json.dumps({"command": command, "environment": base}))
        for spec in self.services:
            command = [sys.executable, "-m", f"{spec.package}.main"]
            environment = environment_of(spec, variables, self.settings)
            write_private(folder / f"{spec.name}.json", json.dumps({"command": command, "environment": environment}))

    def _start_stores(self, stores: list[Store]) -> None:
        for store in stores:
            self.supervisor.start_program(store.name)
        started = time.monotonic()
        wait_for_redis(self.redis_url)
        self._tell("redis", started)
        wait_for_postgres(self.database_url)
        self._tell("postgres", started)

    def _await_readiness(self) -> None:
        """Tells of each service when it is ready; what isn't ready in time is named, and goes on trying."""
        started, waiting = time.monotonic(), {spec.name for spec in self.services}
        reasons: dict[str, str] = {}
        while waiting and time.monotonic() - started < READY_LIMIT_S:
            self._refresh_run_file()
            for spec in [spec for spec in self.services if spec.name in waiting]:
                reason = self._unready(spec.name)
                if reason is None:
                    waiting.discard(spec.name)
                    self._tell(spec.name, started)
                else:
                    reasons[spec.name] = reason
            time.sleep(LOOK_EVERY_S)
        for name in sorted(waiting):
            self.console.print(f"  [yellow]{name:<16} not ready yet: {reasons.get(name, '')}; it goes on trying")

    def _unready(self, name: str) -> str | None:
        """Why a service isn't ready, or None. Raises BadService when it refused its settings."""
        info = self.supervisor.info(name)
        if info["exitstatus"] == BAD_SETTINGS and info["statename"] in ("BACKOFF", "EXITED"):
            raise BadService(self._last_line(name))
        offset = next(spec.metrics_offset for spec in self.services if spec.name == name)
        return why_unready(self.settings.metrics_base_port + offset)

    def _last_line(self, name: str) -> str:
        lines = (self.folder / "logs" / f"{name}.log").read_text(encoding="utf-8").strip().splitlines()
        spoken = [line for line in lines if line and not line.startswith("{")]
        return spoken[-1] if spoken else f"{name}: refused its settings; see its log"

    def _tell(self, name: str, started: float) -> None:
        self.console.print(f"  {name:<16} [green]ready[/green]  {time.monotonic() - started:5.1f} s")

    def _say_where(self) -> None:
        mode = self.settings.hyperliquid_env.upper()
        self.console.print(f"\n[bold]AIcoin runs ({mode}): {self.settings.gateway_url}[/bold]")
        self.console.print("Ctrl-C stops it. make status, make logs, make restart SERVICE=risk\n")

    def _refresh_run_file(self) -> None:
        infos = self.supervisor.all_info()
        base = self.settings.metrics_base_port
        content: dict[str, Any] = {
            "gateway_url": self.settings.gateway_url,
            "simulator_url": self.settings.simulator_url if self.settings.needs_simulator else None,
            "redis_url": self.redis_url,
            "database_url": self.database_url,
            "launcher_pid": os.getpid(),
            "services": {
                spec.name: {
                    "pid": infos[spec.name]["pid"],
                    "metrics_url": f"http://127.0.0.1:{base + spec.metrics_offset}/metrics",
                }
                for spec in self.services
            },
        }
        write_run(self.folder, content)

    def _watch(self) -> None:
        """Keeps run.json current until a signal comes; says when a service had to be started again."""
        known = {name: info["pid"] for name, info in self.supervisor.all_info().items()}
        while True:
            time.sleep(LOOK_EVERY_S)
            self._refresh_run_file()
            for name, info in self.supervisor.all_info().items():
                if info["pid"] and known.get(name) != info["pid"]:
                    known[name] = info["pid"]
                    self.console.print(f"  {name} was started again (pid {info['pid']})")

    def stop(self) -> None:
        """Stops everything in order; a second Ctrl-C doesn't interrupt it."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        if not self.supervisor.is_alive():
            return
        self.console.print("\nStopping …")
        infos = self.supervisor.all_info()
        for name in STOP_ORDER:
            if name in infos:
                self.supervisor.stop_program(name)
                self.console.print(f"  {name:<16} stopped")
        self.supervisor.shutdown()
        remove_run(self.folder)


def why_unready(port: int) -> str | None:
    """The reasons of a service's /readyz, or None when it is ready."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2)
    except httpx.HTTPError:
        return "does not answer yet"
    if answer.status_code == 200:
        return None
    return "; ".join(f"{name}: {reason}" for name, reason in answer.json().get("reasons", {}).items())


def _absolute(command: str, variables: dict[str, str]) -> str:
    """The full path of a store's command, which execve needs."""
    import shutil

    return shutil.which(command, path=variables.get("PATH")) or command


@contextlib.contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Holds the data folder for one launcher; ends the process when another one holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            run = read_run(folder) or {}
            refuse(
                [f"AICOIN_DATA_DIR: {folder} is in use: the arena runs already at {run.get('gateway_url')}; make stop"]
            )
        yield


def _raise_stopped(number: int, frame: object) -> None:
    raise Stopped


def run() -> int:
    """Runs the arena in the foreground; the exit code."""
    given = full_environment()
    settings = load_settings(given)
    console = Console(highlight=False, soft_wrap=True)
    with only_one(settings.data_dir):
        launcher = Launcher(settings, given, console)
        if launcher.supervisor.is_alive():
            console.print("An arena without its launcher runs here; stopping it first.")
            launcher.stop()
        taken = complaints(settings)
        if taken:
            refuse(taken)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, _raise_stopped)
        console.print(f"Starting AIcoin ({settings.hyperliquid_env}); data in {settings.aicoin_data_dir}")
        code = 0
        try:
            launcher.run()
        except Stopped:
            pass
        except BadService as error:
            sys.stderr.write(f"{error}\n")
            code = BAD_SETTINGS
        except (StoreError, SupervisorError) as error:
            sys.stderr.write(f"aicoin: {error}\n")
            code = 1
        finally:
            launcher.stop()
        return code
