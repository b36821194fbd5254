"""What is particular to DeepSeek, as data. Source: DeepSeek API docs, Models & Pricing, Thinking mode."""

from decimal import Decimal

from common.agent.contender import select_contender
from common.agent.providers.pricing import TokenPrice
from common.agent.providers.profile import Profile
from common.agent.settings import AgentSettings, agent_settings
from common.trading.roster import Roster

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


def deepseek_settings(roster: Roster) -> type[AgentSettings]:
    """The settings class of this environment's contender."""
    return agent_settings(select_contender(SERVICE, roster, PROFILE), PROFILE)
