"""A contender's summary as a picture. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from common.trading.roster import Contender
from gateway.card.marks import mark_path
from gateway.card.parts import (
    COLORS,
    MARGIN,
    MISSING,
    MODES,
    WIDTH,
    Lang,
    Theme,
    arrow,
    decimal,
    line,
    money,
    number,
    percent,
    picture,
    signed_percent,
    text,
    width,
)

CHART = (MARGIN, 300, WIDTH - 2 * MARGIN, 150)
"""Left, top, width, height."""
WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "equity": "ACCOUNT VALUE",
        "return": "RETURN",
        "drawdown": "MAX DRAWDOWN",
        "trades": "TRADES",
        "win_rate": "WIN RATE",
        "sharpe": "SHARPE",
        "fees": "FEES",
        "since": "STARTED WITH",
        "stand_in": "STAND-IN",
    },
    "zh": {
        "equity": "账户价值",
        "return": "收益率",
        "drawdown": "最大回撤",
        "trades": "交易次数",
        "win_rate": "胜率",
        "sharpe": "夏普比率",
        "fees": "手续费",
        "since": "初始资金",
        "stand_in": "替身",
    },
}


@dataclass(frozen=True, slots=True)
class Summary:
    """What the card shows. `totals` is a leaderboard row, None before the account's first state."""

    contender: Contender
    mode: str
    is_stand_in: bool
    start_balance: str
    totals: Mapping[str, Any] | None
    points: Sequence[tuple[int, str]]
    time_ms: int


def svg(summary: Summary, lang: Lang, theme: Theme) -> str:
    """The picture. It states the mode, so that paper is never mistaken for real money."""
    colors, words, totals = COLORS[theme], WORDS[lang], summary.totals or {}
    contender = summary.contender
    color = contender.color_dark if theme == "dark" else contender.color
    change = decimal(totals.get("return_percent"))
    tone = colors["muted"] if not change else colors["gain" if change > 0 else "loss"]
    mode = MODES[lang].get(summary.mode, summary.mode) + (f" · {words['stand_in']}" if summary.is_stand_in else "")
    time = datetime.fromtimestamp(summary.time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        mark_path(contender.mark, MARGIN + 10, 151, color),
        text(MARGIN + 34, 160, contender.name, 30, colors["ink"], bold=True),
        text(MARGIN, 208, words["equity"], 16, colors["muted"]),
        text(MARGIN, 262, money(totals.get("equity")), 48, colors["ink"], bold=True),
        text(WIDTH - MARGIN, 208, words["return"], 16, colors["muted"], anchor="end"),
        text(WIDTH - MARGIN, 262, signed_percent(change), 48, tone, anchor="end", bold=True),
        arrow(change, WIDTH - MARGIN - width(signed_percent(change), 48) - 48, 262, tone),
        *_chart(summary, colors, color),
        *_figures(totals, words, colors),
        line(MARGIN, 570, WIDTH - MARGIN, 570, colors["ink"], opacity=0.2),
        text(MARGIN, 600, words["since"], 16, colors["muted"]),
        text(MARGIN + width(words["since"], 16) + 10, 600, money(summary.start_balance), 16, colors["muted"]),
        text(WIDTH - MARGIN, 600, time, 16, colors["muted"], anchor="end"),
    ]
    title = f"{contender.name}: {money(totals.get('account_value'))}, {signed_percent(change)} ({mode})"
    return picture(title, mode, colors, parts)


def _chart(summary: Summary, colors: Mapping[str, str], color: str) -> list[str]:
    """The equity line over the starting balance as a baseline."""
    left, top, across, height = CHART
    values = [(time_ms, Decimal(equity)) for time_ms, equity in summary.points]
    start = Decimal(summary.start_balance)
    lows, highs = [start, *(v for _, v in values)], [start, *(v for _, v in values)]
    low, high = min(lows), max(highs)
    span = high - low or Decimal(1)

    def y_of(value: Decimal) -> float:
        return round(float(top + height - (value - low) / span * height), 1)

    base = line(left, y_of(start), left + across, y_of(start), colors["muted"], dashes="2 6")
    if len(values) < 2:
        return [base]
    first, last = values[0][0], values[-1][0]
    places = " ".join(
        f"{round(left + (t - first) / max(1, last - first) * across, 1)},{y_of(value)}" for t, value in values
    )
    equity = f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="3" stroke-linejoin="round"/>'
    return [base, equity]


def _figures(totals: Mapping[str, Any], words: Mapping[str, str], colors: Mapping[str, str]) -> list[str]:
    trades = totals.get("trades")
    shown = (
        ("trades", MISSING if trades is None else f"{trades:,}"),
        ("win_rate", percent(totals.get("win_rate_percent"))),
        ("drawdown", percent(totals.get("max_drawdown_percent"), 2)),
        ("sharpe", number(totals.get("sharpe"))),
        ("fees", money(totals.get("fees"))),
    )
    step = (WIDTH - 2 * MARGIN) / len(shown)
    parts = []
    for index, (name, value) in enumerate(shown):
        x = round(MARGIN + index * step)
        parts.append(text(x, 496, words[name], 16, colors["muted"]))
        parts.append(text(x, 532, value, 26, colors["ink"]))
    return parts
