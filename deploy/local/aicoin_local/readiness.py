"""Whether services are ready: their /readyz, and what the supervisor says of their process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from aicoin_local.settings import EXIT_BAD_SETTINGS


class BadService(Exception):
    """A service refused its settings; the message is its own line."""


def why_unready(port: int) -> str | None:
    """The reasons of a service's /readyz, or None when it is ready."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False)
        if answer.status_code == 200:
            return None
        reasons: Mapping[str, Any] = answer.json().get("reasons", {})
    except (httpx.HTTPError, ValueError):
        return "does not answer yet"
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or f"answers {answer.status_code}"


def refuse_bad_settings(name: str, info: Mapping[str, Any], logs: Path) -> None:
    """Raises BadService with the service's own words when it ended because of its settings."""
    if info["exitstatus"] == EXIT_BAD_SETTINGS and info["statename"] in ("BACKOFF", "EXITED", "FATAL"):
        lines = (logs / f"{name}.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()
        spoken = [line for line in lines if line and not line.startswith("{")]
        raise BadService(spoken[-1] if spoken else f"{name}: refused its settings; see make logs SERVICE={name}")
