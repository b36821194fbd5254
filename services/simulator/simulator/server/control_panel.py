"""The control panel on a loopback port of its own, for tests: faults, price jumps, outages, stepwise time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.server.faults import InvalidFault
from simulator.server.http import Server

MAX_STEPS = 1_000_000
MAX_JUMP_PERCENT = 1_000


def create_panel(server: Server) -> Starlette:
    """The app: POST /faults, /clear, /jump, /freeze, /outage, /cap, /step; GET /faults returns the counts."""

    def endpoint_of(action: Callable[[dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                body = await request.json() if await request.body() else {}
                return JSONResponse(action(body))
            except (InvalidFault, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
                return JSONResponse({"error": str(error) or repr(error)}, 400)

        return endpoint

    def add_fault(body: dict[str, Any]) -> Any:
        server.faults.add(body)
        return {"arranged": body}

    def clear(body: dict[str, Any]) -> Any:
        server.faults.reset()
        return {"happened": dict(server.faults.counts)}

    def jump(body: dict[str, Any]) -> Any:
        """Moves the price of one coin, or of all, by `percent` at once."""
        percent = float(body["percent"])
        if not -100 < percent <= MAX_JUMP_PERCENT:
            raise InvalidFault(f"percent must be above -100 and at most {MAX_JUMP_PERCENT}")
        factor = 1 + percent / 100
        names = [body["coin"]] if "coin" in body else list(server.world.market.coins)
        for name in names:
            market = server.world.market.coins[name]
            market.mid *= factor
            market.oracle *= factor
            market.mark *= factor
        server.faults.counts["jump"] += 1
        return {"jumped": names}

    def freeze(body: dict[str, Any]) -> Any:
        """Halts the market for `seconds`; requests are answered."""
        server.faults.frozen_until_ms = server.now_ms() + round(float(body["seconds"]) * 1000)
        server.faults.counts["freeze"] += 1
        return {"frozen_until_ms": server.faults.frozen_until_ms}

    def outage(body: dict[str, Any]) -> Any:
        """Answers nothing and closes every socket for `seconds`; the market keeps moving."""
        server.faults.outage_until_ms = server.now_ms() + round(float(body["seconds"]) * 1000)
        server.faults.counts["outage"] += 1
        server.sockets.close_all()
        return {"outage_until_ms": server.faults.outage_until_ms}

    def cap(body: dict[str, Any]) -> Any:
        """Caps the open interest of a coin at `usd`; null removes the cap."""
        name, usd = body["coin"], body["usd"]
        if name not in server.world.market.coins:
            raise InvalidFault(f"coin must be one of {', '.join(server.world.market.coins)}")
        limit = None if usd is None else Decimal(str(usd))
        if limit is not None and not (limit.is_finite() and limit >= 0):
            raise InvalidFault("usd must be an amount, or null for no cap")
        server.world.exchange.open_interest_caps.pop(name, None)
        if limit is not None:
            server.world.exchange.open_interest_caps[name] = limit
        return {"open_interest_usd": str(server.world.exchange.open_interest_usd(name))}

    def step(body: dict[str, Any]) -> Any:
        """`count` steps of `ms` each, in stepwise mode."""
        if not server.is_stepwise:
            raise InvalidFault("set SIMULATOR_STEPWISE=true to step by hand")
        count, length_ms = int(body.get("count", 1)), int(body.get("ms", 250))
        if not 1 <= count <= MAX_STEPS or not 1 <= length_ms <= 86_400_000:
            raise InvalidFault(f"count 1 to {MAX_STEPS}, ms 1 to 86400000")
        for _ in range(count):
            server.step(server.world.market.time_ms + length_ms)
        server.store.save_market(server.world)
        return {"time_ms": server.world.market.time_ms}

    async def counts(request: Request) -> Response:
        waiting = [fault.kind for faults in (server.faults.http, server.faults.sockets) for fault in faults]
        return JSONResponse({"happened": dict(server.faults.counts), "waiting": waiting})

    actions: dict[str, Callable[[dict[str, Any]], Any]] = {
        "faults": add_fault,
        "clear": clear,
        "jump": jump,
        "freeze": freeze,
        "outage": outage,
        "cap": cap,
        "step": step,
    }
    routes = [Route(f"/{name}", endpoint_of(action), methods=["POST"]) for name, action in actions.items()]
    return Starlette(routes=[Route("/faults", counts, methods=["GET"]), *routes])
