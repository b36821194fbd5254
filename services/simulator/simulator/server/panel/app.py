"""The control panel: POST /faults and the like; GET /faults returns what was applied. A wrong body answers 400."""

from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.server.faults import InvalidFault
from simulator.server.http import Server
from simulator.server.panel.announcements import Announcements
from simulator.server.panel.network import NetworkPanel
from simulator.server.panel.traders import Traders

Body = dict[str, Any]
Action = Callable[[Body], Body]


def create_panel(server: Server) -> Starlette:
    """The app; README.md lists what each path takes."""
    network, announcements, traders = NetworkPanel(server), Announcements(server), Traders(server)
    actions: dict[str, Action] = {
        "faults": network.add_fault,
        "clear": network.clear,
        "jump": network.jump,
        "freeze": network.freeze,
        "outage": network.outage,
        "step": network.step,
        "cap": announcements.cap,
        "coin": announcements.coin,
        "post_only": announcements.post_only,
        "clock": announcements.clock,
        "account": traders.account,
        "ledger": traders.ledger,
        "wallet": traders.wallet,
        "cancel": traders.cancel,
        "refuse": traders.refuse,
    }
    routes = [Route(f"/{name}", _endpoint_of(action), methods=["POST"]) for name, action in actions.items()]
    return Starlette(routes=[Route("/faults", network.counts, methods=["GET"]), *routes])


def _endpoint_of(action: Action) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.json() if await request.body() else {}
            return JSONResponse(action(body))
        except KeyError as error:
            return JSONResponse({"error": f"{error} is missing or unknown"}, 400)
        except (InvalidFault, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return JSONResponse({"error": str(error) or repr(error)}, 400)

    return endpoint
