"""The control panel on a loopback port of its own, for tests: faults, price jumps, outages, stepwise time."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from simulator.exchange.state import account_modes
from simulator.server.faults import InvalidFault
from simulator.server.http import Server

MAX_STEPS = 1_000_000
MAX_STEP_MS = 86_400_000
MAX_JUMP_PERCENT = 1_000

Body = dict[str, Any]


def create_panel(server: Server) -> Starlette:
    """The app: POST to each of `actions`; GET /faults returns the counts."""
    panel = ControlPanel(server)
    actions: dict[str, Callable[[Body], Body]] = {
        "faults": panel.add_fault,
        "clear": panel.clear,
        "jump": panel.jump,
        "freeze": panel.freeze,
        "outage": panel.outage,
        "cap": panel.cap,
        "account": panel.account,
        "step": panel.step,
    }
    routes = [Route(f"/{name}", _endpoint_of(action), methods=["POST"]) for name, action in actions.items()]
    return Starlette(routes=[Route("/faults", panel.counts, methods=["GET"]), *routes])


def _endpoint_of(action: Callable[[Body], Body]) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            body = await request.json() if await request.body() else {}
            return JSONResponse(action(body))
        except (InvalidFault, KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            return JSONResponse({"error": str(error) or repr(error)}, 400)

    return endpoint


class ControlPanel:
    """The panel's actions. Each takes a request's body and returns its answer; errors become HTTP 400."""

    def __init__(self, server: Server) -> None:
        self._server, self._faults = server, server.faults

    async def counts(self, request: Request) -> Response:
        """How often each fault was applied, and the kinds that are still pending."""
        pending = [fault.kind for faults in (self._faults.http, self._faults.sockets) for fault in faults]
        return JSONResponse({"happened": dict(self._faults.counts), "waiting": pending})

    def add_fault(self, body: Body) -> Body:
        self._faults.add(body)
        return {"arranged": body}

    def clear(self, body: Body) -> Body:
        """Removes all faults, outage and freeze."""
        self._faults.reset()
        return {"happened": dict(self._faults.counts)}

    def jump(self, body: Body) -> Body:
        """Moves the price of one coin, or of all, by `percent` at once."""
        percent = float(body["percent"])
        if not -100 < percent <= MAX_JUMP_PERCENT:
            raise InvalidFault(f"percent must be above -100 and at most {MAX_JUMP_PERCENT}")
        factor = 1 + percent / 100
        coins = self._server.world.market.coins
        names = [body["coin"]] if "coin" in body else list(coins)
        for name in names:
            market = coins[name]
            market.mid *= factor
            market.oracle *= factor
            market.mark *= factor
        self._faults.counts["jump"] += 1
        return {"jumped": names}

    def freeze(self, body: Body) -> Body:
        """Halts the market for `seconds`; requests are answered."""
        self._faults.frozen_until_ms = self._server.now_ms() + round(float(body["seconds"]) * 1000)
        self._faults.counts["freeze"] += 1
        return {"frozen_until_ms": self._faults.frozen_until_ms}

    def outage(self, body: Body) -> Body:
        """Answers nothing and closes every socket for `seconds`; the market keeps moving."""
        self._faults.outage_until_ms = self._server.now_ms() + round(float(body["seconds"]) * 1000)
        self._faults.counts["outage"] += 1
        self._server.sockets.close_all()
        return {"outage_until_ms": self._faults.outage_until_ms}

    def cap(self, body: Body) -> Body:
        """Caps the open interest of a coin at `usd`; null removes the cap."""
        name, usd = body["coin"], body["usd"]
        exchange = self._server.world.exchange
        if name not in exchange.market.coins:
            raise InvalidFault(f"coin must be one of {', '.join(exchange.market.coins)}")
        limit = None if usd is None else Decimal(str(usd))
        if limit is not None and not (limit.is_finite() and limit >= 0):
            raise InvalidFault("usd must be an amount, or null for no cap")
        exchange.open_interest_caps.pop(name, None)
        if limit is not None:
            exchange.open_interest_caps[name] = limit
        return {"open_interest_usd": str(exchange.open_interest_usd(name))}

    def account(self, body: Body) -> Body:
        """Gives an account another `mode`, in any word; `outcomes` are amounts of prediction tokens by name."""
        exchange, user = self._server.world.exchange, str(body["user"]).lower()
        account = exchange.accounts.get(user)
        if account is None:
            raise InvalidFault(f"{user} is not a funded account")
        if "mode" in body:
            account.set_mode(account_modes.OF_SETTING.get(body["mode"], str(body["mode"])))
        if "outcomes" in body:
            account.outcomes = {str(name): Decimal(str(amount)) for name, amount in body["outcomes"].items()}
        exchange.changes.accounts.add(user)
        self._server.persist_changes()
        return {"user": user, "mode": account.mode}

    def step(self, body: Body) -> Body:
        """Makes `count` steps of `ms` each, in stepwise mode."""
        server = self._server
        if not server.is_stepwise:
            raise InvalidFault("set SIMULATOR_STEPWISE=true to step by hand")
        count, length_ms = int(body.get("count", 1)), int(body.get("ms", 250))
        if not 1 <= count <= MAX_STEPS or not 1 <= length_ms <= MAX_STEP_MS:
            raise InvalidFault(f"count 1 to {MAX_STEPS}, ms 1 to {MAX_STEP_MS}")
        for _ in range(count):
            server.step(server.world.market.time_ms + length_ms)
        server.store.save_market(server.world)
        return {"time_ms": server.world.market.time_ms}
