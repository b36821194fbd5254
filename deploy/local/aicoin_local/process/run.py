"""`aicoin run`: prepares the stores, starts everything under supervisord, watches, and stops in order."""

import contextlib
import os
import resource
import signal
import sys
import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console

from aicoin_local.configuration.arena_file import roster_of
from aicoin_local.configuration.catalog import process_variables, stop_place
from aicoin_local.configuration.environment import refuse_missing_keys, services_to_run, shared_variables
from aicoin_local.configuration.rights import Rights, load_passwords
from aicoin_local.configuration.runfile import read_run, remove_run, write_run
from aicoin_local.configuration.service_settings import variables_read
from aicoin_local.configuration.spending import spending_lines
from aicoin_local.process.lock import Held, NoFolder, held
from aicoin_local.process.orphans import orphans, stop_orphans
from aicoin_local.process.ports import port_conflicts
from aicoin_local.process.readiness import BadService, log_sizes, refuse_bad_settings, why_unready
from aicoin_local.process.supervise import Program, Supervisor, SupervisorError, write_conf
from aicoin_local.settings import EXIT_BAD_SETTINGS, LocalSettings, full_environment, load_settings, refuse
from aicoin_local.stores import Store, StoreError, postgres_store, redis_store, wait_for_postgres, wait_for_redis
from common.events.catalog import services_of
from common.trading.roster import Roster

READY_LIMIT_S = 150.0
POLL_EVERY_S = 0.25
WATCH_EVERY_S = 0.5
READINESS_EVERY_S = 5.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Ctrl-C, SIGTERM, or a closed terminal."""


class Launcher:
    """One run of the arena."""

    def __init__(self, settings: LocalSettings, given: dict[str, str], roster: Roster, console: Console) -> None:
        self.settings, self.given, self.roster, self.console = settings, given, roster, console
        self.folder = settings.data_dir
        self.supervisor = Supervisor(self.folder)
        self.services = services_to_run(settings, roster)
        self.ports = {spec.name: settings.metrics_base_port + spec.metrics_offset for spec in self.services}
        self.redis_url = settings.redis_url or ""
        self.database_url = settings.database_url or ""
        self.rights: Rights | None = None

    def run(self) -> None:
        """From nothing to a running arena, until stopped. Raises Stopped, StoreError, SupervisorError, BadService."""
        stores = self._prepare_stores()
        rights = self.rights = self._prepare_rights(stores)
        programs = [Program(store.name, store.command, store.stop_signal) for store in stores]
        programs += [
            Program(
                spec.name,
                (sys.executable, "-m", f"{spec.package}.main"),
                reads=variables_read(spec, self.roster),
                variables=process_variables(spec, self.settings.metrics_base_port),
            )
            for spec in self.services
        ]
        variables = shared_variables(self.settings, self.given, self.roster, rights.addresses())
        self.supervisor.start(write_conf(self.folder, programs), variables)
        self._start_stores(stores)
        rights.make()
        log_bytes = log_sizes(self.ports, self.folder / "logs")
        for spec in self.services:
            self.supervisor.start_program(spec.name)
        self._await_readiness(log_bytes)
        mode = self.settings.hyperliquid_env.upper()
        self.console.print(f"\n[bold]AIcoin runs ({mode}): {self.settings.gateway_url}[/bold]")
        for line in spending_lines(self.roster, self.given):
            self.console.print(f"  {line}", markup=False)
        self.console.print("Ctrl-C stops it. make status, make logs, make restart SERVICE=risk\n")
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

    def _prepare_rights(self, stores: list[Store]) -> Rights:
        """Of the stores that are started here."""
        services = services_of(self.roster.ids)
        urls = {store.name: store.url for store in stores}
        return Rights(services, load_passwords(self.folder, services), urls.get("redis"), urls.get("postgres"))

    def _start_stores(self, stores: list[Store]) -> None:
        started = time.monotonic()
        for store in stores:
            self.supervisor.start_program(store.name)
        logs = {store.name: self.folder / "logs" / f"{store.name}.log" for store in stores}
        wait_for_redis(self.redis_url, log=logs.get("redis"))
        self._report_ready("redis", started)
        wait_for_postgres(self.database_url, log=logs.get("postgres"))
        self._report_ready("postgres", started)

    def _await_readiness(self, log_bytes: Mapping[str, int]) -> None:
        """Reports each service when it is ready; one that isn't ready in time is named, and keeps trying."""
        started = time.monotonic()
        waiting = {spec.name: "starting" for spec in self.services}
        with self.console.status("") as status:
            while waiting and time.monotonic() - started < READY_LIMIT_S:
                infos = self.supervisor.all_info()
                self._refresh_run_file(infos)
                for name in list(waiting):
                    refuse_bad_settings(name, infos[name], self.folder / "logs", log_bytes[name])
                    reason = why_unready(self.ports[name])
                    if reason is None:
                        del waiting[name]
                        self._report_ready(name, started)
                    else:
                        waiting[name] = reason
                status.update(f"{time.monotonic() - started:.0f} s, waiting for {', '.join(waiting)}")
                time.sleep(POLL_EVERY_S)
        for name, reason in waiting.items():
            self.console.print(f"  {name:<16} [yellow]not ready yet[/yellow]: {reason}; it keeps trying")

    def _report_ready(self, name: str, started: float) -> None:
        self.console.print(f"  {name:<16} [green]ready[/green]  {time.monotonic() - started:5.1f} s")

    def _refresh_run_file(self, infos: Mapping[str, Mapping[str, Any]]) -> None:
        services = {
            name: {"pid": infos[name]["pid"], "metrics_url": f"http://127.0.0.1:{port}/metrics"}
            for name, port in self.ports.items()
        }
        content = {
            "gateway_url": self.settings.gateway_url,
            "simulator_url": self.settings.simulator_url if self.settings.needs_simulator else None,
            "simulator_services_url": self.settings.simulator_services_url if self.settings.needs_simulator else None,
            "redis_url": self.redis_url,
            "database_url": self.database_url,
            "launcher_pid": os.getpid(),
            "supervisor_pid": self.supervisor.started_pid,
            "services": services,
        }
        with contextlib.suppress(OSError):  # A full disk: the file is brought up to date later.
            write_run(self.folder, content)

    def _watch(self) -> None:
        """Keeps run.json current until a signal comes; reports restarts and changes of readiness."""
        pids = {name: info["pid"] for name, info in self.supervisor.all_info().items()}
        unready = {name: why_unready(port) for name, port in self.ports.items()}
        checked = time.monotonic()
        while True:
            time.sleep(WATCH_EVERY_S)
            infos = self.supervisor.all_info()
            self._refresh_run_file(infos)
            self.supervisor.cap_backoff(infos)
            for name, info in infos.items():
                if info["pid"] and pids[name] != info["pid"]:
                    pids[name] = info["pid"]
                    self._report(f"{name} was restarted (pid {info['pid']})")
            if time.monotonic() - checked > READINESS_EVERY_S:
                checked = time.monotonic()
                self._report_changes(unready)
                if self.rights is not None and self.rights.restore_redis():
                    self._report("redis had lost the bus's functions; they are loaded again")

    def _report_changes(self, unready: dict[str, str | None]) -> None:
        for name, port in self.ports.items():
            before, unready[name] = unready[name], why_unready(port)
            if (before is None) != (unready[name] is None):
                self._report(f"{name} is ready" if unready[name] is None else f"{name} is not ready: {unready[name]}")

    def _report(self, line: str) -> None:
        with contextlib.suppress(OSError):  # The output may be a file of a full disk.
            self.console.print(f"{time.strftime('%H:%M:%S')}  {line}", markup=False)

    def stop(self) -> None:
        """Stops everything in order."""
        stop_arena(self.settings, self.console, self.supervisor)


def stop_arena(settings: LocalSettings, console: Console, supervisor: Supervisor | None = None) -> None:
    """Stops a supervised arena in order; without supervisord, the programs that it left."""
    supervisor = supervisor or Supervisor(settings.data_dir)
    if supervisor.is_alive():
        console.print("Stopping …")
        infos = supervisor.all_info()
        for name in sorted(infos, key=stop_place):
            supervisor.stop_program(name)
            console.print(f"  {name:<16} stopped")
        supervisor.shutdown()
    supervisor.terminate()
    for name in stop_orphans(settings.data_dir):
        console.print(f"  {name:<16} stopped (it ran without its supervisor)")
    remove_run(settings.data_dir)


def is_left_over(settings: LocalSettings) -> bool:
    """Whether something of a run without a launcher is still there."""
    folder = settings.data_dir
    return read_run(folder) is not None or Supervisor(folder).is_alive() or bool(orphans(folder))


def _raise_stopped(number: int, frame: object) -> None:
    for each in STOP_SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


def run() -> int:
    """Runs the arena in the foreground; the exit code."""
    # The environment holds trading keys: no crash of this process or a child may write it to the disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    given = full_environment()
    settings = load_settings(given)
    roster = roster_of(given)
    refuse_missing_keys(settings, given, roster)
    console = Console(highlight=False, soft_wrap=True)
    try:
        with held(settings.data_dir):
            return _run_held(settings, given, roster, console)
    except NoFolder as error:
        refuse([f"AICOIN_DATA_DIR: {settings.aicoin_data_dir} can't be used: {error}"])
    except Held as error:
        url = (read_run(settings.data_dir) or {}).get("gateway_url", settings.gateway_url)
        refuse(
            [
                f"the arena with its data in {settings.aicoin_data_dir} runs already (pid {error.pid}): {url}; "
                "make stop ends it, AICOIN_DATA_DIR and other ports start a second one"
            ]
        )


def _run_held(settings: LocalSettings, given: dict[str, str], roster: Roster, console: Console) -> int:
    if is_left_over(settings):
        console.print("The last run was not stopped cleanly; stopping what is left of it.")
        stop_arena(settings, console)
    conflicts = port_conflicts(settings, roster)
    if conflicts:
        refuse(conflicts)
    console.print(f"Starting AIcoin ({settings.hyperliquid_env}); data in {settings.aicoin_data_dir}")
    code = 0
    launcher = Launcher(settings, given, roster, console)
    try:
        for number in STOP_SIGNALS:
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _raise_stopped)
        launcher.run()
    except Stopped:
        console.print("")
    except BadService as error:
        sys.stderr.write(f"{error}\n")
        code = EXIT_BAD_SETTINGS
    except (StoreError, SupervisorError, OSError) as error:
        sys.stderr.write(f"aicoin: {error}\n")
        code = 1
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        launcher.stop()
    return code
