"""The model endpoints: DeepSeek's, which is OpenAI-compatible, and DashScope's.

Any model name and any bearer key are accepted. Some names request a failure: `error-429` (or another status, or a
DashScope code) answers with that error, `slow-20` only after twenty seconds of keep-alives, `blank` with blanks.
"""

import hashlib
import re
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from simulator.server.clock import now_ms
from simulator.server.models.streaming import dashscope_events, deepseek_events, slow_json
from simulator.server.models.trader import answer_text
from simulator.server.request_body import BodyTooLong, read_json

DASHSCOPE_PATHS = {
    task: f"/dashscope/api/v1/services/aigc/{task}/generation" for task in ("text-generation", "multimodal-generation")
}
MULTIMODAL = re.compile(r"^qwen3\.[5-9]|-vl|-omni")
"""Models that are served on the multimodal path only; all others only on that of text."""
CHARACTERS_PER_TOKEN = 4
MODELS = ("deepseek-flash", "deepseek-pro")
LABEL = "stand-in/"
DASHSCOPE_CODES = {
    400: "InvalidParameter",
    401: "InvalidApiKey",
    402: "Arrearage",
    429: "Throttling.RateQuota",
    500: "InternalError",
    503: "ServiceUnavailable",
}
DASHSCOPE_STATUSES = {
    **{code: status for status, code in DASHSCOPE_CODES.items()},
    "DataInspectionFailed": 400,
    "ModelNotFound": 404,
    "AccessDenied": 403,
    "Throttling": 429,
    "Throttling.AllocationQuota": 429,
}
SLOW = re.compile(r"^slow-(\d{1,3})$")
BLANKS = " " * 64


def create_models_app() -> Starlette:
    """A Starlette app with the model endpoints."""
    routes = [
        Route(path, partial(dashscope_generation, task=task), methods=["POST"])
        for task, path in DASHSCOPE_PATHS.items()
    ]
    routes += [Route("/dashscope/api/v1/models", dashscope_models)]
    for prefix in ("/deepseek", "/deepseek/v1"):
        routes += [
            Route(f"{prefix}/chat/completions", deepseek_completion, methods=["POST"]),
            Route(f"{prefix}/models", deepseek_models),
        ]
    return Starlette(routes=routes)


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _requested_error(model: str) -> int | None:
    status = model.removeprefix("error-")
    return int(status) if re.match(r"^error-[45]\d\d$", model) else None


def _wait_s(model: str) -> float:
    slow = SLOW.match(model)
    return float(slow.group(1)) if slow else 0.0


def _text(model: str, messages: Any) -> str:
    return BLANKS if model == "blank" else answer_text(messages)


def _events(events: AsyncIterator[str]) -> Response:
    return StreamingResponse(events, media_type="text/event-stream")


def _plain(answer: dict[str, Any], wait_s: float) -> Response:
    return (
        StreamingResponse(slow_json(answer, wait_s), media_type="application/json") if wait_s else JSONResponse(answer)
    )


def _tokens(text: str) -> int:
    return len(text) // CHARACTERS_PER_TOKEN + 1


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def deepseek_completion(request: Request) -> Response:
    """POST chat/completions in DeepSeek's form."""
    if not _has_key(request):
        return _deepseek_error(401, "Authentication Fails (no such user)")
    try:
        body = await read_json(request)
        model, messages = str(body["model"]), body["messages"]
        prompt = "".join(str(message["content"]) for message in messages)
        system = str(messages[0]["content"])
        options = body.get("stream_options") or {}
        is_stream, with_usage = body.get("stream") is True, bool(options.get("include_usage"))
    except BodyTooLong:
        return _deepseek_error(413, "Request body too large")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return _deepseek_error(422, "Failed to deserialize the JSON body into the target type")
    status = _requested_error(model)
    if status is not None:
        return _deepseek_error(status, "requested by the model's name")
    text = _text(model, messages)
    cached = _tokens(system)
    answer: dict[str, Any] = {
        "id": _id(prompt),
        "object": "chat.completion",
        "created": now_ms() // 1000,
        "model": LABEL + model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": _tokens(prompt),
            "completion_tokens": _tokens(text),
            "total_tokens": _tokens(prompt) + _tokens(text),
            "prompt_cache_hit_tokens": min(cached, _tokens(prompt)),
            "prompt_cache_miss_tokens": max(0, _tokens(prompt) - cached),
        },
        "system_fingerprint": "aicoin-stand-in",
    }
    if is_stream:
        return _events(deepseek_events(answer, _wait_s(model), with_usage=with_usage))
    return _plain(answer, _wait_s(model))


def _deepseek_error(status: int, message: str) -> Response:
    error: dict[str, Any] = {"message": message, "type": "error", "param": None, "code": "invalid_request_error"}
    return JSONResponse({"error": error}, status)


async def deepseek_models(request: Request) -> Response:
    """GET models."""
    if not _has_key(request):
        return _deepseek_error(401, "Authentication Fails (no such user)")
    rows = [{"id": name, "object": "model", "owned_by": "aicoin-stand-in"} for name in MODELS]
    return JSONResponse({"object": "list", "data": rows})


async def dashscope_generation(request: Request, *, task: str) -> Response:
    """POST text-generation or multimodal-generation in DashScope's form, result_format message.

    On the multimodal path contents are lists of parts, in the request as in the answer.
    """
    if not _has_key(request):
        return _dashscope_error(401, "No API-key provided.")
    try:
        body = await read_json(request)
        model, messages = str(body["model"]), [_plain_message(each) for each in body["input"]["messages"]]
        prompt = "".join(message["content"] for message in messages)
        is_incremental = bool((body.get("parameters") or {}).get("incremental_output"))
    except BodyTooLong:
        return _dashscope_error(413, "Request body too large")
    except (ValueError, KeyError, TypeError, AttributeError):
        return _dashscope_error(400, "Required parameter(s) missing or invalid, please check the request parameters.")
    status = _requested_error(model)
    if status is not None:
        return _dashscope_error(status, "requested by the model's name")
    code = model.removeprefix("error-")
    if model.startswith("error-") and code in DASHSCOPE_STATUSES:
        return _dashscope_error(DASHSCOPE_STATUSES[code], "requested by the model's name", code)
    is_multimodal = MULTIMODAL.search(model) is not None
    if is_multimodal != (task == "multimodal-generation"):
        return _dashscope_error(400, "url error, please check url!")
    text = _text(model, messages)
    content = [{"text": text}] if is_multimodal else text
    answer = {
        "request_id": _id(prompt),
        "model": LABEL + model,
        "output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": content}}]},
        "usage": {
            "input_tokens": _tokens(prompt),
            "output_tokens": _tokens(text),
            "total_tokens": _tokens(prompt) + _tokens(text),
            "prompt_tokens_details": {"cached_tokens": 0},
        },
    }
    if request.headers.get("x-dashscope-sse") == "enable":
        return _events(dashscope_events(answer, _wait_s(model), is_incremental=is_incremental))
    return _plain(answer, _wait_s(model))


def _plain_message(message: dict[str, Any]) -> dict[str, Any]:
    """A message with its content as one text."""
    content = message["content"]
    text = "".join(str(part["text"]) for part in content) if isinstance(content, list) else str(content)
    return {"role": message.get("role"), "content": text}


async def dashscope_models(request: Request) -> Response:
    """GET models, filtered by a model's name as DashScope does: a list of the one model, or an empty one."""
    if not _has_key(request):
        return _dashscope_error(401, "No API-key provided.")
    name = request.query_params.get("model", "")
    rows = [] if name.startswith("unlisted") else [{"model": name}]
    return JSONResponse({"request_id": _id(name), "output": {"total": len(rows), "models": rows}})


def _dashscope_error(status: int, message: str, code: str | None = None) -> Response:
    code = code or DASHSCOPE_CODES.get(status, "InternalError")
    return JSONResponse({"code": code, "message": message, "request_id": _id(message)}, status)
