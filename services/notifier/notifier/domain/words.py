"""Notices in words, Chinese or English. Codes, coins and contenders' names stay as the dashboard shows them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from common.events import AlertSeverity
from common.trading.orders import OrderRole, OrderSide
from common.trading.roster import Language
from notifier.domain.notices import AlertNotice, LeadNotice, Notice, Standing, TradeNotice

TITLE: Final[dict[Language, str]] = {"en": "AIcoin", "zh": "AIcoin 竞技场"}
SEVERITIES: Final[dict[Language, dict[AlertSeverity, str]]] = {
    "en": {AlertSeverity.CRITICAL: "CRITICAL", AlertSeverity.WARNING: "WARNING", AlertSeverity.INFO: "INFO"},
    "zh": {AlertSeverity.CRITICAL: "严重", AlertSeverity.WARNING: "警告", AlertSeverity.INFO: "提示"},
}
RESOLVED: Final[dict[Language, str]] = {"en": "RESOLVED", "zh": "已解除"}
EARLIER: Final[dict[Language, str]] = {"en": "({} more like it since)", "zh": "(期间另有 {} 条相同告警)"}
LEFT_OUT: Final[dict[Language, str]] = {"en": "and {} more; see the dashboard", "zh": "另有 {} 条,详见面板"}
ROLES: Final[dict[Language, dict[OrderRole, str]]] = {
    "en": {
        OrderRole.ENTRY: "opened",
        OrderRole.EXIT: "closed",
        OrderRole.STOP: "stop loss hit",
        OrderRole.TARGET: "take profit hit",
        OrderRole.FLATTEN: "flattened",
        OrderRole.UNKNOWN: "filled",
    },
    "zh": {
        OrderRole.ENTRY: "开仓",
        OrderRole.EXIT: "平仓",
        OrderRole.STOP: "触发止损",
        OrderRole.TARGET: "触发止盈",
        OrderRole.FLATTEN: "强制清仓",
        OrderRole.UNKNOWN: "成交",
    },
}
LIQUIDATED: Final[dict[Language, str]] = {"en": "LIQUIDATED", "zh": "被强平"}
DIRECTIONS: Final[dict[Language, dict[OrderSide, str]]] = {
    "en": {OrderSide.BUY: "LONG", OrderSide.SELL: "SHORT"},
    "zh": {OrderSide.BUY: "做多", OrderSide.SELL: "做空"},
}
TRADE: Final[dict[Language, str]] = {
    "en": "{name} {done} {direction} {symbol}: {size} at {price} ({notional} USD)",
    "zh": "{name} {done} {direction} {symbol}: {size} @ {price}({notional} USD)",
}
PNL: Final[dict[Language, str]] = {"en": ", P&L {} USD after the fee", "zh": ",扣除手续费后盈亏 {} USD"}
LEAD: Final[dict[Language, str]] = {"en": "{now} leads now; {before} did before", "zh": "{now} 取代 {before} 领先"}
SUMMARY: Final[dict[Language, str]] = {"en": "Day {} (UTC)", "zh": "{} 日终(UTC)"}
STANDING: Final[dict[Language, str]] = {
    "en": "{name}: {equity} USD, {whole} since the start, {day} on the day",
    "zh": "{name}: {equity} USD,累计 {whole},当日 {day}",
}
UNKNOWN: Final = "n/a"
CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: a title and a body in plain text. `severity` chooses the receiver's color or sound."""

    title: str
    body: str
    severity: AlertSeverity


def compose(
    notices: Sequence[Notice], left_out: int, *, language: Language, names: Mapping[str, str], url: str | None
) -> Message:
    """One message of some notices, oldest first; `left_out` more were too many. `names` maps ids to names."""
    lines = [line for notice in notices for line in _lines(notice, language, names)]
    if left_out:
        lines.append(LEFT_OUT[language].format(left_out))
    if url:
        lines += ["", url]
    severity = max(map(_severity, notices), key=_RISING.index, default=AlertSeverity.INFO)
    title = TITLE[language] if severity is AlertSeverity.INFO else f"{TITLE[language]} {SEVERITIES[language][severity]}"
    return Message(title, "\n".join(lines), severity)


_RISING: Final = (AlertSeverity.INFO, AlertSeverity.WARNING, AlertSeverity.CRITICAL)


def _severity(notice: Notice) -> AlertSeverity:
    if not isinstance(notice, AlertNotice):
        return AlertSeverity.INFO
    return AlertSeverity.INFO if notice.is_resolved else notice.severity


def _lines(notice: Notice, language: Language, names: Mapping[str, str]) -> list[str]:
    if isinstance(notice, AlertNotice):
        return [_alert(notice, language, names)]
    if isinstance(notice, TradeNotice):
        return [_trade(notice, language, names)]
    if isinstance(notice, LeadNotice):
        now, before = (names.get(model, model) for model in (notice.standings[0].model, notice.before))
        heading = LEAD[language].format(now=now, before=before)
    else:
        heading = SUMMARY[language].format(notice.day)
    return [heading, *(_standing(each, language, names) for each in notice.standings)]


def _alert(notice: AlertNotice, language: Language, names: Mapping[str, str]) -> str:
    word = RESOLVED[language] if notice.is_resolved else SEVERITIES[language][notice.severity]
    whose = notice.service if notice.model is None else names.get(notice.model, notice.model)
    earlier = f" {EARLIER[language].format(notice.earlier)}" if notice.earlier else ""
    return f"[{word}] {notice.code} · {whose}: {notice.message}{earlier}"


def _trade(notice: TradeNotice, language: Language, names: Mapping[str, str]) -> str:
    is_entry = notice.role is OrderRole.ENTRY
    opening = notice.side if is_entry else (OrderSide.SELL if notice.side is OrderSide.BUY else OrderSide.BUY)
    text = TRADE[language].format(
        name=names.get(notice.model, notice.model),
        done=LIQUIDATED[language] if notice.is_liquidation else ROLES[language][notice.role],
        direction=DIRECTIONS[language][opening],
        symbol=notice.symbol,
        size=format(notice.size_coin.normalize(), "f"),
        price=_price(notice.average_price),
        notional=_money(notice.notional_usd),
    )
    return text if is_entry else text + PNL[language].format(_signed(notice.closed_pnl_usd - notice.fee_usd))


def _standing(each: Standing, language: Language, names: Mapping[str, str]) -> str:
    return STANDING[language].format(
        name=names.get(each.model, each.model),
        equity=_money(each.equity_usd),
        whole=_percent(each.return_percent),
        day=_percent(each.day_return_percent),
    )


def _price(value: Decimal) -> str:
    """Six significant figures, never fewer than the whole dollars."""
    step = Decimal(1).scaleb(min(0, value.adjusted() - 5))
    return format(value.quantize(step).normalize(), "f")


def _money(value: Decimal) -> str:
    return f"{value.quantize(CENT):,}"


def _signed(value: Decimal) -> str:
    return f"{value.quantize(CENT):+,}"


def _percent(value: Decimal | None) -> str:
    return UNKNOWN if value is None else f"{value:+} %"


def trial_message(language: Language, url: str | None) -> Message:
    """What `aicoin notify-test` sends."""
    texts = {"en": "A test: messages of the arena arrive here.", "zh": "测试消息:竞技场的通知会送达此处。"}
    return Message(TITLE[language], "\n".join(filter(None, [texts[language], url])), AlertSeverity.INFO)
