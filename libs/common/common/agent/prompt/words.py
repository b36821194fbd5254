"""The few words of a prompt that no text file holds, in both languages."""

from dataclasses import dataclass
from typing import Final

from common.trading.limits import PositionSizeBasis
from common.trading.roster import Language


@dataclass(frozen=True, slots=True)
class Words:
    """`size_rule` says what position_size_percent means on each basis, `size_formula` how it follows from a notional.

    `examples` are the forms of an answer, HOLD first. No form is a trade: their values are no values.
    """

    size_rule: dict[PositionSizeBasis, str]
    size_formula: dict[PositionSizeBasis, str]
    no_cap: str
    partial: str
    request: str
    examples: tuple[str, ...]


def _examples(reasoning: str, coin: str, number: str, price: str) -> tuple[str, ...]:
    idle = '"leverage": 0, "position_size_percent": 0'
    condition = f'{{"timeframe": "15m", "indicator": "close", "op": "<", "value": "{price}"}}'
    return (
        f'{{"reasoning": "{reasoning}", "action": "HOLD", "symbol": null, {idle}, "confidence": 50}}',
        f'{{"reasoning": "{reasoning}", "action": "CLOSE", "symbol": "{coin}", {idle}, "confidence": "{number}"}}',
        f'{{"reasoning": "{reasoning}", "action": "LONG | SHORT", "symbol": "{coin}", "leverage": "{number}", '
        f'"position_size_percent": "{number}", "confidence": "{number}", "stop_loss": "{price}", '
        f'"take_profit": "{price}", "invalidation_condition": {condition}}}',
    )


WORDS: Final[dict[Language, Words]] = {
    "en": Words(
        size_rule={
            "margin": "the share of equity put up as margin (notional = equity × size × leverage)",
            "notional": "the notional as a share of equity (leverage only sets the margin)",
        },
        size_formula={
            "margin": "notional_usd / (equity_usd × leverage) × 100",
            "notional": "notional_usd / equity_usd × 100",
        },
        no_cap="none",
        partial="history is still loading; longer series may be short",
        request="Decide now. Answer with one JSON object.",
        examples=_examples("<your reasoning>", "<coin>", "<number>", "<price>"),
    ),
    "zh": Words(
        size_rule={
            "margin": "用作保证金的权益百分比（名义价值 = 权益 × 比例 × 杠杆）",
            "notional": "名义价值占权益的百分比（杠杆只决定保证金）",
        },
        size_formula={
            "margin": "notional_usd ÷ (equity_usd × leverage) × 100",
            "notional": "notional_usd ÷ equity_usd × 100",
        },
        no_cap="无",
        partial="历史数据仍在加载，较长周期的序列可能不完整",
        request="现在做出决策，只回答一个 JSON 对象。",
        examples=_examples("<你的推理>", "<币种>", "<数字>", "<价格>"),
    ),
}
