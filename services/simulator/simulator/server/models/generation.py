"""One generation of a stand-in: how many tokens it reads, what it thinks and what it answers."""

import hashlib
import re
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any, Final

from simulator.server.models.trader import answer_text

TOKEN: Final = re.compile(r"[A-Za-z]{1,4}|\s+|.", re.DOTALL)
"""Four letters, one digit, one sign or a run of blanks: about as many tokens as Qwen's tokenizer makes of a prompt."""
BLANKS: Final = " " * 64
CACHE_UNIT_TOKENS: Final = 64
LEAST_THOUGHT_TOKENS: Final = 40


@dataclass(frozen=True, slots=True)
class Generation:
    """`thought` is empty without thinking; `is_cut` says that the answer reached the limit of tokens."""

    input_tokens: int
    thought: str
    text: str
    is_cut: bool

    @property
    def thought_tokens(self) -> int:
        return count_tokens(self.thought)

    @property
    def output_tokens(self) -> int:
        """What is billed as output: thought and answer."""
        return self.thought_tokens + max(1, count_tokens(self.text))


def count_tokens(text: str) -> int:
    return sum(1 for _ in TOKEN.finditer(text))


def prompt_of(messages: list[dict[str, Any]]) -> str:
    """All contents as one text."""
    return "".join(str(message["content"]) for message in messages)


def cached_tokens(before: str, prompt: str) -> int:
    """How many of a prompt's tokens are a cached prefix, when `before` was asked last: whole units of equal text."""
    length = next((at for at, (left, right) in enumerate(zip(before, prompt, strict=False)) if left != right), None)
    prefix = prompt[: min(len(before), len(prompt)) if length is None else length]
    return count_tokens(prefix) // CACHE_UNIT_TOKENS * CACHE_UNIT_TOKENS


def generate(
    messages: list[dict[str, Any]],
    *,
    is_blank: bool,
    most_thought_tokens: int,
    most_tokens: int,
    is_thought_within: bool,
) -> Generation:
    """An answer of at most `most_tokens`, which the thought counts towards where `is_thought_within` says so."""
    prompt = prompt_of(messages)
    if is_thought_within:
        most_thought_tokens = min(most_thought_tokens, most_tokens - 1)
    wanted = LEAST_THOUGHT_TOKENS + hashlib.sha256(prompt.encode()).digest()[0]
    thought = "".join(islice(cycle(("hm", " ")), min(wanted, most_thought_tokens)))
    left = most_tokens - (count_tokens(thought) if is_thought_within else 0)
    tokens = TOKEN.findall(BLANKS if is_blank else answer_text(messages))
    return Generation(count_tokens(prompt), thought, "".join(tokens[:left]), is_cut=len(tokens) > left)
