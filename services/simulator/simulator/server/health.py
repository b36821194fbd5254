"""The simulator's own /healthz, /readyz and /metrics."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIENTS = Gauge("aicoin_simulator_clients", "Open WebSocket connections.")
STEP_AGE_S = Gauge("aicoin_simulator_step_age_seconds", "Age of the market's last step.")
WEIGHT = Counter("aicoin_simulator_weight", "Request weight spent, as the exchange counts it.")
REFUSED = Counter("aicoin_simulator_refused", "Requests refused with 429.")
STALE_AFTER_MS = 5_000


def create_health_app(
    step_age_ms: Callable[[], int], halt_reason: Callable[[], str | None], clients: Callable[[], int]
) -> Starlette:
    """The app of the three endpoints. The arguments return current values: the age in wall time, and the reason why the
    market is halted, None while it moves."""

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        age = step_age_ms()
        reasons = {} if age < STALE_AFTER_MS else {"market": f"no step for {age} ms"}
        if (why := halt_reason()) is not None:
            reasons["market"] = f"the market stands still: {why}"
        return JSONResponse({"ready": not reasons, "reasons": reasons}, 503 if reasons else 200)

    async def metrics(request: Request) -> Response:
        STEP_AGE_S.set(step_age_ms() / 1000)
        CLIENTS.set(clients())
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)])
