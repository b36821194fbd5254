"""What calls cost: dated prices per million tokens, by the provider's model, the region and the hour."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit

from common.events import TokenUsage

TOKENS_PER_PRICE_UNIT: Final = 1_000_000
MESSAGE_TOKENS: Final = 64
"""The most tokens that a provider's template adds per message, and once per call: roles, separators, the JSON mode."""
MOST_TOKENS: Final = 2_000_000
"""More than any model reads and writes in one call; a count above it is none."""
SNAPSHOT: Final = re.compile(r"^-(latest|\d{4}(-\d{2}-\d{2})?)$")
"""What a provider adds to a model's name for one dated version of it, at the model's price."""


class UnknownPrice(Exception):
    """A model that no price is known for. The message names it and those that have one."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """USD per million tokens: input, input served from the provider's cache, output."""

    input_usd: Decimal
    cached_input_usd: Decimal
    output_usd: Decimal

    def cost_usd(self, usage: TokenUsage) -> Decimal:
        """What a call cost, in USD."""
        sums = (
            self.input_usd * (usage.prompt_tokens - usage.cached_tokens)
            + self.cached_input_usd * usage.cached_tokens
            + self.output_usd * usage.completion_tokens
        )
        return sums / TOKENS_PER_PRICE_UNIT

    def most_usd(self, contents: Sequence[str], max_output_tokens: int) -> Decimal:
        """The most that a call with messages of these contents can cost, in USD.

        A token stands for one byte of UTF-8 at least; none of the input is taken to be cached.
        """
        input_tokens = sum(len(content.encode()) + MESSAGE_TOKENS for content in contents) + MESSAGE_TOKENS
        dearest_input_usd = max(self.input_usd, self.cached_input_usd)
        return (dearest_input_usd * input_tokens + self.output_usd * max_output_tokens) / TOKENS_PER_PRICE_UNIT


@dataclass(frozen=True, slots=True)
class PeakHours:
    """Hours of the UTC day, as (first, end), on Mondays to Fridays except the days in `holidays`."""

    hours: tuple[tuple[int, int], ...]
    holidays: frozenset[date]

    def holds(self, now_ms: int) -> bool:
        """Whether the peak price holds at that wall time."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        if now.weekday() > 4 or now.date() in self.holidays:
            return False
        return any(first <= now.hour < end for first, end in self.hours)


@dataclass(frozen=True, slots=True)
class Price:
    """What one model costs; `peak` holds in `peak_hours`, and always where there are none."""

    peak: TokenPrice
    off_peak: TokenPrice | None = None
    peak_hours: PeakHours | None = None

    def between(self, from_ms: int, until_ms: int) -> TokenPrice:
        """The dearest price between two wall times that lie less than an hour apart.

        Both ends decide: hours at either price are longer than that.
        """
        if self.off_peak is None or self.peak_hours is None:
            return self.peak
        is_peak = self.peak_hours.holds(from_ms) or self.peak_hours.holds(until_ms)
        return self.peak if is_peak else self.off_peak


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A provider's price of one model in the region of one API host; without a host, in every region not listed."""

    model: str
    price: Price
    host: str | None = None


def tokens_at(input_usd: str, cached_input_usd: str, output_usd: str) -> TokenPrice:
    """A price as a provider's page writes it, in USD per million tokens."""
    return TokenPrice(Decimal(input_usd), Decimal(cached_input_usd), Decimal(output_usd))


FREE: Final = Price(tokens_at("0", "0", "0"))


def price_of(listed: Sequence[ListedPrice], provider_model: str, base_url: str) -> Price:
    """The price of a model by its exact name or that of a dated version. Raises UnknownPrice."""
    found = [row for row in listed if _is_version_of(provider_model, row.model)]
    host = urlsplit(base_url).hostname
    for row in sorted(found, key=lambda row: row.host is None):
        if row.host in (host, None):
            return row.price
    known = ", ".join(dict.fromkeys(row.model for row in listed)) or "none of this provider"
    raise UnknownPrice(f"no price is known for {provider_model!r}, only for: {known}")


def _is_version_of(name: str, model: str) -> bool:
    return name == model or (name.startswith(model) and SNAPSHOT.match(name.removeprefix(model)) is not None)


def is_credible(usage: TokenUsage) -> bool:
    """Whether an answered call can have used just these tokens; a provider may report anything."""
    is_input_credible = 0 <= usage.cached_tokens <= usage.prompt_tokens
    return is_input_credible and 0 < usage.prompt_tokens <= MOST_TOKENS and 0 < usage.completion_tokens <= MOST_TOKENS


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
