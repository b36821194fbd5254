"""What is particular to DeepSeek, as data. Source: DeepSeek API docs, Models & Pricing, Thinking mode."""

from decimal import Decimal

from common.agent.providers.pricing import TokenPrice
from common.agent.providers.profile import Profile

SERVICE = "agent-deepseek"
PROFILE = Profile(
    provider="deepseek",
    contender="deepseek",
    base_url="https://api.deepseek.com",
    provider_model="deepseek-flash",
    stand_in_path="/deepseek",
    prices={
        "deepseek-flash": TokenPrice(Decimal("0.30"), Decimal("0.03"), Decimal("1.20")),
        "deepseek-v4-pro": TokenPrice(Decimal("1.32"), Decimal("0.044"), Decimal("3.96")),
    },
    thinking_on={"thinking": {"type": "enabled"}},
    thinking_off={"thinking": {"type": "disabled"}},
)
