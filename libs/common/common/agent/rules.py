"""The constant half of a prompt, first so that caches can bill it low: rules with figures, and the answer's form."""

from common.agent.settings import AgentSettings
from common.trading.instruments import INSTRUMENTS
from common.trading.margin import TAKER_FEE_FRACTION, usable_leverage
from common.trading.orders import Side
from common.trading.symbols import SYMBOLS

EXAMPLE = (
    '{"action": "LONG", "symbol": "BTC", "leverage": 5, "position_size_percent": 10, "confidence": 72, '
    '"reasoning": "why, in a few sentences", "stop_loss": 112000.0, "take_profit": 131000.0, '
    '"invalidation_condition": {"timeframe": "15m", "indicator": "close", "op": "<", "value": 114500}}'
)


def system_prompt(strategy: str, settings: AgentSettings) -> str:
    """The system message: the strategy's text, then rules and answer form."""
    return f"{strategy.strip()}\n\n{_rules(settings)}\n\n{_answer_form(settings)}"


def _rules(settings: AgentSettings) -> str:
    basis = (
        "of equity put up as margin (notional = equity x percent x leverage)"
        if settings.position_size_basis == "margin"
        else "of equity as notional (leverage only sets the margin)"
    )
    stop, ratio = settings.stop_loss_percent / 100, settings.min_liquidation_distance_ratio
    rows = [
        f"usable_leverage {instrument.symbol} long "
        f"{usable_leverage(instrument, Side.LONG, stop, ratio, settings.max_leverage)} short "
        f"{usable_leverage(instrument, Side.SHORT, stop, ratio, settings.max_leverage)}"
        for instrument in (INSTRUMENTS[symbol] for symbol in SYMBOLS)
    ]
    return "\n".join(
        [
            "# RULES",
            "A risk gate checks every decision. One that breaks a rule is denied and trades nothing.",
            f"- Coins: {', '.join(SYMBOLS)}. One decision per cycle: LONG, SHORT, CLOSE or HOLD.",
            "- One position per coin. No adding to a position, no partial exit, no turning without a CLOSE first.",
            f"- position_size_percent is the share {basis}: at most {settings.max_position_size_percent}.",
            f"- At most {settings.max_open_positions} open positions, {settings.max_daily_trades} entries a UTC day.",
            f"- confidence of at least {settings.min_confidence} for an entry.",
            f"- A loss of {settings.max_daily_loss_percent} % of equity in a UTC day ends entries until the next day.",
            "- The sum of what all stops could lose, with the fee and "
            f"{settings.slippage_allowance_percent} % slippage, must fit the loss budget. The default stop lies "
            f"{settings.stop_loss_percent} % from the mark price, the default target {settings.take_profit_percent} %; "
            "your stop_loss and take_profit count only where they are nearer and on the right side.",
            "- Stop and target rest on the exchange from the entry on. Margin is isolated.",
            f"- Taker fee {TAKER_FEE_FRACTION * 100:f} % of notional on each side; funding is paid every hour.",
            "- Leverage beyond the usable one is denied, because liquidation would come too near the stop:",
            *rows,
        ]
    )


def _answer_form(settings: AgentSettings) -> str:
    return "\n".join(
        [
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
    )
