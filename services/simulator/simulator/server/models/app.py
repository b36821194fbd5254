"""The model endpoints: DeepSeek's, which is OpenAI-compatible, and DashScope's, and what each key owes for them.

Any model name and any bearer key are accepted. Some names request a failure (`requested.py`).
"""

from functools import partial
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.server.models.billing import Bills
from simulator.server.models.dashscope import dashscope_generation, dashscope_models
from simulator.server.models.deepseek import deepseek_completion, deepseek_models
from simulator.server.models.replies import key_of

TASKS: Final = ("text-generation", "multimodal-generation")


def create_models_app(bills: Bills | None = None) -> Starlette:
    """A Starlette app with the model endpoints."""
    routes = [
        Route(
            f"/dashscope/api/v1/services/aigc/{task}/generation",
            partial(dashscope_generation, task=task),
            methods=["POST"],
        )
        for task in TASKS
    ]
    routes += [Route("/dashscope/api/v1/models", dashscope_models), Route("/bill", bill)]
    for prefix in ("/deepseek", "/deepseek/v1"):
        routes += [
            Route(f"{prefix}/chat/completions", deepseek_completion, methods=["POST"]),
            Route(f"{prefix}/models", deepseek_models),
        ]
    app = Starlette(routes=routes)
    app.state.bills = bills or Bills()
    return app


async def bill(request: Request) -> Response:
    """GET bill: what the bearer key owes so far; no provider has this endpoint."""
    bills: Bills = request.app.state.bills
    return JSONResponse(bills.of(key_of(request)).as_json())
