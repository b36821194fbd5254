"""What differs between two models as data: names, prices, where the stand-in answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from common.events import TokenUsage

TOKENS_PER_PRICE_UNIT = 1_000_000
CHARACTERS_PER_TOKEN_AT_LEAST = 2
"""A prompt never has more tokens than its characters divided by this; used only to reserve cost before a call."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD per million tokens: input, input served from the provider's cache, output."""

    input_usd: Decimal
    cached_input_usd: Decimal
    output_usd: Decimal

    def cost_usd(self, usage: TokenUsage) -> Decimal:
        """What a call cost, in USD."""
        fresh = max(0, usage.prompt_tokens - usage.cached_tokens)
        sums = (
            self.input_usd * fresh
            + self.cached_input_usd * usage.cached_tokens
            + self.output_usd * usage.completion_tokens
        )
        return sums / TOKENS_PER_PRICE_UNIT

    def most_usd(self, prompt_characters: int, max_answer_tokens: int) -> Decimal:
        """The most that a call can cost, in USD; what is reserved before it."""
        prompt_tokens = prompt_characters // CHARACTERS_PER_TOKEN_AT_LEAST + 1
        return self.cost_usd(
            TokenUsage(prompt_tokens=prompt_tokens, completion_tokens=max_answer_tokens, cached_tokens=0)
        )


FREE = TokenPrice(Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class Profile:
    """One model of the arena. `prices` maps a provider's model name or its beginning to a price; "" is the fallback."""

    model: str
    service: str
    key_setting: str
    url_setting: str
    stand_in_path: str
    prices: Mapping[str, TokenPrice]

    def price_of(self, provider_model: str) -> TokenPrice:
        """The price of the longest matching name."""
        names = [name for name in self.prices if provider_model.startswith(name)]
        return self.prices[max(names, key=len)]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one model's API answers. `stand_in` is true when it is the simulator's rule-based trader."""

    base_url: str
    api_key: str
    provider_model: str
    stand_in: bool
    price: TokenPrice

    def __repr__(self) -> str:
        return f"Endpoint({self.base_url}, {self.provider_model}, stand_in={self.stand_in})"


STAND_IN_KEY = "stand-in"


def endpoint_of(
    profile: Profile, *, api_key: str | None, base_url: str, provider_model: str, simulator_url: str
) -> Endpoint:
    """The real API where a key is set, else the simulator's stand-in, whose answers cost nothing."""
    if api_key:
        return Endpoint(base_url, api_key, provider_model, stand_in=False, price=profile.price_of(provider_model))
    stand_in_url = simulator_url.rstrip("/") + profile.stand_in_path
    return Endpoint(stand_in_url, STAND_IN_KEY, provider_model, stand_in=True, price=FREE)
