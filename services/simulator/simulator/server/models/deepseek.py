"""DeepSeek's endpoints, which are OpenAI-compatible."""

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.server.clock import now_ms
from simulator.server.models.billing import Bills
from simulator.server.models.generation import Generation, generate, prompt_of
from simulator.server.models.replies import (
    DEFAULT_MOST_THOUGHT_TOKENS,
    DEFAULT_MOST_TOKENS,
    LABEL,
    id_of,
    key_of,
    send,
    send_events,
)
from simulator.server.models.requested import Requested, read_name
from simulator.server.models.streaming import deepseek_events
from simulator.server.request_body import BodyTooLong, read_json

MODELS: Final = ("deepseek-flash", "deepseek-v4-pro")


async def deepseek_completion(request: Request) -> Response:
    """POST chat/completions in DeepSeek's form."""
    key = key_of(request)
    if not key:
        return _error(401, "Authentication Fails (no such user)")
    try:
        body = await read_json(request)
        requested, messages = read_name(str(body["model"])), body["messages"]
        prompt = prompt_of(messages)
        options = body.get("stream_options") or {}
        is_stream, with_usage = body.get("stream") is True, bool(options.get("include_usage"))
        most_tokens, thinks = int(body.get("max_tokens") or DEFAULT_MOST_TOKENS), _thinks(requested, body)
    except BodyTooLong:
        return _error(413, "Request body too large")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return _error(422, "Failed to deserialize the JSON body into the target type")
    if requested.error.isdigit():
        return _error(int(requested.error), "requested by the model's name")
    generation = generate(
        messages,
        is_blank=requested.fault == "blank",
        most_thought_tokens=DEFAULT_MOST_THOUGHT_TOKENS if thinks else 0,
        most_tokens=most_tokens,
        is_thought_within=True,
    )
    bills: Bills = request.app.state.bills
    cached = bills.charge(key, requested.model, prompt, generation)
    if requested.late_status is not None:
        return _error(requested.late_status, "requested by the model's name, after the generation")
    answer = _answer(requested, prompt, generation, cached)
    if is_stream:
        return send_events(deepseek_events(answer, requested.wait_s, with_usage=with_usage))
    return send(answer, requested)


async def deepseek_models(request: Request) -> Response:
    """GET models."""
    if not key_of(request):
        return _error(401, "Authentication Fails (no such user)")
    rows = [{"id": name, "object": "model", "owned_by": "aicoin-stand-in"} for name in MODELS]
    return JSONResponse({"object": "list", "data": rows})


def _thinks(requested: Requested, body: dict[str, Any]) -> bool:
    """DeepSeek's own models think unless a request says otherwise, any others where an effort is asked for."""
    if requested.model.startswith("deepseek"):
        return bool((body.get("thinking") or {}).get("type") != "disabled")
    return body.get("reasoning_effort") is not None


def _answer(requested: Requested, prompt: str, generation: Generation, cached: int) -> dict[str, Any]:
    message = {"role": "assistant", "content": generation.text}
    if generation.thought:
        message["reasoning_content"] = generation.thought
    return {
        "id": id_of(prompt),
        "object": "chat.completion",
        "created": now_ms() // 1000,
        "model": LABEL + requested.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": "length" if generation.is_cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": generation.input_tokens,
            "completion_tokens": generation.output_tokens,
            "total_tokens": generation.input_tokens + generation.output_tokens,
            "prompt_cache_hit_tokens": cached,
            "prompt_cache_miss_tokens": generation.input_tokens - cached,
            "completion_tokens_details": {"reasoning_tokens": generation.thought_tokens},
        },
        "system_fingerprint": "aicoin-stand-in",
    }


def _error(status: int, message: str) -> Response:
    error: dict[str, Any] = {"message": message, "type": "error", "param": None, "code": "invalid_request_error"}
    return JSONResponse({"error": error}, status)
