"""What is particular to DeepSeek, as data. Source: DeepSeek API docs, Models & Pricing, Thinking mode."""

from decimal import Decimal

from common.agent.providers.parameters import RequestForm
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
    form=RequestForm(
        fixed={"stream": False},
        thinking={
            "off": {"thinking": {"type": "disabled"}},
            "on": {"thinking": {"type": "enabled"}},
            "low": {"thinking": {"type": "enabled"}, "reasoning_effort": "low"},
            "high": {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
            "max": {"thinking": {"type": "enabled"}, "reasoning_effort": "max"},
            "default": {},
        },
        unknown=frozenset({"seed"}),
        not_thinking=frozenset({"temperature"}),
    ),
    superseded={
        "deepseek-chat": "was retired on 2026-07-24; use deepseek-flash",
        "deepseek-reasoner": 'was retired on 2026-07-24; use deepseek-flash or deepseek-v4-pro with thinking = "on"',
    },
)
