"""Pictures as SVG text, drawn without a library: the report is one file that loads nothing."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

WIDTH: Final = 720
ROW: Final = 26
LEFT: Final = 150
RIGHT: Final = 20
INK: Final = ("#2f5bea", "#b9500b", "#3f7d4e", "#7a3fb0", "#777777")

Interval = tuple[float, float | None, float | None]
"""A mean, and the ends of its band where it has one."""


def whiskers(rows: Sequence[tuple[str, Interval]], unit: str) -> str:
    """One row per interval: a dot at the mean, a line over the band, and a vertical line at zero."""
    values = [value for _, interval in rows for value in interval if value is not None]
    low, high = _range([0.0, *values])
    height = ROW * (len(rows) + 2)

    def x(value: float) -> float:
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts = [_line(x(0), 8, x(0), height - ROW, "#999999")]
    for place, (label, (mean, begin, end)) in enumerate(rows):
        y = ROW * (place + 1)
        color = INK[place % len(INK)]
        parts.append(_text(LEFT - 10, y + 4, label, "end"))
        if begin is not None and end is not None:
            parts.append(_line(x(begin), y, x(end), y, color, 2))
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{y}" r="4" fill="{color}"/>')
    for value in (low, 0.0, high):
        parts.append(_text(x(value), height - 8, f"{value:+.2f}", "middle"))
    return _svg(height, parts, f"means and bands, {unit}")


def bars(rows: Sequence[tuple[str, Mapping[str, int]]], names: Sequence[str]) -> str:
    """One row per arm: how its answers are divided among `names`, as parts of one bar."""
    parts = []
    for place, (label, counts) in enumerate(rows):
        y, total, begin = ROW * place + 8, sum(counts.values()) or 1, float(LEFT)
        parts.append(_text(LEFT - 10, y + 14, label, "end"))
        for index, name in enumerate(names):
            width = counts.get(name, 0) / total * (WIDTH - LEFT - RIGHT)
            if width:
                parts.append(_bar(begin, y, width, ROW - 8, index, f"{name}: {counts[name]}"))
            begin += width
    y = ROW * len(rows) + 22
    for index, name in enumerate(names):
        x = LEFT + index * 100
        parts.append(_bar(x, y - 10, 10, 10, index, name))
        parts.append(_text(x + 15, y, name, "start"))
    return _svg(y + 10, parts, "actions by arm")


def lines(series: Sequence[tuple[str, Sequence[float]]], unit: str) -> str:
    """Several series over the same cycles, first to last; beside them their names and last values."""
    low, high = _range([0.0, *(value for _, values in series for value in values)])
    height, right = 220, 190

    def y(value: float) -> float:
        return 10 + (high - value) / (high - low) * (height - 20)

    parts = [_line(LEFT, y(0), WIDTH - right, y(0), "#999999"), _text(LEFT - 10, y(0) + 4, "0", "end")]
    parts += [_text(LEFT - 10, y(value) + 4, f"{value:+.1f}", "end") for value in (low, high) if value]
    for place, (label, values) in enumerate(series):
        step = (WIDTH - LEFT - right) / max(1, len(values) - 1)
        points = " ".join(f"{LEFT + at * step:.1f},{y(value):.1f}" for at, value in _thinned(values))
        color = INK[place % len(INK)]
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        if values:
            parts.append(_text(WIDTH - right + 12, 20 + place * 16, f"{label}: {values[-1]:+.1f}", "start", color))
    return _svg(height, parts, f"sums over the cycles, {unit}")


def _thinned(values: Sequence[float], most: int = 1_000) -> Sequence[tuple[int, float]]:
    """At most about `most` of the points, the last one among them."""
    step = max(1, len(values) // most)
    last = len(values) - 1
    return [(at, value) for at, value in enumerate(values) if at % step == 0 or at == last]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1, high + 1)


def _line(x1: float, y1: float, x2: float, y2: float, color: str, width: int = 1) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width}"/>'


def _bar(x: float, y: float, width: float, height: float, color: int, title: str) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{INK[color % len(INK)]}"><title>{escape(title)}</title></rect>'


def _text(x: float, y: float, text: str, anchor: str, color: str = "currentColor") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}">{escape(text)}</text>'


def _svg(height: float, parts: Sequence[str], label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
