"""What is particular to Alibaba Model Studio (DashScope), as data. Source: Model Studio docs, Models and pricing."""

import re
from datetime import date
from decimal import Decimal

from common.agent.providers.day_cost import TypicalCall
from common.agent.providers.parameters import RequestForm
from common.agent.providers.pricing import ListedPrice, Price, TokenPrice, tokens_at
from common.agent.providers.profile import Profile

SERVICE = "agent-qwen"
BEIJING = "dashscope.aliyuncs.com"
CNY_PER_USD = Decimal("6.5")
"""Below the year's rates, so that yuan count as more dollars than they are."""


def yuan(input_cny: str, cached_input_cny: str, output_cny: str) -> Price:
    """A price of the Beijing region, in yuan per million tokens."""
    return Price(TokenPrice(*(Decimal(cny) / CNY_PER_USD for cny in (input_cny, cached_input_cny, output_cny))))


# Prices for prompts of up to 256,000 tokens; none of the arena's comes near. Output is at the price with thinking,
# which is the higher one for qwen-plus. Every region but Beijing has Singapore's price, the highest.
PRICES = (
    ListedPrice("qwen3.8-flash", yuan("0.8", "0.1", "2.7"), BEIJING),
    ListedPrice("qwen3.8-flash", Price(tokens_at("0.15", "0.016", "0.47"))),
    ListedPrice("qwen3.8-max", yuan("12", "1.5", "36"), BEIJING),
    ListedPrice("qwen3.8-max", Price(tokens_at("2", "0.25", "6"))),
    ListedPrice("qwen3.7-plus", yuan("2", "0.4", "8"), BEIJING),
    ListedPrice("qwen3.7-plus", Price(tokens_at("0.40", "0.08", "1.60"))),
    ListedPrice("qwen-plus", yuan("0.8", "0.16", "8"), BEIJING),
    ListedPrice("qwen-plus", Price(tokens_at("0.40", "0.08", "4"))),
    ListedPrice("qwen-max", yuan("2.4", "0.96", "9.6"), BEIJING),
    ListedPrice("qwen-max", Price(tokens_at("1.60", "0.64", "6.40"))),
)
PROFILE = Profile(
    provider="dashscope",
    contender="qwen",
    # The base URL chooses the region, for every contender of this provider.
    base_url_setting="DASHSCOPE_HTTP_BASE_URL",
    base_url="https://dashscope.aliyuncs.com/api/v1",
    provider_model="qwen3.8-flash",
    stand_in_path="/dashscope/api/v1",
    prices=PRICES,
    prices_as_of=date(2026, 11, 30),
    # Thinking lies outside max_tokens and excludes the JSON mode.
    form=RequestForm(
        fixed={"result_format": "message"},
        thinking={"off": {"enable_thinking": False}, "on": {"enable_thinking": True}},
        thinking_budget="thinking_budget",
        not_thinking=frozenset({"response_format"}),
    ),
    typical_call=TypicalCall(7_108, 4_680, 300, 14_213),
    superseded={"qwen-max": "is Qwen2.5-Max, two generations old; use qwen3.8-max"},
)

MULTIMODAL_NAMES = re.compile(r"qwen3\.[5-9]|qwen[4-9]|vl|omni")
"""Which of the two native paths is tried first, by the model's name; the provider's own answer decides."""
