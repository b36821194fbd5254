"""What `aicoin status` says beside the services: halts, and how far this machine's clock is off."""

import json
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

TIMEOUT_S = 3.0
CLOCK_LIMIT_MS = 2_000


def trading_lines(run: Mapping[str, Any] | None, read_token: str | None = None) -> list[str]:
    """One line per halt, and one about the clock, as the gateway knows them; none when it doesn't answer."""
    url = (run or {}).get("gateway_url")
    if not url:
        return []
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(f"{url}/api/v1/status")
    if read_token:
        request.add_header("Authorization", f"Bearer {read_token}")
    try:
        with opener.open(request, timeout=TIMEOUT_S) as response:
            return describe_status(json.load(response))
    except (OSError, ValueError, KeyError, TypeError):
        return ["halts and clock: the gateway does not answer"]


def describe_status(status: Mapping[str, Any]) -> list[str]:
    """The lines for an answer of GET status."""
    lines = [_halt_line(halt) for halt in status["halts"]]
    ahead_ms = status["clock_ahead_ms"]
    if ahead_ms is None:
        return [*lines, "clock: how far it is off the exchange's is not known yet"]
    where = "behind" if ahead_ms > 0 else "ahead of"
    advice = "; set it by NTP" if abs(ahead_ms) > CLOCK_LIMIT_MS else ""
    return [*lines, f"clock: {abs(ahead_ms) / 1000:.1f} s {where} the exchange's{advice}"]


def _halt_line(halt: Mapping[str, Any]) -> str:
    since = datetime.fromtimestamp(halt["since_ms"] / 1000, UTC).isoformat(sep=" ", timespec="seconds")
    detail = f": {halt['detail']}" if halt["detail"] else ""
    ends = "; `aicoin resume` ends it" if halt["reason"] == "LOCAL" else ""
    return f"halted: {halt['model'] or 'all'}, {halt['reason']} by {halt['author']} since {since}{detail}{ends}"
