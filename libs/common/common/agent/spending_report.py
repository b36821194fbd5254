"""What a day of one contender costs, in a line for its agent's log, `aicoin run` and `aicoin status`."""

from common.agent.providers.day_cost import day_cost
from common.agent.providers.profile import Endpoint, Profile
from common.agent.settings import AgentSettings


def describe_spending(settings: AgentSettings, endpoint: Endpoint, profile: Profile) -> tuple[str, bool]:
    """One line for people, and whether the cap lets the model be asked all day."""
    if endpoint.stand_in:
        return "a stand-in answers and costs nothing", True
    cost = day_cost(
        endpoint.price,
        profile.typical_call,
        interval_s=settings.decision_interval_s,
        max_output_tokens=endpoint.max_output_tokens,
        thinking_tokens=endpoint.max_thinking_tokens,
    )
    line, is_enough = cost.describe(interval_s=settings.decision_interval_s, cap_usd=settings.daily_cost_cap_usd)
    as_of = f" (prices as of {profile.prices_as_of})" if profile.prices_as_of and cost.most_per_call_usd else ""
    return f"{endpoint.provider_model}: {line}{as_of}", is_enough
