"""The constant half of a prompt: rules, answer form. It comes first: providers bill a repeated beginning lower."""

from collections.abc import Sequence
from typing import Final

from common.trading.instruments import Instrument
from common.trading.limits import Limits
from common.trading.margin import TAKER_FEE_FRACTION, usable_leverage
from common.trading.orders import Side
from common.trading.roster import Language

EXAMPLE = (
    '{"action": "LONG", "symbol": "BTC", "leverage": 5, "position_size_percent": 10, "confidence": 72, '
    '"reasoning": "why, in a few sentences", "stop_loss": 112000.0, "take_profit": 131000.0, '
    '"invalidation_condition": {"timeframe": "15m", "indicator": "close", "op": "<", "value": 114500}}'
)


LANGUAGE_REQUESTS: Final[dict[Language, str]] = {
    "en": "",
    "zh": "请用中文推理，reasoning 也用中文书写。 Reason in Chinese and write reasoning in Chinese.",
}
"""What the answer form adds for a contender that reasons in another language than the prompt's."""


def system_prompt(strategy: str, limits: Limits, instruments: Sequence[Instrument], language: Language) -> str:
    """The system message: the strategy's text, then rules and answer form."""
    return f"{strategy.strip()}\n\n{_rules(limits, instruments)}\n\n{_answer_form(language)}"


def _rules(limits: Limits, instruments: Sequence[Instrument]) -> str:
    basis = (
        "of equity put up as margin (notional = equity x percent x leverage)"
        if limits.position_size_basis == "margin"
        else "of equity as notional (leverage only sets the margin)"
    )
    stop, ratio = limits.stop_loss_percent / 100, limits.min_liquidation_distance_ratio
    rows = [
        f"usable_leverage {instrument.symbol} long "
        f"{usable_leverage(instrument, Side.LONG, stop, ratio, limits.max_leverage)} short "
        f"{usable_leverage(instrument, Side.SHORT, stop, ratio, limits.max_leverage)}"
        for instrument in instruments
    ]
    coins = [instrument.symbol for instrument in instruments]
    return "\n".join(
        [
            "# RULES",
            "A risk gate checks every decision. One that breaks a rule is denied and trades nothing.",
            f"- Coins: {', '.join(coins)}. One decision per cycle: LONG, SHORT, CLOSE or HOLD.",
            "- One position per coin. No adding to a position, no partial exit, no turning without a CLOSE first.",
            f"- position_size_percent is the share {basis}: at most {limits.max_position_size_percent}.",
            f"- At most {limits.max_open_positions} open positions, {limits.max_daily_trades} entries a UTC day.",
            f"- confidence of at least {limits.min_confidence} for an entry.",
            f"- A loss of {limits.max_daily_loss_percent} % of equity in a UTC day ends entries until the next day.",
            "- The sum of what all stops could lose, with the fee and "
            f"{limits.slippage_allowance_percent} % slippage, must fit the loss budget. The default stop lies "
            f"{limits.stop_loss_percent} % from the mark price, the default target {limits.take_profit_percent} %; "
            "your stop_loss and take_profit count only where they are nearer and on the right side.",
            "- Stop and target rest on the exchange from the entry on. Margin is isolated.",
            f"- Taker fee {TAKER_FEE_FRACTION * 100:f} % of notional on each side; funding is paid every hour.",
            "- Leverage beyond the usable one is denied, because liquidation would come too near the stop:",
            *rows,
        ]
    )


def _answer_form(language: Language) -> str:
    lines = [
        "# ANSWER",
        "Answer with exactly one JSON object and nothing else: no code fences, no text around it. Example JSON:",
        EXAMPLE,
        "The first six keys are always present. leverage is a whole number, the other numbers are JSON numbers, "
        "never strings. For HOLD and CLOSE leverage and position_size_percent are 0; for HOLD symbol is null.",
        "stop_loss, take_profit and invalidation_condition are optional. An invalidation_condition is checked at "
        "every candle close after the entry; once it is true the position is closed for you, and holding on or "
        "entering again against it is reported. Its timeframe is one of 1m 5m 15m 1h 4h 1d; indicator one of "
        "close, ema20, ema50, macd, rsi7, rsi14; op one of < <= > >=.",
    ]
    request = LANGUAGE_REQUESTS[language]
    return "\n".join([*lines, request] if request else lines)
