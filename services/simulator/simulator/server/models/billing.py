"""What the stand-ins bill, as their providers do: per key, from the moment at which an answer begins to be generated.

The prices are copied from the providers' pages on 2026-11-30, apart from the arena's own list. A caller that leaves is
billed for the whole answer, a thought as output, a prompt's prefix that equals the one before as cached input.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from simulator.server.clock import now_ms
from simulator.server.models.generation import Generation, cached_tokens

MAX_KEYS: Final = 1_000
Figures = tuple[str, str, str]
"""USD per million tokens: input, cached input, output."""
PRICES: Final[dict[str, tuple[Figures, Figures]]] = {
    "deepseek-flash": (("0.15", "0.003", "0.60"), ("0.30", "0.006", "1.20")),
    "deepseek-v4-pro": (("0.66", "0.022", "1.98"), ("1.32", "0.044", "3.96")),
    "qwen-max": (("1.60", "0.64", "6.40"),) * 2,
    "qwen-plus": (("0.40", "0.08", "4.00"),) * 2,
    "qwen3.7-plus": (("0.40", "0.08", "1.60"),) * 2,
    "qwen3.8-flash": (("0.15", "0.016", "0.47"),) * 2,
    "qwen3.8-max": (("2.00", "0.25", "6.00"),) * 2,
}
"""Off-peak and peak; Singapore's for Qwen. Any other name has the price of DEAREST."""
DEAREST: Final = "qwen3.8-max"
PEAK_HOURS: Final = (*range(1, 4), *range(6, 10))
"""UTC, Mondays to Fridays; no holiday is known here."""


@dataclass(slots=True)
class Bill:
    """What one key owes, with the model and the prompt that it asked last."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal = Decimal(0)
    last: tuple[str, str] = ("", "")

    def as_json(self) -> dict[str, Any]:
        """With the amount as a decimal string."""
        return {
            "calls": self.calls,
            "input_tokens": self.input_tokens,
            "cached_tokens": self.cached_tokens,
            "output_tokens": self.output_tokens,
            "usd": format(self.usd, "f"),
        }


class Bills:
    """The bill of each key; beyond MAX_KEYS the key that asked longest ago is forgotten."""

    def __init__(self, clock: Callable[[], int] = now_ms) -> None:
        self._now_ms = clock
        self._bills: OrderedDict[str, Bill] = OrderedDict()

    def of(self, key: str) -> Bill:
        """What a key owes so far."""
        return self._bills.get(_name(key), Bill())

    def charge(self, key: str, model: str, prompt: str, generation: Generation) -> int:
        """Bills one generation; returns how many of its input tokens were cached."""
        name = _name(key)
        bill = self._bills.setdefault(name, Bill())
        self._bills.move_to_end(name)
        last_model, last_prompt = bill.last
        cached = cached_tokens(last_prompt, prompt) if last_model == model else 0
        bill.last = (model, prompt)
        bill.calls += 1
        bill.input_tokens += generation.input_tokens
        bill.cached_tokens += cached
        bill.output_tokens += generation.output_tokens
        bill.usd += cost_usd(model, generation.input_tokens, cached, generation.output_tokens, self._now_ms())
        while len(self._bills) > MAX_KEYS:
            self._bills.popitem(last=False)
        return cached


def cost_usd(model: str, input_tokens: int, cached: int, output_tokens: int, at_ms: int) -> Decimal:
    """What such a call costs at that wall time, in USD."""
    now = datetime.fromtimestamp(at_ms / 1000, UTC)
    is_peak = now.weekday() < 5 and now.hour in PEAK_HOURS
    figures = PRICES.get(model, PRICES[DEAREST])[is_peak]
    full, reduced, output = (Decimal(figure) for figure in figures)
    return (full * (input_tokens - cached) + reduced * cached + output * output_tokens) / 1_000_000


def _name(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
