"""Streamed answers as server-sent events, and the keep-alives before a slow one."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

PIECE_CHARACTERS = 40
KEEP_ALIVE_EVERY_S = 0.25


def pieces(text: str) -> Iterator[str]:
    for at in range(0, len(text), PIECE_CHARACTERS):
        yield text[at : at + PIECE_CHARACTERS]


async def keep_alives(seconds: float, keep_alive: str) -> AsyncIterator[str]:
    """Yields the keep-alive again and again, until `seconds` have passed."""
    for _ in range(round(seconds / KEEP_ALIVE_EVERY_S)):
        yield keep_alive
        await asyncio.sleep(KEEP_ALIVE_EVERY_S)


async def deepseek_events(answer: dict[str, Any], wait_s: float, *, with_usage: bool) -> AsyncIterator[str]:
    """A completion as DeepSeek streams it: keep-alive comments, deltas, the usage if requested, [DONE]."""
    async for keep_alive in keep_alives(wait_s, ": keep-alive\n\n"):
        yield keep_alive
    [choice] = answer["choices"]
    head = {name: answer[name] for name in ("id", "created", "model", "system_fingerprint")}
    head["object"] = "chat.completion.chunk"

    def chunk(delta: dict[str, Any], reason: str | None) -> str:
        row = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        usage = {"usage": answer["usage"]} if with_usage and reason else {}
        return f"data: {json.dumps(head | {'choices': [row]} | usage)}\n\n"

    yield chunk({"role": "assistant", "content": ""}, None)
    for piece in pieces(choice["message"].get("reasoning_content") or ""):
        yield chunk({"content": None, "reasoning_content": piece}, None)
    for piece in pieces(choice["message"]["content"]):
        yield chunk({"content": piece}, None)
    yield chunk({"content": ""}, choice["finish_reason"])
    yield "data: [DONE]\n\n"


async def dashscope_events(answer: dict[str, Any], wait_s: float, *, is_incremental: bool) -> AsyncIterator[str]:
    """A generation as DashScope streams it: each event holds all text so far, or only the new part."""
    async for keep_alive in keep_alives(wait_s, ":\n\n"):
        yield keep_alive
    [choice] = answer["output"]["choices"]
    whole = choice["message"]["content"]
    is_text = isinstance(whole, str)
    parts = list(pieces(whole if is_text else "".join(part["text"] for part in whole))) or [""]
    for number, piece in enumerate(parts, start=1):
        content = piece if is_incremental else "".join(parts[:number])
        reason = choice["finish_reason"] if number == len(parts) else "null"
        shaped = content if is_text else [{"text": content}]
        row = {"finish_reason": reason, "message": {"role": "assistant", "content": shaped}}
        event = json.dumps(answer | {"output": {"choices": [row]}})
        yield f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{event}\n\n"


async def slow_json(answer: dict[str, Any], wait_s: float) -> AsyncIterator[str]:
    """A plain answer preceded by blank lines as keep-alives."""
    async for keep_alive in keep_alives(wait_s, "\n"):
        yield keep_alive
    yield json.dumps(answer)
