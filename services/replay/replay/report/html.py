"""The report as one HTML page: no script, nothing loaded, every text of a model escaped."""

from collections.abc import Sequence
from html import escape
from itertools import accumulate
from typing import Final

from common.events import Action
from replay.domain.cycle import HORIZONS_MIN
from replay.domain.summary import Pair, Summary
from replay.report.svg import bars, lines, whiskers
from replay.report.words import bps, counts, in_words, moment

MOST_ROWS: Final = 200
UNIT: Final = "bps of equity per decision"
ACTIONS: Final = (*(action.value for action in Action), "none")
STYLE: Final = """
body{font:14px/1.5 ui-monospace,Menlo,Consolas,monospace;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#111;
background:#fafaf7}
h1,h2,h3{font-weight:600}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.2rem .5rem;
text-align:left;vertical-align:top}td.n,th.n{text-align:right}svg{width:100%;max-width:720px;font:12px ui-monospace,
monospace}p.says{border-left:4px solid #2f5bea;padding-left:.8rem}pre{overflow:auto;background:#f0f0ea;padding:.6rem}
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}td,th{border-color:#444}pre{background:#222}}
"""


def render_html(title: str, command: str, notes: Sequence[str], summaries: Sequence[Summary], prompt_diff: str) -> str:
    """The whole page."""
    body = [f"<h1>{escape(title)}</h1>", f"<pre>{escape(command)}</pre>"]
    body += [f"<p>{escape(note)}</p>" for note in notes]
    for summary in summaries:
        body += _section(summary)
    if prompt_diff:
        body += ["<h2>The first prompt that differs</h2>", f"<pre>{escape(prompt_diff)}</pre>"]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width"><title>'
    )
    page = f"{head}{escape(title)}</title><style>{STYLE}</style>"
    return f'<!doctype html><html lang="en"><head>{page}</head><body>{"".join(body)}</body></html>\n'


def _section(summary: Summary) -> list[str]:
    differing = [pair for pair in summary.pairs if pair.differs]
    parts = [
        f"<h2>{escape(summary.model)}: {summary.cycles} cycles</h2>",
        f'<p class="says">{escape(summary.comparison.sentence)}</p>',
        "<h3>Actions</h3>",
        bars([(each.arm.value, each.actions) for each in summary.arms], ACTIONS),
        _arms_table(summary),
    ]
    if summary.comparison.bands:
        rows = [
            (f"{arm.value}, {minutes} min", (band.mean_bps, band.low_bps, band.high_bps))
            for arm, bands in summary.comparison.bands.items()
            for minutes, band in bands.items()
        ]
        parts += [f"<h3>Difference to {summary.base.value}, {UNIT}, with its band</h3>", whiskers(rows, UNIT)]
        parts += ["<h3>Sum of the differences, cycle by cycle, bps of equity</h3>", lines(_sums(summary.pairs), UNIT)]
    parts.append(f"<h3>{len(differing)} of {len(summary.pairs)} decisions differ</h3>")
    if differing:
        parts.append(_pairs_table(differing[:MOST_ROWS]))
    if len(differing) > MOST_ROWS:
        parts.append(f"<p>The first {MOST_ROWS} are shown; report.json has all.</p>")
    return parts


def _sums(pairs: Sequence[Pair]) -> list[tuple[str, list[float]]]:
    """By horizon, the running sum of what the changed decisions earned more; an unknown return adds nothing."""

    def more(pair: Pair, minutes: int) -> float:
        first, changed = pair.first_bps[minutes], pair.changed_bps[minutes]
        return 0.0 if first is None or changed is None else changed - first

    return [(f"{m} min", list(accumulate(more(pair, m) for pair in pairs))) for m in HORIZONS_MIN]


def _arms_table(summary: Summary) -> str:
    head = _row(
        ["arm", "answers", "outcomes", "denied", "same as first", *(f"{m} min, bps" for m in HORIZONS_MIN), "USD"], "th"
    )
    rows = [
        _row(
            [
                each.arm.value,
                str(each.answers),
                counts(each.outcomes),
                counts(each.denials),
                f"{each.agreement:.0%}",
                *(bps(each.mean_bps[minutes]) for minutes in HORIZONS_MIN),
                f"{each.cost_usd:.4f}",
            ]
        )
        for each in summary.arms
    ]
    return f"<table>{head}{''.join(rows)}</table>"


def _pairs_table(pairs: Sequence[Pair]) -> str:
    head = _row(
        ["time, UTC", "recorded", "changed", *(f"{m} min, bps" for m in HORIZONS_MIN), "prompt lines", "reasoning"],
        "th",
    )
    rows = [
        _row(
            [
                moment(pair.first.boundary_ms),
                in_words(pair.first),
                in_words(pair.changed),
                *(f"{bps(pair.first_bps[m])} → {bps(pair.changed_bps[m])}" for m in HORIZONS_MIN),
                str(pair.changed.prompt_lines),
                pair.changed.decision.reasoning[:300] if pair.changed.decision else "",
            ]
        )
        for pair in pairs
    ]
    return f"<table>{head}{''.join(rows)}</table>"


def _row(cells: Sequence[str], kind: str = "td") -> str:
    return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"
