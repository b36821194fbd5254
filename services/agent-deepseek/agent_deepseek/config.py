"""Settings of the DeepSeek agent, and what is particular to DeepSeek as data."""

from decimal import Decimal

from pydantic import Field, model_validator

from common.agent.profile import Endpoint, Profile, TokenPrice, endpoint_of
from common.agent.settings import AgentSettings, ApiKey

STRATEGY = "trend-v1"
PROFILE = Profile(
    model="deepseek",
    service="agent-deepseek",
    key_setting="DEEPSEEK_API_KEY",
    url_setting="DEEPSEEK_BASE_URL",
    stand_in_path="/deepseek",
    prices={"": TokenPrice(Decimal("0.30"), Decimal("0.03"), Decimal("1.20"))},
)


class DeepSeekSettings(AgentSettings):
    """Without a key, on paper only, the simulator's stand-in answers."""

    deepseek_api_key: ApiKey | None = None
    deepseek_base_url: str = Field("https://api.deepseek.com", pattern=r"^https?://")
    deepseek_model: str = "deepseek-flash"

    @model_validator(mode="after")
    def _key_for_real_money(self) -> "DeepSeekSettings":
        if self.hyperliquid_env != "paper" and self.deepseek_api_key is None:
            raise ValueError("DEEPSEEK_API_KEY: not set; a stand-in model trades on paper only")
        return self

    @property
    def endpoint(self) -> Endpoint:
        return endpoint_of(
            PROFILE,
            api_key=self.deepseek_api_key.get_secret_value() if self.deepseek_api_key else None,
            base_url=self.deepseek_base_url,
            provider_model=self.deepseek_model,
            simulator_url=self.simulator_url,
        )
