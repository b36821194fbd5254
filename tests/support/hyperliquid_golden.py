"""Expectations of Hyperliquid's wire, as golden files of the project, and how they are derived from recordings.

The recordings stay outside the repository; only shapes, statistics and the few values that tests compare are
derived from them. Write both files again: `PYTHONPATH=tests/support python -m hyperliquid_golden FOLDER`.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

from hyperliquid_shapes import shape, shorten

from simulator.market.calibration import recorded_figures

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "hyperliquid"
RECORDINGS = Path(os.environ.get("HYPERLIQUID_RECORDINGS", ROOT.parent / "shared" / "data" / "hyperliquid"))
"""Beside the project, where they exist at all."""

SIGNIFICANT_DIGITS = 6
UNIVERSE = "universe entries of the six coins + asset ids (mainnet, Oct 2026)"
MARGIN_TABLES = "marginTables used by the six coins"
SUBSCRIBED = "ws.subscriptionResponse l2Book (server adds nulls)"
ERROR = "ws.error"
COMPARED_BY_VALUE = (UNIVERSE, MARGIN_TABLES, SUBSCRIBED, ERROR)

Json = Any


def load_golden(name: str) -> dict[str, Json]:
    """One golden file, decoded."""
    loaded: dict[str, Json] = json.loads((GOLDEN / name).read_text(encoding="utf-8"))
    return loaded


def derive_shapes(recordings: Path) -> dict[str, Json]:
    """`shapes.json`: the shape of each recorded answer and message, and the values that tests compare."""
    payloads = _read(recordings / "recorded_payloads_2026.json")
    del payloads["_provenance"]
    for fill in payloads["ws.user(userEvents) fill"]["data"]["fills"]:
        del fill["liquidation"]  # Only a liquidation's fill has it.
    answers = {}
    for path in sorted((recordings / "http_recorded").glob("*.json")):
        record = _read(path)
        fields = sorted(set(record["request"]) - {"type"})
        request = {"type": record["request"]["type"], "fields": fields}
        answers[path.stem] = {"request": request, "shape": shorten(shape(record["response"]))}
    return {
        "about": "Shapes (keys, types, number formats) of what Hyperliquid sent in 2023 to 2026, without its values; "
        "`values` are compared as they are. Derived by tests/support/hyperliquid_golden.py.",
        "answers": answers,
        "payloads": {
            name: shorten(shape(payload)) for name, payload in payloads.items() if name not in COMPARED_BY_VALUE
        },
        "values": {
            "universe": payloads[UNIVERSE],
            "margin_tables": payloads[MARGIN_TABLES],
            "subscribed": payloads[SUBSCRIBED],
            "error": payloads[ERROR],
            "outcomes": {name: outcome(each) for name, each in payloads.items() if name.startswith("exchange.")},
        },
    }


def outcome(answer: Json) -> dict[str, Json]:
    """The words of an answer to /exchange: its status, its type and, for each order, the kind of its outcome."""
    response = answer["response"]
    if not isinstance(response, dict):
        return {"status": answer["status"]}
    statuses = response.get("data", {}).get("statuses", [])
    kinds = [sorted(each) if isinstance(each, dict) else each for each in statuses]
    return {"status": answer["status"], "type": response["type"], "statuses": kinds}


def derive_calibration(recordings: Path) -> dict[str, Json]:
    """`calibration.json`: statistics of the recorded candles and funding, by figure and by coin or pair."""
    figures: dict[str, dict[str, float]] = {}
    for (figure, name), value in recorded_figures(recordings / "candles").items():
        figures.setdefault(figure, {})[name] = float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return {
        "about": "Statistics of recorded candles (2024 to 2025), funding, contexts and one book (2026) of the six "
        "coins. Derived by tests/support/hyperliquid_golden.py.",
        "figures": figures,
    }


def _read(path: Path) -> dict[str, Json]:
    read: dict[str, Json] = json.loads(path.read_text(encoding="utf-8"))
    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path)
    recordings = parser.parse_args().recordings
    for name, derived in (
        ("shapes.json", derive_shapes(recordings)),
        ("calibration.json", derive_calibration(recordings)),
    ):
        (GOLDEN / name).write_text(json.dumps(derived, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
