"""Whether services are ready: their /readyz, and supervisord's state of their process."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx


class BadService(Exception):
    """A service refused its settings; the message is the service's own line."""


@cache
def _client() -> httpx.Client:
    """One client for all requests: creating one reads the certificates, which takes longer than a request."""
    return httpx.Client(timeout=2, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))


def why_unready(port: int) -> str | None:
    """The reasons of a service's /readyz, or None when it is ready."""
    try:
        answer = _client().get(f"http://127.0.0.1:{port}/readyz")
        if answer.status_code == 200:
            return None
        reasons: Mapping[str, Any] = answer.json().get("reasons", {})
    except (httpx.HTTPError, ValueError):
        return "does not answer yet"
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or f"answers {answer.status_code}"


def program_state(info: Mapping[str, Any], port: int | None) -> tuple[str, str | None]:
    """A program's state in one word, and why it isn't ready, None when it is. The two never contradict each other:
    supervisord reports STARTING for every program younger than `startsecs`, even when it is ready.

    A program without a port (a store) is ready while it runs.
    """
    state = str(info["statename"]).lower()
    is_up = info["statename"] in ("STARTING", "RUNNING") and bool(info["pid"])
    why = (None if is_up else f"is {state}") if port is None else why_unready(port)
    return "running" if is_up and why is None else state, why


def log_sizes(names: Iterable[str], logs: Path) -> dict[str, int]:
    """The size of each service's log now: earlier runs wrote what lies before."""
    return {name: path.stat().st_size if (path := logs / f"{name}.log").exists() else 0 for name in names}


def refuse_bad_settings(name: str, info: Mapping[str, Any], logs: Path, since_byte: int) -> None:
    """Raises BadService with the service's own lines when its settings ended it.

    A service that refuses to start prints lines that begin with its name and a variable's, and nothing after them.
    supervisord keeps no exit status of a program that ended within `startsecs`.
    """
    if info["statename"] not in ("BACKOFF", "EXITED", "FATAL"):
        return
    lines = (logs / f"{name}.log").read_bytes()[since_byte:].decode(errors="replace").strip().splitlines()
    refusals = [line for line in lines if re.match(rf"{name}: [A-Z_]+: ", line)]
    if refusals and refusals[-1] == lines[-1]:
        raise BadService("\n".join(dict.fromkeys(refusals)))
