"""A run's report.json and report.html."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replay.domain.summary import Pair, Summary
from replay.report.html import render_html


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above a report: the command, the run's options, and notes on how figures are made."""

    title: str
    command: str
    options: Mapping[str, Any]
    notes: Sequence[str]


def write_report(folder: Path, heading: Heading, summaries: Sequence[Summary], prompt_diff: str) -> tuple[Path, Path]:
    """Writes both files; returns their paths."""
    content = {
        "title": heading.title,
        "command": heading.command,
        "options": dict(heading.options),
        "notes": list(heading.notes),
        "contenders": [_contender(each) for each in summaries],
    }
    as_json, as_html = folder / "report.json", folder / "report.html"
    as_json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    page = render_html(heading.title, heading.command, heading.notes, summaries, prompt_diff)
    as_html.write_text(page, encoding="utf-8")
    return as_json, as_html


def _contender(summary: Summary) -> dict[str, Any]:
    return {
        "model": summary.model,
        "cycles": summary.cycles,
        "conclusion": summary.comparison.sentence,
        "arms": [
            {
                "arm": each.arm.value,
                "answers": each.answers,
                "outcomes": dict(each.outcomes),
                "actions": dict(each.actions),
                "denials": dict(each.denials),
                "agreement": each.agreement,
                "mean_bps": dict(each.mean_bps),
                "cost_usd": str(each.cost_usd),
            }
            for each in summary.arms
        ],
        "differences_bps": [
            {"arm": arm.value, "base": summary.base.value, "minutes": minutes, "mean": band.mean_bps}
            | {"low": band.low_bps, "high": band.high_bps, "cycles": band.cycles, "blocks": band.blocks}
            for arm, bands in summary.comparison.bands.items()
            for minutes, band in bands.items()
        ],
        "pairs": [_pair(each) for each in summary.pairs],
    }


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "first": json.loads(pair.first.model_dump_json()),
        "changed": json.loads(pair.changed.model_dump_json()),
        "first_bps": dict(pair.first_bps),
        "changed_bps": dict(pair.changed_bps),
        "differs": pair.differs,
    }
