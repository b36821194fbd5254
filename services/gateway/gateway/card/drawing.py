"""A contender's summary as a picture: an SVG, and the same as PNG. Pure but for the fonts that it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import as_file, files
from typing import Any, Literal
from xml.sax.saxutils import escape

import resvg_py

from common.trading.roster import Contender
from gateway.card.marks import mark_path

Lang = Literal["en", "zh"]
Theme = Literal["light", "dark"]

WIDTH, HEIGHT = 1200, 630
MARGIN = 64
CHART = (MARGIN, 300, WIDTH - 2 * MARGIN, 150)
"""Left, top, width, height."""
FONTS = "'IBM Plex Mono','PingFang SC','Microsoft YaHei','Noto Sans CJK SC',monospace"
MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EM DASH}"
COLORS: Mapping[Theme, Mapping[str, str]] = {
    "light": {
        "paper": "#FAF9F5",
        "ink": "#141414",
        "muted": "#6B6A65",
        "gain": "#0A7D45",
        "loss": "#C1271B",
    },
    "dark": {
        "paper": "#0C0E0D",
        "ink": "#E9E7E0",
        "muted": "#8F8D86",
        "gain": "#3ECF8E",
        "loss": "#FF6B5E",
    },
}
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
        "PAPER": "PAPER MONEY",
        "TESTNET": "TESTNET",
        "MAINNET": "REAL MONEY",
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
        "PAPER": "模拟资金",
        "TESTNET": "测试网",
        "MAINNET": "真实资金",
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
    change = _decimal(totals.get("return_percent"))
    tone = colors["muted"] if not change else colors["gain" if change > 0 else "loss"]
    mode = words.get(summary.mode, summary.mode) + (f" · {words['stand_in']}" if summary.is_stand_in else "")
    time = datetime.fromtimestamp(summary.time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colors["paper"]}"/>',
        _text(MARGIN, 84, "AICOIN", 20, colors["ink"], bold=True),
        f'<rect x="{MARGIN + 86}" y="73" width="8" height="8" fill="{colors["ink"]}"/>',
        _text(MARGIN + 108, 84, "ARENA", 20, colors["ink"], bold=True),
        _text(WIDTH - MARGIN, 84, mode, 20, colors["muted"], anchor="end"),
        _line(MARGIN, 108, WIDTH - MARGIN, 108, colors["ink"], opacity=0.2),
        mark_path(contender.mark, MARGIN + 10, 151, color),
        _text(MARGIN + 34, 160, contender.name, 30, colors["ink"], bold=True),
        _text(MARGIN, 208, words["equity"], 16, colors["muted"]),
        _text(MARGIN, 262, _money(totals.get("equity")), 48, colors["ink"], bold=True),
        _text(WIDTH - MARGIN, 208, words["return"], 16, colors["muted"], anchor="end"),
        _text(WIDTH - MARGIN, 262, _return(change), 48, tone, anchor="end", bold=True),
        _arrow(change, WIDTH - MARGIN - _width(_return(change), 48) - 48, 262, tone),
        *_chart(summary, colors, color),
        *_figures(totals, words, colors),
        _line(MARGIN, 570, WIDTH - MARGIN, 570, colors["ink"], opacity=0.2),
        _text(MARGIN, 600, words["since"], 16, colors["muted"]),
        _text(MARGIN + _width(words["since"], 16) + 10, 600, _money(summary.start_balance), 16, colors["muted"]),
        _text(WIDTH - MARGIN, 600, time, 16, colors["muted"], anchor="end"),
    ]
    title = escape(f"{contender.name}: {_money(totals.get('account_value'))}, {_return(change)} ({mode})")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="{FONTS}" role="img">'
    )
    return "\n".join([head, f"<title>{title}</title>", *parts, "</svg>", ""])


def png(picture: str) -> bytes:
    """The SVG as PNG; Chinese glyphs come from the machine's fonts, all others from the packaged one."""
    return resvg_py.svg_to_bytes(
        svg_string=picture,
        font_files=list(_font_files()),
        font_family="IBM Plex Mono",
        monospace_family="IBM Plex Mono",
    )


@cache
def _font_files() -> tuple[str, ...]:
    folder = files("fontpkg_ibm_plex_mono").joinpath("files")
    found = []
    for weight in ("Regular", "SemiBold"):
        with as_file(folder.joinpath(f"IBMPlexMono-{weight}.ttf")) as path:
            found.append(str(path))
    return tuple(found)


def _chart(summary: Summary, colors: Mapping[str, str], color: str) -> list[str]:
    """The equity line over the starting balance as a baseline."""
    left, top, width, height = CHART
    values = [(time_ms, Decimal(equity)) for time_ms, equity in summary.points]
    start = Decimal(summary.start_balance)
    lows, highs = [start, *(v for _, v in values)], [start, *(v for _, v in values)]
    low, high = min(lows), max(highs)
    span = high - low or Decimal(1)

    def y_of(value: Decimal) -> float:
        return round(float(top + height - (value - low) / span * height), 1)

    base = _line(left, y_of(start), left + width, y_of(start), colors["muted"], dashes="2 6")
    if len(values) < 2:
        return [base]
    first, last = values[0][0], values[-1][0]
    places = " ".join(
        f"{round(left + (t - first) / max(1, last - first) * width, 1)},{y_of(value)}" for t, value in values
    )
    line = f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="3" stroke-linejoin="round"/>'
    return [base, line]


def _figures(totals: Mapping[str, Any], words: Mapping[str, str], colors: Mapping[str, str]) -> list[str]:
    trades = totals.get("trades")
    shown = (
        ("trades", MISSING if trades is None else f"{trades:,}"),
        ("win_rate", _percent(totals.get("win_rate_percent"))),
        ("drawdown", _percent(totals.get("max_drawdown_percent"), 2)),
        ("sharpe", _number(totals.get("sharpe"))),
        ("fees", _money(totals.get("fees"))),
    )
    step = (WIDTH - 2 * MARGIN) / len(shown)
    parts = []
    for index, (name, value) in enumerate(shown):
        x = round(MARGIN + index * step)
        parts.append(_text(x, 496, words[name], 16, colors["muted"]))
        parts.append(_text(x, 532, value, 26, colors["ink"]))
    return parts


def _text(x: float, y: float, text: str, size: int, fill: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
    )


def _width(text: str, size: int) -> float:
    """The width of a text, px: Chinese characters are as wide as high, the others 0.6 of that."""
    return sum(size if character >= "\u2e80" else 0.6 * size for character in text)


def _arrow(change: Decimal | None, x: float, base: float, fill: str) -> str:
    """Up or down beside the return, so that color is not the only sign; a path, since the font has no such glyph."""
    if not change:
        return ""
    tip, foot = (base - 32, base) if change > 0 else (base, base - 32)
    return f'<path d="M{x:g} {foot}L{x + 36:g} {foot}L{x + 18:g} {tip}Z" fill="{fill}"/>'


def _line(
    x1: float, y1: float, x2: float, y2: float, stroke: str, *, opacity: float = 1, dashes: str | None = None
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{stroke}" stroke-opacity="{opacity}"{dashed}/>'


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _money(text: str | None) -> str:
    return MISSING if text is None else f"${Decimal(text):,.2f}".replace("$-", f"{MINUS}$")


def _return(change: Decimal | None) -> str:
    if change is None:
        return MISSING
    return f"{change:+,.2f}%".replace("-", MINUS)


def _percent(text: str | None, decimals: int = 1) -> str:
    return MISSING if text is None else f"{Decimal(text):,.{decimals}f}%".replace("-", MINUS)


def _number(text: str | None) -> str:
    return MISSING if text is None else f"{Decimal(text):,.2f}".replace("-", MINUS)
