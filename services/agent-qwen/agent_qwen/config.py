"""What is particular to Alibaba Model Studio (DashScope), as data. Source: Model Studio docs, Models and pricing."""

import re
from decimal import Decimal

from common.agent.providers.parameters import RequestForm
from common.agent.providers.pricing import TokenPrice
from common.agent.providers.profile import Profile

SERVICE = "agent-qwen"
PROFILE = Profile(
    provider="dashscope",
    contender="qwen",
    # The base URL chooses the region, for every contender of this provider.
    base_url_setting="DASHSCOPE_HTTP_BASE_URL",
    base_url="https://dashscope.aliyuncs.com/api/v1",
    provider_model="qwen-max",
    stand_in_path="/dashscope/api/v1",
    prices={
        "qwen-max": TokenPrice(Decimal("1.60"), Decimal("0.64"), Decimal("6.40")),
        "qwen-plus": TokenPrice(Decimal("0.40"), Decimal("0.16"), Decimal("1.20")),
        "qwen-flash": TokenPrice(Decimal("0.05"), Decimal("0.02"), Decimal("0.40")),
        "qwen3.8-max": TokenPrice(Decimal(2), Decimal("0.25"), Decimal(6)),
    },
    # Thinking lies outside max_tokens and excludes the JSON mode.
    form=RequestForm(
        fixed={"result_format": "message"},
        thinking={"off": {"enable_thinking": False}, "on": {"enable_thinking": True}},
        thinking_budget="thinking_budget",
        not_thinking=frozenset({"response_format"}),
    ),
    superseded={"qwen-max": "is Qwen2.5-Max, two generations old; use qwen3.8-max"},
)

MULTIMODAL_NAMES = re.compile(r"qwen3\.[5-9]|qwen[4-9]|vl|omni")
"""Which of the two native paths is tried first, by the model's name; the provider's own answer decides."""
