"""DeepSeek's and DashScope's endpoints. A model named `error-429` (or another status) answers with that error."""

import hashlib
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.clock import now_ms
from simulator.models.trader import answer_text

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


def create_models_app() -> Starlette:
    """A Starlette app with the model endpoints."""
    return Starlette(
        routes=[
            *(
                Route(f"/deepseek{prefix}/chat/completions", deepseek_completion, methods=["POST"])
                for prefix in ("", "/v1")
            ),
            *(Route(f"/deepseek{prefix}/models", deepseek_models) for prefix in ("", "/v1")),
            Route("/dashscope/api/v1/services/aigc/text-generation/generation", dashscope_generation, methods=["POST"]),
        ]
    )


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and bool(key.strip())


def _wanted_error(model: str) -> int | None:
    status = model.removeprefix("error-")
    return int(status) if model.startswith("error-") and status.isdigit() else None


def _tokens(text: str) -> int:
    return len(text) // CHARACTERS_PER_TOKEN + 1


def _id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


async def deepseek_completion(request: Request) -> Response:
    """POST chat/completions in DeepSeek's form."""
    if not _has_key(request):
        return _deepseek_error(401, "Authentication Fails (no such user)")
    try:
        body = json.loads(await request.body())
        model, messages = str(body["model"]), body["messages"]
        prompt = "".join(str(message["content"]) for message in messages)
    except (ValueError, KeyError, TypeError):
        return _deepseek_error(422, "Failed to deserialize the JSON body into the target type")
    wanted = _wanted_error(model)
    if wanted is not None:
        return _deepseek_error(wanted, "asked for by the model's name")
    text = answer_text(messages)
    cached = _tokens(str(messages[0]["content"]))
    return JSONResponse(
        {
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
    )


def _deepseek_error(status: int, message: str) -> Response:
    error: dict[str, Any] = {"message": message, "type": "error", "param": None, "code": "invalid_request_error"}
    return JSONResponse({"error": error}, status)


async def deepseek_models(request: Request) -> Response:
    """GET models."""
    if not _has_key(request):
        return _deepseek_error(401, "Authentication Fails (no such user)")
    rows = [{"id": name, "object": "model", "owned_by": "aicoin-stand-in"} for name in MODELS]
    return JSONResponse({"object": "list", "data": rows})


async def dashscope_generation(request: Request) -> Response:
    """POST text-generation in DashScope's form, result_format message."""
    if not _has_key(request):
        return _dashscope_error(401, "No API-key provided.")
    try:
        body = json.loads(await request.body())
        model, messages = str(body["model"]), body["input"]["messages"]
        prompt = "".join(str(message["content"]) for message in messages)
    except (ValueError, KeyError, TypeError):
        return _dashscope_error(400, "Required parameter(s) missing or invalid, please check the request parameters.")
    wanted = _wanted_error(model)
    if wanted is not None:
        return _dashscope_error(wanted, "asked for by the model's name")
    text = answer_text(messages)
    return JSONResponse(
        {
            "request_id": _id(prompt),
            "model": LABEL + model,
            "output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": text}}]},
            "usage": {
                "input_tokens": _tokens(prompt),
                "output_tokens": _tokens(text),
                "total_tokens": _tokens(prompt) + _tokens(text),
                "prompt_tokens_details": {"cached_tokens": 0},
            },
        }
    )


def _dashscope_error(status: int, message: str) -> Response:
    code = DASHSCOPE_CODES.get(status, "InternalError")
    return JSONResponse({"code": code, "message": message, "request_id": _id(message)}, status)
