"""What differs between providers, as data, and where one contender's model answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from common.agent.providers.day_cost import TypicalCall
from common.agent.providers.parameters import OFF, RequestForm, request_parameters
from common.agent.providers.pricing import FREE, ListedPrice, Price, TokenPrice, is_local, price_of
from common.trading.roster import Contender, Provider

STAND_IN_KEY = "stand-in"
STAND_IN_MODEL = "stand-in"


@dataclass(frozen=True, slots=True)
class Profile:
    """One agent service's provider.

    `contender` is the one that is asked when CONTENDER is not set; None where it must be set. `base_url_setting` is the
    variable with the API's address where it is not `<ID>_BASE_URL`. `prices` are the provider's as of the day
    `prices_as_of`. `typical_call` is measured in the provider's tokens. `superseded` maps names of models that
    shouldn't be asked any more to the reason, with what to use instead.
    """

    provider: Provider
    stand_in_path: str
    form: RequestForm
    typical_call: TypicalCall
    prices: Sequence[ListedPrice] = ()
    prices_as_of: date | None = None
    contender: str | None = None
    base_url_setting: str | None = None
    base_url: str | None = None
    provider_model: str | None = None
    superseded: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettingNames:
    """The variables of one contender: its API's key and address, and the provider's name of its model."""

    api_key: str
    base_url: str
    model: str


def setting_names(contender: Contender, profile: Profile) -> SettingNames:
    """The names under which the settings of `contender` stand in the environment."""
    prefix = contender.id.upper()
    return SettingNames(f"{prefix}_API_KEY", profile.base_url_setting or f"{prefix}_BASE_URL", f"{prefix}_MODEL")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one contender's model answers and how it is asked.

    `stand_in` is true when it is the simulator's rule-based trader. `names` are the variables that an error message
    refers to. `parameters` is what each request holds beside its messages. `max_output_tokens` is the most of one
    answer that is billed as output, `max_thinking_tokens` of thinking included.
    """

    base_url: str
    api_key: str = field(repr=False)
    provider_model: str
    stand_in: bool
    price: Price
    names: SettingNames
    parameters: Mapping[str, Any]
    max_output_tokens: int
    max_thinking_tokens: int = 0


def endpoint_of(
    contender: Contender,
    profile: Profile,
    *,
    api_key: str | None,
    base_url: str | None,
    provider_model: str | None,
    simulator_url: str,
    max_answer_tokens: int,
    max_thinking_tokens: int,
) -> Endpoint:
    """The real API where a key is set, else the simulator's stand-in, whose answers cost nothing.

    With a key, `base_url` and `provider_model` are not None: the settings refuse the start otherwise. Raises
    UnknownPrice.
    """
    is_real = bool(api_key) and base_url is not None and provider_model is not None
    address = base_url if is_real else simulator_url.rstrip("/") + profile.stand_in_path
    model = provider_model or STAND_IN_MODEL
    answer_tokens = contender.max_answer_tokens or max_answer_tokens
    thinking_tokens = 0 if contender.thinking == OFF else contender.thinking_budget or max_thinking_tokens
    return Endpoint(
        base_url=str(address),
        api_key=api_key if is_real and api_key else STAND_IN_KEY,
        provider_model=model,
        stand_in=not is_real,
        price=_price(contender, profile, model, str(address)) if is_real else FREE,
        names=setting_names(contender, profile),
        parameters=request_parameters(
            contender, profile.form, model, max_answer_tokens=answer_tokens, max_thinking_tokens=thinking_tokens
        ),
        max_output_tokens=answer_tokens + thinking_tokens,
        max_thinking_tokens=thinking_tokens,
    )


def _price(contender: Contender, profile: Profile, provider_model: str, base_url: str) -> Price:
    """The roster's price before any other: also a private address may lead to a provider that bills."""
    if contender.price_usd is not None:
        return Price(TokenPrice(*contender.price_usd))
    return FREE if is_local(base_url) else price_of(profile.prices, provider_model, base_url)
