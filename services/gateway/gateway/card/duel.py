"""A cycle's duel as a picture: what each contender answered to the same snapshot, and what came of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from common.trading.roster import Contender
from gateway.card.marks import mark_path
from gateway.card.parts import (
    COLORS,
    HEIGHT,
    MARGIN,
    MISSING,
    MODES,
    WIDTH,
    Lang,
    Theme,
    decimal,
    line,
    percent,
    picture,
    signed_percent,
    text,
    width,
    wrapped,
)

TOP, BOTTOM = 184, HEIGHT - 56
MOST_ROWS = 4
"""More contenders than this are counted below."""
WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "duel": "DUEL",
        "no_answer": "NO ANSWER",
        "confidence": "CONFIDENCE",
        "APPROVED": "APPROVED",
        "DENIED": "DENIED",
        "after": "NET AFTER",
        "more": "and {n} more",
        "stand_in": "stand-in",
        "minutes": " min",
        "hours": " h",
    },
    "zh": {
        "duel": "对决",
        "no_answer": "无回答",
        "confidence": "信心",
        "APPROVED": "通过",
        "DENIED": "拒绝",
        "after": "净结果",
        "more": "另有 {n} 个",
        "stand_in": "替身",
        "minutes": " 分钟",
        "hours": " 小时",
    },
}
ACTIONS: Mapping[Lang, Mapping[str, str]] = {
    "en": {each: each for each in ("LONG", "SHORT", "CLOSE", "HOLD")},
    "zh": {"LONG": "做多", "SHORT": "做空", "CLOSE": "平仓", "HOLD": "观望"},
}


def duel_svg(cycle: Mapping[str, Any], contenders: Sequence[Contender], mode: str, lang: Lang, theme: Theme) -> str:
    """The picture of a row of GET cycles/{cycle_id}; contenders that did not answer are left out."""
    colors, words = COLORS[theme], WORDS[lang]
    rows = {row["model"]: row for row in cycle["decisions"]}
    answered = [each for each in contenders if each.id in rows]
    shown = answered[:MOST_ROWS]
    time = datetime.fromtimestamp(cycle["time_ms"] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    parts = [
        text(MARGIN, 156, words["duel"], 30, colors["ink"], bold=True),
        text(WIDTH - MARGIN, 156, time, 20, colors["muted"], anchor="end"),
    ]
    height = (BOTTOM - TOP) / max(2, len(shown))
    for place, contender in enumerate(shown):
        parts += _answer(contender, rows[contender.id], TOP + place * height, height, lang, theme)
    if len(answered) > len(shown):
        more = words["more"].format(n=len(answered) - len(shown))
        parts.append(text(MARGIN, HEIGHT - 24, more, 16, colors["muted"]))
    calls = ", ".join(f"{each.name} {_call(rows[each.id], lang)}" for each in answered)
    return picture(f"{words['duel']}: {calls}", MODES[lang].get(mode, mode), colors, parts)


def _answer(
    contender: Contender, row: Mapping[str, Any], top: float, height: float, lang: Lang, theme: Theme
) -> list[str]:
    colors, words = COLORS[theme], WORDS[lang]
    color = contender.color_dark if theme == "dark" else contender.color
    name = contender.name + (f" · {words['stand_in']}" if row["stand_in"] else "")
    call = _call(row, lang)
    parts = [
        line(MARGIN, top, WIDTH - MARGIN, top, colors["ink"], opacity=0.2),
        mark_path(contender.mark, MARGIN + 10, top + 32, color),
        text(MARGIN + 34, top + 40, name, 20, colors["muted"]),
        text(MARGIN + 380, top + 40, call, 26, colors["ink"], bold=True),
    ]
    if row["confidence"] is not None:
        stated = f"{words['confidence']} {percent(row['confidence'], 0)}"
        parts.append(text(MARGIN + 400 + width(call, 26), top + 40, stated, 16, colors["muted"]))
    if row["verdict"] != "NONE":
        tone = colors["gain" if row["verdict"] == "APPROVED" else "loss"]
        parts.append(text(WIDTH - MARGIN, top + 40, words[row["verdict"]], 20, tone, anchor="end", bold=True))
    most = max(1, int((height - 96) / 24)) if row["results"] else max(1, int((height - 64) / 24))
    reasons = row["reasoning"] or row["failure_reason"] or ""
    for place, each in enumerate(wrapped(reasons, 16, WIDTH - 2 * MARGIN, min(4, most))):
        parts.append(text(MARGIN, top + 72 + 24 * place, each, 16, colors["ink"]))
    if row["results"]:
        parts += _results(row, top + height - 16, lang, colors)
    return parts


def _results(row: Mapping[str, Any], base: float, lang: Lang, colors: Mapping[str, str]) -> list[str]:
    words = WORDS[lang]
    parts = [text(MARGIN, base, words["after"], 16, colors["muted"])]
    for place, result in enumerate(row["results"]):
        figure, minutes = decimal(result["result_percent"]), result["minutes"]
        span = f"{minutes // 60}{words['hours']}" if minutes >= 60 else f"{minutes}{words['minutes']}"
        tone = colors["muted"] if not figure else colors["gain" if figure > 0 else "loss"]
        x = MARGIN + 140 + place * 230
        parts.append(text(x, base, span, 16, colors["muted"]))
        shown = MISSING if figure is None else signed_percent(figure)
        parts.append(text(x + width(span, 16) + 12, base, shown, 16, tone, bold=True))
    return parts


def _call(row: Mapping[str, Any], lang: Lang) -> str:
    """LONG BTC 5x."""
    if row["action"] is None:
        return WORDS[lang]["no_answer"]
    leverage = f"{row['leverage']}x" if row["leverage"] and row["action"] in ("LONG", "SHORT") else None
    coin = None if row["action"] == "HOLD" else row["symbol"]
    return " ".join(filter(None, (ACTIONS[lang][row["action"]], coin, leverage)))
