"""What holds for any OpenAI-compatible server, as data. Source: OpenAI API reference, Create chat completion."""

from decimal import Decimal

from common.agent.providers.parameters import RequestForm
from common.agent.providers.pricing import TokenPrice
from common.agent.providers.profile import Profile

SERVICE = "agent-openai"
PROFILE = Profile(
    provider="deepseek",
    stand_in_path="/deepseek",
    # Prices of servers in general are unknown: an assumption that lets the daily cap end calls early rather than late.
    prices={"": TokenPrice(Decimal(5), Decimal(5), Decimal(25))},
    form=RequestForm(
        fixed={"stream": False},
        thinking={
            "off": {},
            "on": {"reasoning_effort": "medium"},
            "low": {"reasoning_effort": "low"},
            "medium": {"reasoning_effort": "medium"},
            "high": {"reasoning_effort": "high"},
            "default": {},
        },
    ),
)
