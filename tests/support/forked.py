"""Modules run as processes of their own that a process with their imports done forks: a start costs no imports."""

import multiprocessing
import os
import runpy
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

IMPORTED = ["simulator.main", "executor.main", "risk.main", "executor.cli.kill_command"]
"""What the forking process imports when the first process is started; another module is imported by its own process."""
END_LIMIT_S = 120.0

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(IMPORTED)


def _end_with_parent() -> None:
    """A run of tests that was killed ends none of its processes itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGKILL)


def _run(module: str, arguments: Sequence[str], variables: Mapping[str, str], output: Path) -> None:
    """In the new process: becomes what `python -m module` would be, its output appended to a file."""
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.close(descriptor)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = [module, *arguments]
    sys.modules.pop(module, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


class ForkedProcess:
    """`python -m module` with this process's variables and more. It ends with this process at the latest."""

    def __init__(
        self, module: str, output: Path, variables: Mapping[str, str] | None = None, arguments: Sequence[str] = ()
    ) -> None:
        given = (module, tuple(arguments), os.environ | dict(variables or {}), output)
        self._process: ForkServerProcess = _CONTEXT.Process(target=_run, args=given, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self._process.terminate()
        return self.wait()

    def kill(self) -> int:
        """SIGKILL; the exit code, which is negative."""
        self._process.kill()
        return self.wait()

    def signal(self, number: int) -> None:
        """Sends a signal, for example SIGSTOP."""
        os.kill(self.pid, number)

    def wait(self, limit_s: float = END_LIMIT_S) -> int:
        """Until it ends by itself; the exit code, and minus the signal that ended it."""
        self._process.join(limit_s)
        code = self._process.exitcode
        if code is None:
            raise TimeoutError(f"it has not ended within {limit_s:g} s")
        return code
