"""The panel's part about network and time: faults of requests and messages, price jumps, outages, stepwise time."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator.exchange.state.deviations import DEFAULT_ROWS, ENDLESS_MS, READ_KINDS, ReadFault
from simulator.server.faults import HANG_S, InvalidFault
from simulator.server.http import Server

MAX_STEPS = 1_000_000
MAX_STEP_MS = 86_400_000
MAX_JUMP_PERCENT = 1_000

Body = dict[str, Any]


class NetworkPanel:
    """Each action takes a request's body and returns its answer."""

    def __init__(self, server: Server) -> None:
        self._server, self._faults = server, server.faults

    async def counts(self, request: Request) -> Response:
        """How often each fault was applied, and the kinds that are still pending."""
        pending = [fault.kind for faults in (self._faults.http, self._faults.sockets) for fault in faults]
        deviations = self._server.world.exchange.deviations
        pending += [fault.kind for fault in deviations.reads]
        return JSONResponse({"happened": dict(self._faults.counts + deviations.counts), "waiting": pending})

    def add_fault(self, body: Body) -> Body:
        """Arranges a fault of requests ("http"), of messages ("ws"), or of what reads answer ("info")."""
        if isinstance(body, dict) and body.get("where") == "info":
            self._server.world.exchange.deviations.reads.append(self._read_fault(body))
        else:
            self._faults.add(body, self._server.now_ms())
        return {"arranged": body}

    def _read_fault(self, body: Body) -> ReadFault:
        kind = str(body.get("kind"))
        if kind not in READ_KINDS:
            raise InvalidFault(f"kind must be one of {', '.join(READ_KINDS)}")
        lag_s, rows = float(body.get("delay_s", 1.0)), int(body.get("rows", DEFAULT_ROWS))
        if not 0 <= lag_s <= HANG_S or rows < 1:
            raise InvalidFault(f"delay_s 0 to {HANG_S:g}, rows from 1")
        now_ms = self._server.world.market.time_ms
        return ReadFault(
            kind,
            target=str(body.get("target", "*")),
            user=str(body["user"]).lower() if "user" in body else None,
            until_ms=now_ms + round(float(body["seconds"]) * 1000) if "seconds" in body else ENDLESS_MS,
            lag_ms=round(lag_s * 1000),
            rows=rows,
        )

    def clear(self, body: Body) -> Body:
        """Removes all faults, outage, freeze and deviations; a skewed clock and a changed coin stay."""
        self._faults.reset()
        self._server.world.exchange.deviations.clear()
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
