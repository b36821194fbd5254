"""What holds for any OpenAI-compatible server, as data. Source: OpenAI API reference, Create chat completion."""

from decimal import Decimal

from common.agent.contender import select_contender
from common.agent.providers.pricing import TokenPrice
from common.agent.providers.profile import Profile
from common.agent.settings import AgentSettings, agent_settings
from common.trading.roster import Roster

SERVICE = "agent-openai"
PROFILE = Profile(
    provider="deepseek",
    stand_in_path="/deepseek",
    # Prices of servers in general are unknown: an assumption that lets the daily cap end calls early rather than late.
    prices={"": TokenPrice(Decimal(5), Decimal(5), Decimal(25))},
    thinking_on={"reasoning_effort": "medium"},
)


def openai_settings(roster: Roster) -> type[AgentSettings]:
    """The settings class of this environment's contender."""
    return agent_settings(select_contender(SERVICE, roster, PROFILE), PROFILE)
