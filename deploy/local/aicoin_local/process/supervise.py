"""supervisord: its configuration, and requests over its private socket."""

import contextlib
import hashlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Any

import psutil
from supervisor.xmlrpc import SupervisorTransport

from aicoin_local.process.launch import READS_VARIABLE
from aicoin_local.settings import ROOT
from aicoin_local.stores import write_private

START_LIMIT_S = 20.0
STOP_LIMIT_S = 15
LONGEST_SOCKET_PATH = 100
LONGEST_BACKOFF_S = 30
ALIVE = ("RUNNING", "STARTING", "BACKOFF", "STOPPING")
HEADER = """\
[unix_http_server]
file={socket}
chmod=0600

[supervisord]
logfile={folder}/logs/supervisord.log
logfile_maxbytes=5MB
logfile_backups=1
pidfile={folder}/supervisord.pid
nodaemon=true
minfds=1024
{user}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""
PROGRAM = """
[program:{name}]
command={command}
directory={directory}
autostart=false
autorestart=true
startsecs=15
startretries=1000000000
stopsignal={signal}
stopwaitsecs={stop_limit}
stopasgroup=false
killasgroup=true
redirect_stderr=true
environment={environment}
stdout_logfile={folder}/logs/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep alive, and the signal that stops it cleanly.

    `variables` are public: they stand in the configuration file. All others reach a program through supervisord's own
    environment; `reads` are those that it may see, None for a store (see `launch`).
    """

    name: str
    command: tuple[str, ...]
    stop_signal: Signals = Signals.SIGTERM
    reads: tuple[str, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def configured_variables(self) -> dict[str, str]:
        """What the configuration file sets for the program."""
        reads = {} if self.reads is None else {READS_VARIABLE: ",".join(self.reads)}
        return {"AICOIN_PROGRAM": self.name, **reads, **self.variables}


class SupervisorError(Exception):
    """supervisord doesn't answer, or refused a request."""


@contextlib.contextmanager
def signals_deferred(numbers: Sequence[Signals] = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)) -> Iterator[None]:
    """Signals that come meanwhile are handled at the end: an exception between a process's start and its being known
    would leave it running for ever. In the main thread only."""
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for each in came:
            signal.raise_signal(each)


def socket_path(folder: Path) -> Path:
    """The private socket: in `folder`, or under the system's short temporary folder where that path is too long."""
    inside = folder / "supervisor.sock"
    if len(os.fsencode(inside)) <= LONGEST_SOCKET_PATH:
        return inside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"aicoin-{os.getuid()}-{digest}.sock"


def write_conf(folder: Path, programs: Iterable[Program]) -> Path:
    """Writes supervisord.conf; a program that died is restarted without end."""
    (folder / "logs").mkdir(exist_ok=True)
    user = "user=root\n" if os.geteuid() == 0 else ""
    parts = [HEADER.format(folder=folder, socket=socket_path(folder), user=user)]
    for program in programs:
        command = [sys.executable, "-m", "aicoin_local.process.launch", *program.command]
        variables = program.configured_variables().items()
        parts.append(
            PROGRAM.format(
                name=program.name,
                command=_escaped(shlex.join(command)),
                environment=_escaped(",".join(f'{name}="{value}"' for name, value in variables)),
                folder=folder,
                directory=_escaped(str(ROOT)),
                signal=program.stop_signal.name.removeprefix("SIG"),
                stop_limit=STOP_LIMIT_S,
            )
        )
    path = folder / "supervisord.conf"
    write_private(path, "".join(parts))
    return path


def _escaped(text: str) -> str:
    """Supervisor expands %(name)s in commands."""
    return text.replace("%", "%%")


class Supervisor:
    """One supervisord, reached through its socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, conf: Path, environment: Mapping[str, str]) -> None:
        """Starts it in a new session, and waits until it answers."""
        with (self._folder / "logs" / "supervisord.out").open("wb") as output, signals_deferred():
            command = [sys.executable, "-W", "ignore", "-m", "aicoin_local.process.daemon", "-n", "-c", str(conf)]
            self._process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_LIMIT_S
        while not self.is_alive():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise SupervisorError(f"supervisord did not start; see {self._folder}/logs/supervisord.out")
            time.sleep(0.05)

    def terminate(self) -> None:
        """Ends the process that `start` started, also one that does not answer yet; it has no programs then."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_LIMIT_S * 2)

    @property
    def started_pid(self) -> int | None:
        """The process that `start` started."""
        return None if self._process is None else self._process.pid

    def is_alive(self) -> bool:
        with contextlib.suppress(SupervisorError):
            return bool(self._call("supervisor.getState")["statename"] == "RUNNING")
        return False

    def start_program(self, name: str) -> None:
        """Starts a program without waiting for it; one that runs already is left alone."""
        if self.info(name)["statename"] not in ALIVE:
            self._call("supervisor.startProcess", name, False)

    def stop_program(self, name: str) -> None:
        """Stops a program, cleanly first; returns when it is gone. Raises SupervisorError when it won't go."""
        if self.info(name)["statename"] in ALIVE:
            with contextlib.suppress(SupervisorError):
                self._call("supervisor.stopProcess", name, False)
        deadline = time.monotonic() + STOP_LIMIT_S + 5
        while self.info(name)["statename"] in ALIVE:
            if time.monotonic() > deadline:
                raise SupervisorError(f"{name} does not stop")
            time.sleep(0.03)

    def cap_backoff(self, infos: Mapping[str, Mapping[str, Any]]) -> None:
        """Starts again at once what has waited long enough: supervisord waits a second longer after each failure."""
        for name, info in infos.items():
            if info["statename"] == "BACKOFF" and info["now"] - info["stop"] > LONGEST_BACKOFF_S:
                self.stop_program(name)
                self.start_program(name)

    def info(self, name: str) -> dict[str, Any]:
        """State of one program: statename, pid, exitstatus, …"""
        result: dict[str, Any] = self._call("supervisor.getProcessInfo", name)
        return result

    def all_info(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self._call("supervisor.getAllProcessInfo")}

    def shutdown(self) -> None:
        """Ends supervisord, and what still runs under it; returns when its process is gone."""
        with contextlib.suppress(SupervisorError, psutil.Error):
            process = psutil.Process(self._call("supervisor.getPID"))
            self._call("supervisor.shutdown")
            if self._process is None:
                process.wait(STOP_LIMIT_S * 2)
        if self._process is not None:
            self._process.wait(STOP_LIMIT_S * 2)

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{socket_path(self._folder)}")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            target = proxy
            for part in method.split("."):
                target = getattr(target, part)
            return target(*arguments)
        except (OSError, xmlrpc.client.Error) as error:
            raise SupervisorError(f"supervisord, {method}: {error}") from error
        finally:
            transport.close()
