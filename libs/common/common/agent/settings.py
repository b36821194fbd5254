"""Settings of an agent: those of every agent, the limits that the prompt states, and those of its contender."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, create_model, model_validator

from common.agent.providers.profile import Endpoint, Profile, endpoint_of, setting_names
from common.runtime.outside.urls import HttpOrigin, HttpUrl
from common.runtime.settings import ServiceSettings
from common.trading.limits import Limits
from common.trading.roster import Contender


def _fits_a_header(value: SecretStr) -> SecretStr:
    """A key travels in a header: anything else than visible ASCII is a mistake made when it was pasted."""
    text = value.get_secret_value()
    if not (text.isascii() and text.isprintable() and " " not in text):
        raise ValueError("holds a blank or a character that no key has; copy it again")
    return value


ApiKey = Annotated[SecretStr, AfterValidator(_fits_a_header)]
"""A provider's key as a setting."""


class AgentSettings(ServiceSettings, Limits):
    """`decision_deadline_s` bounds everything about one decision: calls, re-ask, retries.

    `max_thinking_tokens` counts for a contender that thinks, beside `max_answer_tokens`.
    """

    hyperliquid_env: Literal["paper", "testnet", "mainnet"] = "paper"
    simulator_url: HttpOrigin = "http://127.0.0.1:3001"
    decision_interval_s: int = Field(60, ge=5, le=86_400)
    decision_deadline_s: float = Field(45.0, ge=1, le=600)
    max_answer_tokens: int = Field(2_000, ge=100, le=32_000)
    max_thinking_tokens: int = Field(8_000, ge=100, le=128_000)
    daily_cost_cap_usd: Decimal = Field(Decimal(20), ge=0)

    @property
    def limits(self) -> Limits:
        """The limits alone."""
        return Limits(**{name: getattr(self, name) for name in Limits.model_fields})


def agent_settings(contender: Contender, profile: Profile) -> type[AgentSettings]:
    """The settings class of the agent that asks `contender`, with that contender's variables as fields.

    Without a key the simulator's stand-in answers, which is refused where real orders are placed. A key needs an
    address and a model: from the environment, the roster or the profile.
    """
    names = setting_names(contender, profile)
    key, url, model = (name.lower() for name in (names.api_key, names.base_url, names.model))

    def complete(settings: AgentSettings) -> AgentSettings:
        if getattr(settings, key) is None:
            if settings.hyperliquid_env != "paper":
                raise ValueError(f"{names.api_key}: not set; a stand-in model trades on paper only")
            return settings
        for name in (url, model):
            if getattr(settings, name) is None:
                raise ValueError(f"{name.upper()}: not set; {names.api_key} is")
        return settings

    fields: dict[str, Any] = {
        key: (ApiKey | None, None),
        url: (HttpUrl | None, profile.base_url),
        model: (str | None, Field(contender.model or profile.provider_model, min_length=1)),
    }
    made: type[AgentSettings] = create_model(
        "ContenderSettings",
        __base__=AgentSettings,
        __validators__={"complete": model_validator(mode="after")(complete)},  # type: ignore[dict-item]
        **fields,
    )
    return made


def endpoint(settings: AgentSettings, contender: Contender, profile: Profile) -> Endpoint:
    """Where `contender` is asked, by settings of the class that `agent_settings` made for it."""
    names = setting_names(contender, profile)
    key: SecretStr | None = getattr(settings, names.api_key.lower())
    return endpoint_of(
        contender,
        profile,
        api_key=None if key is None else key.get_secret_value(),
        base_url=getattr(settings, names.base_url.lower()),
        provider_model=getattr(settings, names.model.lower()),
        simulator_url=settings.simulator_url,
        max_answer_tokens=settings.max_answer_tokens,
        max_thinking_tokens=settings.max_thinking_tokens,
    )
