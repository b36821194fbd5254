"""Grafana's dashboards as code: `make docs` makes deploy/grafana/dashboards/*.json of deploy/grafana/panels.yaml."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from aicoin_local.settings import ROOT

GRAFANA: Final = ROOT / "deploy" / "grafana"
SOURCE: Final = {"type": "prometheus", "uid": "prometheus"}
COLUMNS: Final = 24
WIDTH, GRAPH_HEIGHT, FIGURE_HEIGHT = 8, 8, 5
GREEN, ORANGE, RED = "green", "orange", "red"
STEPS: Final = {
    "value": ((None, GREEN),),
    "state": ((None, GREEN), (1, RED)),
    "up": ((None, RED), (1, GREEN)),
    "ready": ((None, RED), (1, GREEN)),
    "trading": ((None, GREEN), (1, ORANGE), (2, RED)),
}
"""The colors of a figure, by what it shows: from which value on which color."""
WORDS: Final = {"up": ("down", "up"), "ready": ("no", "yes"), "trading": ("active", "exits only", "halted")}
"""The words of its values from 0 on."""

Panel = Mapping[str, Any]
Rows = Mapping[str, list[Panel]]


def read_dashboards(path: Path = GRAFANA / "panels.yaml") -> dict[str, Rows]:
    """Per dashboard its rows of panels, by title."""
    found: dict[str, Rows] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def render(name: str, rows: Rows) -> str:
    """A dashboard as Grafana reads it."""
    content = {
        "uid": f"aicoin-{name}",
        "title": f"AIcoin: {name}",
        "tags": ["aicoin"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": []},
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "tags": ["aicoin"], "title": "AIcoin", "asDropdown": False}],
        "panels": list(_placed(rows)),
    }
    return json.dumps(content, indent=1) + "\n"


def _placed(rows: Rows) -> Iterator[dict[str, Any]]:
    """The panels from left to right and top to bottom, each row under its title."""
    number, y = 0, 0
    for title, panels in rows.items():
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {"type": "row", "id": number, "title": title, "collapsed": False, "panels": [], "gridPos": place}
        x, height, y = 0, 0, y + 1
        for panel in panels:
            width = panel.get("width", WIDTH)
            if x + width > COLUMNS:
                x, height, y = 0, 0, y + height
            number += 1
            own = FIGURE_HEIGHT if "shows" in panel else GRAPH_HEIGHT
            yield _panel(panel, number, {"x": x, "y": y, "w": width, "h": own})
            x, height = x + width, max(height, own)
        y += height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    shows = panel.get("shows")
    mappings = [
        {"type": "value", "options": {str(value): {"text": text, "index": value}}}
        for value, text in enumerate(WORDS.get(shows or "", ()))
    ]
    steps = [{"color": color, "value": value} for value, color in STEPS[shows or "value"]]
    newest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    figure = {"reduceOptions": newest, "colorMode": "background", "graphMode": "none", "textMode": "value_and_name"}
    defaults = {
        "unit": panel.get("unit", "short"),
        "mappings": mappings,
        "thresholds": {"mode": "absolute", "steps": steps},
        "noValue": "–",
    }
    return {
        "type": "timeseries" if shows is None else "stat",
        "id": number,
        "title": panel["title"],
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": figure if shows else {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": [
            {"refId": chr(ord("A") + index), "expr": expr, "legendFormat": legend, "datasource": SOURCE}
            for index, (legend, expr) in enumerate(panel["asks"].items())
        ],
    }


def write(folder: Path = GRAFANA / "dashboards") -> None:
    """Writes every dashboard."""
    for name, rows in read_dashboards().items():
        (folder / f"{name}.json").write_text(render(name, rows), encoding="utf-8")


if __name__ == "__main__":
    write()
