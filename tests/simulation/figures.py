"""What a run left on the exchange, in the exchange's own words: the same figures mean that the same trades were made.

`python -m simulation --seeds 200 --figures FILE` writes one line a seed. Two versions of the code behave alike when
their files are equal, whatever either calls its parts; `python -m simulation.figures OLD NEW` compares them.
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from math import ceil
from pathlib import Path
from typing import Any

ASKED = ("userFills", "historicalOrders", "userFunding", "userNonFundingLedgerUpdates")


def exchange_figures(exchange: Any, addresses: Iterable[str]) -> dict[str, Any]:
    """Per account: its equity and cash, and counts and hashes of its orders, fills, funding and ledger rows."""
    return {address: _account_figures(exchange, address) for address in sorted(addresses)}


def _account_figures(exchange: Any, address: str) -> dict[str, Any]:
    state = _ask(exchange, "clearinghouseState", address)
    figures: dict[str, Any] = {"equity": state["marginSummary"]["accountValue"], "withdrawable": state["withdrawable"]}
    for kind in ASKED:
        rows = _ask(exchange, kind, address)
        figures[kind] = [len(rows), hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]]
    return figures


def _ask(exchange: Any, kind: str, address: str) -> Any:
    status, body = exchange.request("/info", {"type": kind, "user": address, "startTime": 0})
    if status != 200:
        raise AssertionError(f"the simulated exchange answered {kind} with {status}")
    return json.loads(body)


def unprotected_text(lengths_s: list[float]) -> str:
    """The distribution of the times that positions had no stop, as far as they count."""
    if not lengths_s:
        return "no position was without a stop"
    ordered = sorted(lengths_s)
    half, most = (ordered[ceil(share * len(ordered)) - 1] for share in (0.5, 0.99))
    return (
        f"positions without a stop: {len(ordered):,} times; p50 {half:.2f} s, p99 {most:.2f} s,"
        f" longest {ordered[-1]:.2f} s"
    )


def differences(old: Path, new: Path) -> list[str]:
    """One line per seed that is missing from one of the files or whose figures differ."""
    before, after = _read(old), _read(new)
    missing = [f"seed {seed} stands in one file only" for seed in sorted(before.keys() ^ after.keys())]
    common = sorted(before.keys() & after.keys())
    return missing + [
        f"seed {seed}: {before[seed]} became {after[seed]}" for seed in common if before[seed] != after[seed]
    ]


def _read(path: Path) -> dict[int, Any]:
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return {row["seed"]: row["figures"] for row in rows}


if __name__ == "__main__":
    found = differences(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write("\n".join([*found, f"{len(found)} differences"]) + "\n")
    sys.exit(1 if found else 0)
