"""What both endpoints of the model stand-ins share: the key, ids, and how an answer is sent."""

import hashlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from simulator.server.models.requested import Requested
from simulator.server.models.streaming import slow_json

LABEL: Final = "stand-in/"
DEFAULT_MOST_TOKENS: Final = 4_096
DEFAULT_MOST_THOUGHT_TOKENS: Final = 32_768


def key_of(request: Request) -> str:
    """The bearer key, or an empty text."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def id_of(text: str) -> str:
    """An id that is the same for the same text."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def send_events(events: AsyncIterator[str]) -> Response:
    """A streamed answer."""
    return StreamingResponse(events, media_type="text/event-stream")


def send(answer: dict[str, Any], requested: Requested) -> Response:
    """A plain answer, as its model's name requests it."""
    if requested.fault == "silent":
        del answer["usage"]
    if requested.wait_s:
        return StreamingResponse(slow_json(answer, requested.wait_s), media_type="application/json")
    if requested.fault == "cut":
        body = json.dumps(answer)
        return Response(body[: len(body) // 2], media_type="application/json")
    return JSONResponse(answer)
