"""DashScope's native endpoints."""

import re
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

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
from simulator.server.models.streaming import dashscope_events
from simulator.server.request_body import BodyTooLong, read_json

MULTIMODAL: Final = re.compile(r"^qwen3\.[5-9]|-vl|-omni")
"""Models that are served on the multimodal path only; all others only on that of text."""
THINKS_BY_DEFAULT: Final = re.compile(r"^qwen3\.[78]")
CODES: Final = {
    400: "InvalidParameter",
    401: "InvalidApiKey",
    402: "Arrearage",
    429: "Throttling.RateQuota",
    500: "InternalError",
    503: "ServiceUnavailable",
}
STATUSES: Final = {
    **{code: status for status, code in CODES.items()},
    "DataInspectionFailed": 400,
    "ModelNotFound": 404,
    "AccessDenied": 403,
    "Throttling": 429,
    "Throttling.AllocationQuota": 429,
}


async def dashscope_generation(request: Request, *, task: str) -> Response:
    """POST text-generation or multimodal-generation in DashScope's form, result_format message.

    On the multimodal path contents are lists of parts, in the request as in the answer.
    """
    key = key_of(request)
    if not key:
        return _error(401, "No API-key provided.")
    try:
        body = await read_json(request)
        requested, messages = read_name(str(body["model"])), [_plain(each) for each in body["input"]["messages"]]
        parameters = body.get("parameters") or {}
        is_incremental = bool(parameters.get("incremental_output"))
        most_tokens = int(parameters.get("max_tokens") or DEFAULT_MOST_TOKENS)
        most_thought_tokens = _most_thought_tokens(requested, parameters)
    except BodyTooLong:
        return _error(413, "Request body too large")
    except (ValueError, KeyError, TypeError, AttributeError):
        return _error(400, "Required parameter(s) missing or invalid, please check the request parameters.")
    refusal = _refusal(requested, task)
    if refusal is not None:
        return refusal
    generation = generate(
        messages,
        is_blank=requested.fault == "blank",
        most_thought_tokens=most_thought_tokens,
        most_tokens=most_tokens,
        is_thought_within=False,
    )
    prompt = prompt_of(messages)
    bills: Bills = request.app.state.bills
    cached = bills.charge(key, requested.model, prompt, generation)
    if requested.late_status is not None:
        return _error(requested.late_status, "requested by the model's name, after the generation")
    answer = _answer(requested, prompt, generation, cached)
    if request.headers.get("x-dashscope-sse") == "enable":
        return send_events(dashscope_events(answer, requested.wait_s, is_incremental=is_incremental))
    return send(answer, requested)


async def dashscope_models(request: Request) -> Response:
    """GET models, filtered by a model's name as DashScope does: a list of the one model, or an empty one."""
    if not key_of(request):
        return _error(401, "No API-key provided.")
    name = request.query_params.get("model", "")
    rows = [] if name.startswith("unlisted") else [{"model": name}]
    return JSONResponse({"request_id": id_of(name), "output": {"total": len(rows), "models": rows}})


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """A message with its content as one text."""
    content = message["content"]
    text = "".join(str(part["text"]) for part in content) if isinstance(content, list) else str(content)
    return {"role": message.get("role"), "content": text}


def _most_thought_tokens(requested: Requested, parameters: dict[str, Any]) -> int:
    thinks = parameters.get("enable_thinking", THINKS_BY_DEFAULT.match(requested.model) is not None)
    return int(parameters.get("thinking_budget") or DEFAULT_MOST_THOUGHT_TOKENS) if thinks else 0


def _refusal(requested: Requested, task: str) -> Response | None:
    """The answer to a request that isn't generated, nor billed."""
    error, message = requested.error, "requested by the model's name"
    if error.isdigit():
        return _error(int(error), message)
    if error in STATUSES:
        return _error(STATUSES[error], message, error)
    is_multimodal = MULTIMODAL.search(requested.model) is not None
    return _error(400, "url error, please check url!") if is_multimodal != (task == "multimodal-generation") else None


def _answer(requested: Requested, prompt: str, generation: Generation, cached: int) -> dict[str, Any]:
    text = generation.text
    message: dict[str, Any] = {
        "role": "assistant",
        "content": [{"text": text}] if MULTIMODAL.search(requested.model) else text,
    }
    if generation.thought:
        message["reasoning_content"] = generation.thought
    reason = "length" if generation.is_cut else "stop"
    return {
        "request_id": id_of(prompt),
        "model": LABEL + requested.model,
        "output": {"choices": [{"finish_reason": reason, "message": message}]},
        "usage": {
            "input_tokens": generation.input_tokens,
            "output_tokens": generation.output_tokens,
            "total_tokens": generation.input_tokens + generation.output_tokens,
            "prompt_tokens_details": {"cached_tokens": cached},
            "output_tokens_details": {"reasoning_tokens": generation.thought_tokens},
        },
    }


def _error(status: int, message: str, code: str | None = None) -> Response:
    code = code or CODES.get(status, "InternalError")
    return JSONResponse({"code": code, "message": message, "request_id": id_of(message)}, status)
