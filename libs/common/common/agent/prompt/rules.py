"""The figures that the constant half of a prompt states: limits, usable leverage and losses by stop. Pure."""

from collections.abc import Sequence
from decimal import ROUND_UP, Decimal
from typing import Final

from common.agent.prompt.words import WORDS
from common.trading.instruments import Instrument
from common.trading.limits import Limits
from common.trading.losses import loss_fraction_at_stop
from common.trading.margin import TAKER_FEE_FRACTION, maintenance_margin_fraction, usable_leverage
from common.trading.orders import Side
from common.trading.roster import Language

STOPS_PERCENT: Final = (Decimal(1), Decimal(2), Decimal(3))
"""Distances of a stop that are shown beside the default one."""
PRESERVING_STEP: Final = 10
MILLION: Final = 1_000_000


def stops_percent(limits: Limits) -> tuple[Decimal, ...]:
    """The distances of a stop from the mark that the tables show, nearest first; the default one is the farthest."""
    return (*(stop for stop in STOPS_PERCENT if stop < limits.stop_loss_percent), limits.stop_loss_percent)


def rule_values(
    limits: Limits,
    instruments: Sequence[Instrument],
    language: Language,
    *,
    interval_s: int = 0,
    flow_window_s: int = 0,
) -> dict[str, str]:
    """The value of each placeholder that a text or a strategy may name: every limit by its name, and what follows.

    `instruments` are the coins that may be entered.
    """
    words = WORDS[language]
    values = {name: plain(value) for name, value in limits if isinstance(value, Decimal | int)}
    return values | {
        "interval_s": plain(interval_s),
        "flow_window_s": plain(flow_window_s),
        "coins": " ".join(instrument.symbol for instrument in instruments) or "-",
        "size_rule": words.size_rule[limits.position_size_basis],
        "size_formula": words.size_formula[limits.position_size_basis],
        "max_notional_usd": words.no_cap if limits.max_notional_usd is None else plain(limits.max_notional_usd),
        "max_decision_age_s": plain(Decimal(limits.max_decision_age_ms) / 1000),
        "taker_fee_percent": plain(TAKER_FEE_FRACTION * 100),
        "round_trip_percent": plain(TAKER_FEE_FRACTION * 200),
        "round_trip_margin_percent": plain(TAKER_FEE_FRACTION * 2_000),
        "preserving_confidence": plain(min(Decimal(95), limits.min_confidence + PRESERVING_STEP)),
        "leverage_table": _leverage_table(limits, instruments),
        "loss_table": _loss_table(limits),
    }


def plain(value: Decimal | int) -> str:
    """The number without an exponent or trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _leverage_table(limits: Limits, instruments: Sequence[Instrument]) -> str:
    stops = stops_percent(limits)
    head = " ".join(["coin", *(f"{plain(stop)}%" for stop in stops), "m", "cap"])
    return "\n".join([head, *(_leverage_row(limits, instrument, stops) for instrument in instruments)])


def _leverage_row(limits: Limits, instrument: Instrument, stops: Sequence[Decimal]) -> str:
    ratio = limits.min_liquidation_distance_ratio
    cells = [
        "/".join(str(usable_leverage(instrument, side, stop / 100, ratio, limits.max_leverage)) for side in Side)
        for stop in stops
    ]
    cap = min(limits.max_leverage, instrument.max_leverage)
    lower = [tier for tier in instrument.tiers[1:] if tier.max_leverage < cap]
    caps = [str(cap), *(f"{tier.max_leverage}>{plain(tier.lower_bound_usd / MILLION)}M" for tier in lower)]
    m = plain(maintenance_margin_fraction(instrument, Decimal(0)).quantize(Decimal("0.00001")))
    return " ".join([instrument.symbol, *cells, m, ",".join(caps)])


def _loss_table(limits: Limits) -> str:
    """By stop, long/short, rounded up to hundredths."""
    return ", ".join(
        f"{plain(stop)}% "
        + "/".join(
            str((loss_fraction_at_stop(limits, side, stop / 100) * 100).quantize(Decimal("0.01"), rounding=ROUND_UP))
            for side in Side
        )
        for stop in stops_percent(limits)
    )
