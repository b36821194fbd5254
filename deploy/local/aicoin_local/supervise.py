"""supervisord: its configuration, and talking to it over its private socket."""

import contextlib
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from aicoin_local.stores import write_private

START_LIMIT_S = 20.0
STOP_LIMIT_S = 15
HEADER = """\
[unix_http_server]
file={folder}/supervisor.sock
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
serverurl=unix://{folder}/supervisor.sock
"""
PROGRAM = """
[program:{name}]
command={python} -m aicoin_local.launch {folder}/programs/{name}.json
directory={directory}
autostart=false
autorestart=true
startsecs=2
startretries=1000000
stopsignal={signal}
stopwaitsecs={stop_limit}
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={folder}/logs/{name}.log
stdout_logfile_maxbytes=20MB
stdout_logfile_backups=2
"""


class SupervisorError(Exception):
    """supervisord doesn't answer, or refused a request."""


def write_conf(folder: Path, programs: Iterable[tuple[str, str]], *, is_root: bool) -> Path:
    """Writes supervisord.conf for (name, stop signal) programs; a dead one is started again for ever, ever later."""
    (folder / "logs").mkdir(exist_ok=True)
    parts = [HEADER.format(folder=folder, user="user=root\n" if is_root else "")]
    for name, signal in programs:
        parts.append(
            PROGRAM.format(
                name=name,
                python=sys.executable,
                folder=folder,
                directory=Path.cwd(),
                signal=signal,
                stop_limit=STOP_LIMIT_S,
            )
        )
    path = folder / "supervisord.conf"
    write_private(path, "".join(parts))
    return path


class Supervisor:
    """One supervisord, reached through the socket in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, conf: Path) -> None:
        """Starts it in a session of its own, and waits until it answers."""
        with (self._folder / "logs" / "supervisord.out").open("ab") as output:
            command = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-n", "-c", str(conf)]
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        deadline = time.monotonic() + START_LIMIT_S
        while not self.is_alive():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise SupervisorError(f"supervisord did not start; see {self._folder}/logs/supervisord.out")
            time.sleep(0.05)

    def is_alive(self) -> bool:
        with contextlib.suppress(SupervisorError):
            return bool(self._call("supervisor.getState")["statename"] == "RUNNING")
        return False

    def start_program(self, name: str) -> None:
        """Starts a program without waiting for it; one that runs already is left alone."""
        if self.info(name)["statename"] not in ("RUNNING", "STARTING", "BACKOFF"):
            self._call("supervisor.startProcess", name, False)

    def stop_program(self, name: str) -> None:
        """Stops a program, cleanly first; returns when it is gone."""
        if self.info(name)["statename"] in ("RUNNING", "STARTING", "BACKOFF", "STOPPING"):
            self._call("supervisor.stopProcess", name, True)

    def info(self, name: str) -> dict[str, Any]:
        """State of one program: statename, pid, exitstatus, …"""
        result: dict[str, Any] = self._call("supervisor.getProcessInfo", name)
        return result

    def all_info(self) -> dict[str, dict[str, Any]]:
        return {row["name"]: row for row in self._call("supervisor.getAllProcessInfo")}

    def shutdown(self) -> None:
        """Ends supervisord and waits for it."""
        with contextlib.suppress(SupervisorError):
            self._call("supervisor.shutdown")
        deadline = time.monotonic() + STOP_LIMIT_S * 2
        while self.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._process is not None:
            self._process.wait(STOP_LIMIT_S)

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._folder}/supervisor.sock")
        proxy = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            target = proxy
            for part in method.split("."):
                target = getattr(target, part)
            return target(*arguments)
        except (OSError, xmlrpc.client.Error) as error:
            raise SupervisorError(f"{method}: {error}") from error
        finally:
            transport.close()
