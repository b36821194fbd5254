"""Settings of the Qwen agent, and what is particular to Qwen as data."""

from decimal import Decimal

from pydantic import Field, model_validator

from common.agent.profile import Endpoint, Profile, TokenPrice, endpoint_of
from common.agent.settings import AgentSettings, ApiKey

STRATEGY = "reversion-v1"
PROFILE = Profile(
    model="qwen",
    service="agent-qwen",
    key_setting="QWEN_API_KEY",
    url_setting="DASHSCOPE_HTTP_BASE_URL",
    stand_in_path="/dashscope/api/v1",
    prices={
        "": TokenPrice(Decimal("1.60"), Decimal("0.64"), Decimal("6.40")),
        "qwen-plus": TokenPrice(Decimal("0.40"), Decimal("0.16"), Decimal("1.20")),
        "qwen-flash": TokenPrice(Decimal("0.05"), Decimal("0.02"), Decimal("0.40")),
    },
)


class QwenSettings(AgentSettings):
    """Without a key, on paper only, the simulator's stand-in answers. The base URL chooses the region."""

    qwen_api_key: ApiKey | None = None
    dashscope_http_base_url: str = Field("https://dashscope.aliyuncs.com/api/v1", pattern=r"^https?://")
    qwen_model: str = "qwen-max"

    @model_validator(mode="after")
    def _key_for_real_money(self) -> "QwenSettings":
        if self.hyperliquid_env != "paper" and self.qwen_api_key is None:
            raise ValueError("QWEN_API_KEY: not set; a stand-in model trades on paper only")
        return self

    @property
    def endpoint(self) -> Endpoint:
        return endpoint_of(
            PROFILE,
            api_key=self.qwen_api_key.get_secret_value() if self.qwen_api_key else None,
            base_url=self.dashscope_http_base_url,
            provider_model=self.qwen_model,
            simulator_url=self.simulator_url,
        )
