"""The kill switch: takes one account out of the market at the exchange itself, and proves that it is out."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from common.runtime.clock import Clock
from executor.exchange.client import ExchangeClient
from executor.exchange.order_requests import close_request
from executor.exchange.parse import is_spot, parse_action_error

SLIPPAGES: Final = (Decimal("0.03"), Decimal("0.05"), Decimal("0.08"))
"""How far past the mark a close may fill, round by round."""
ROUNDS: Final = 40
PAUSE_S: Final = 0.5
CONFIRM_S: Final = 3.0
"""An order sent before the switch may still arrive: an empty account is polled once more after that."""

Report = Callable[[str], None]
OrderKey = tuple[str, int]
"""Coin and order id."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account has in the market: signed sizes and marks by coin, and its open orders."""

    positions: dict[str, tuple[Decimal, Decimal]]
    entries: list[OrderKey]
    exits: list[OrderKey]

    @property
    def orphans(self) -> list[OrderKey]:
        """Reduce-only orders, stops above all, whose position is gone."""
        return [order for order in self.exits if order[0] not in self.positions]

    @property
    def is_empty(self) -> bool:
        return not self.positions and not self.entries and not self.exits

    def __str__(self) -> str:
        sizes = ", ".join(f"{coin} {size}" for coin, (size, _) in self.positions.items())
        held = f"positions {len(self.positions)}" + (f" ({sizes})" if sizes else "")
        return f"{held}, resting entries {len(self.entries)}, stops and targets {len(self.exits)}"


@dataclass(slots=True)
class KillSwitch:
    """Takes one account out of the market. `last_close_s` is the monotonic time of the last close.

    Works in rounds: poll, cancel resting entries so that nothing grows, close every position reduce-only, cancel the
    stops whose position is gone; stops stay until then. Done when two polls in a row show nothing. Whatever fails, the
    next round tries again: a close that arrives twice is harmless, as reduce-only never turns a position.
    """

    exchange: ExchangeClient
    clock: Clock
    report: Report
    last_close_s: float | None = None
    _size_decimals: dict[str, int] = field(default_factory=dict)

    async def run(self) -> bool:
        """Whether the account is out; False after ROUNDS rounds."""
        was_empty = False
        for number in range(ROUNDS):
            try:
                holding = await self.poll()
                self.report(str(holding))
                if holding.is_empty and was_empty:
                    return True
                if not holding.is_empty:
                    await self._reduce(holding, SLIPPAGES[min(number, len(SLIPPAGES) - 1)])
                was_empty = holding.is_empty
            except Exception as error:  # Whatever it is, the next round tries again.
                self.report(f"the exchange did not answer, trying again: {type(error).__name__}: {error}")
                was_empty = False
            await self.clock.sleep(CONFIRM_S if was_empty else PAUSE_S)
        return False

    async def poll(self) -> Holding:
        """What is in the market now, on every perpetual. Raises ExchangeUnavailable."""
        await self._load_universe()
        state, orders = await self.exchange.account_state_row(), await self.exchange.open_order_rows()
        rows = [row["position"] for row in state["assetPositions"]]
        sizes = {row["coin"]: (Decimal(row["szi"]), abs(Decimal(row["positionValue"]))) for row in rows}
        positions = {coin: (size, value / abs(size)) for coin, (size, value) in sizes.items() if size}
        keys = [
            (order["coin"], int(order["oid"]), bool(order.get("reduceOnly")))
            for order in orders
            if not is_spot(order["coin"])
        ]
        return Holding(
            positions,
            entries=[(coin, order_id) for coin, order_id, reduce_only in keys if not reduce_only],
            exits=[(coin, order_id) for coin, order_id, reduce_only in keys if reduce_only],
        )

    async def _load_universe(self) -> None:
        if not self._size_decimals:
            meta = await self.exchange.load_universe()
            self._size_decimals = {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}

    async def _reduce(self, holding: Holding, slippage: Decimal) -> None:
        if holding.entries:
            await self._cancel(holding.entries, "resting entries cancelled")
        if holding.positions:
            requests = [
                close_request(
                    coin,
                    signed_size_coin=size,
                    mark_price=mark,
                    slippage=slippage,
                    size_decimals=self._size_decimals[coin],
                    client_order_id=f"0x{uuid.uuid4().hex}",
                )
                for coin, (size, mark) in holding.positions.items()
            ]
            action = self.exchange.sign_requests(requests)
            self.last_close_s = self.clock.monotonic()
            answer = await self.exchange.send(action.body)
            self.report(f"closes sent for {', '.join(holding.positions)}: {_describe(answer)}")
        if holding.orphans:
            await self._cancel(holding.orphans, "stops and targets without a position cancelled")

    async def _cancel(self, orders: list[OrderKey], what: str) -> None:
        answer = await self.exchange.send(self.exchange.sign_cancels(orders).body)
        self.report(f"{what}: {_describe(answer)}")


def _describe(answer: Any) -> str:
    """The exchange's answer to an action in a line. Raises on an answer of another shape."""
    error = parse_action_error(answer)
    if error is not None:
        return error
    statuses = answer["response"]["data"]["statuses"]
    return ", ".join(status if isinstance(status, str) else _describe_status(status) for status in statuses)


def _describe_status(status: dict[str, Any]) -> str:
    kind, content = next(iter(status.items()))
    if kind == "filled":
        return f"filled {content['totalSz']} at {content['avgPx']}"
    return f"{kind}: {content}" if kind == "error" else kind
