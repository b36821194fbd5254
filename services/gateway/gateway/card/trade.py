"""A trade as a picture: side, prices, what it cost and what it made. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from common.trading.roster import Contender
from gateway.card.marks import mark_path
from gateway.card.parts import (
    COLORS,
    MARGIN,
    MINUS,
    MISSING,
    MODES,
    WIDTH,
    Lang,
    Theme,
    arrow,
    decimal,
    line,
    money,
    picture,
    signed_percent,
    text,
    width,
)

WORDS: Mapping[Lang, Mapping[str, str]] = {
    "en": {
        "LONG": "LONG",
        "SHORT": "SHORT",
        "OPEN": "open",
        "net": "NET P&L",
        "entry": "ENTRY",
        "exit": "EXIT",
        "notional": "NOTIONAL",
        "fees": "FEES",
        "funding": "FUNDING",
        "held": "HELD",
    },
    "zh": {
        "LONG": "做多",
        "SHORT": "做空",
        "OPEN": "持仓中",
        "net": "净盈亏",
        "entry": "开仓价",
        "exit": "平仓价",
        "notional": "名义价值",
        "fees": "手续费",
        "funding": "资金费",
        "held": "持有",
    },
}


def trade_svg(trade: Mapping[str, Any], contender: Contender, mode: str, lang: Lang, theme: Theme) -> str:
    """The picture of a row of GET trades; an open trade has no result yet."""
    colors, words = COLORS[theme], WORDS[lang]
    color = contender.color_dark if theme == "dark" else contender.color
    pnl = decimal(trade["pnl"])
    tone = colors["muted"] if not pnl else colors["gain" if pnl > 0 else "loss"]
    leverage = f" {trade['leverage']}x" if trade["leverage"] else ""
    call = f"{words[trade['side']]} {trade['symbol']}{leverage}"
    made = f"{money(trade['pnl'])} {signed_percent(decimal(trade['pnl_percent']))}"
    shown_pnl = words["OPEN"] if pnl is None else made
    figures = (
        ("entry", _price(trade["entry_price"])),
        ("exit", _price(trade["exit_price"])),
        ("notional", money(trade["entry_notional"])),
        ("fees", money(trade["fees"])),
        ("funding", money(trade["funding"])),
        ("held", _held(trade)),
    )
    step = (WIDTH - 2 * MARGIN) / len(figures)
    parts = [
        mark_path(contender.mark, MARGIN + 10, 151, color),
        text(MARGIN + 34, 160, contender.name, 30, colors["ink"], bold=True),
        text(WIDTH - MARGIN, 160, _time(trade["entry_time"]), 20, colors["muted"], anchor="end"),
        text(MARGIN, 260, call, 48, colors["ink"], bold=True),
        text(MARGIN, 330, words["net"], 16, colors["muted"]),
        text(MARGIN, 390, shown_pnl, 48, tone, bold=True),
        arrow(pnl, MARGIN + width(shown_pnl, 48) + 24, 390, tone),
        line(MARGIN, 450, WIDTH - MARGIN, 450, colors["ink"], opacity=0.2),
    ]
    for place, (name, value) in enumerate(figures):
        x = round(MARGIN + place * step)
        parts += [text(x, 496, words[name], 16, colors["muted"]), text(x, 532, value, 20, colors["ink"])]
    return picture(f"{contender.name}: {call}, {shown_pnl}", MODES[lang].get(mode, mode), colors, parts)


def _price(value: str | None) -> str:
    if value is None:
        return MISSING
    return f"{Decimal(value):,f}".replace("-", MINUS)


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _held(trade: Mapping[str, Any]) -> str:
    if trade["exit_time"] is None:
        return MISSING
    minutes = (trade["exit_time"] - trade["entry_time"]) // 60_000
    return f"{minutes // 60}h {minutes % 60:02}m"
