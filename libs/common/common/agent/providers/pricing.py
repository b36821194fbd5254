"""What calls cost: prices per million tokens, by the provider's model name."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

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
        uncached = max(0, usage.prompt_tokens - usage.cached_tokens)
        sums = (
            self.input_usd * uncached
            + self.cached_input_usd * usage.cached_tokens
            + self.output_usd * usage.completion_tokens
        )
        return sums / TOKENS_PER_PRICE_UNIT

    def most_usd(self, prompt_characters: int, max_output_tokens: int) -> Decimal:
        """The most that a call can cost, in USD; what is reserved before it."""
        prompt_tokens = prompt_characters // CHARACTERS_PER_TOKEN_AT_LEAST + 1
        return self.cost_usd(
            TokenUsage(prompt_tokens=prompt_tokens, completion_tokens=max_output_tokens, cached_tokens=0)
        )


FREE = TokenPrice(Decimal(0), Decimal(0), Decimal(0))


def price_of(prices: Mapping[str, TokenPrice], provider_model: str) -> TokenPrice:
    """The price under the longest name with which `provider_model` begins; for an unknown model the highest prices."""
    names = [name for name in prices if provider_model.startswith(name)]
    if names:
        return prices[max(names, key=len)]
    every = prices.values()
    return TokenPrice(
        max(price.input_usd for price in every),
        max(price.cached_input_usd for price in every),
        max(price.output_usd for price in every),
    )


def is_local(base_url: str) -> bool:
    """Whether a model's server runs on this machine or a private network, so that its answers cost nothing.

    A name without a dot counts as local: it is a container's or a host's name, not one of the public internet.
    """
    host = urlsplit(base_url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))
    return address.is_loopback or address.is_private
