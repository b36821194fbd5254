"""The kill switch: takes one account out of the market at the exchange itself, and proves that it is out."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.runtime.clock import Clock
from executor.exchange.client import Venue
from executor.exchange.order_requests import close_request
from executor.exchange.parse import is_spot, refusal_of

SLIPPAGES = (Decimal("0.03"), Decimal("0.05"), Decimal("0.08"))
"""How far past the mark a close may fill, round by round."""
ROUNDS = 40
PAUSE_S = 0.5
WATCH_S = 3.0
"""What was under way when the switch was pulled may still arrive: the account is looked at once more."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account has in the market: signed sizes and marks by coin, and its open orders."""

    positions: dict[str, tuple[Decimal, Decimal]]
    entries: list[tuple[str, int]]
    exits: list[tuple[str, int]]

    @property
    def orphans(self) -> list[tuple[str, int]]:
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
class Killer:
    """One account's way out. `last_close_s` is the monotonic time at which the last close was sent."""

    venue: Venue
    clock: Clock
    say: Say
    last_close_s: float | None = None
    _decimals: dict[str, int] = field(default_factory=dict)

    async def run(self) -> bool:
        """Cancels entries, closes positions, sweeps stops, until nothing is left twice in a row; whether it is."""
        was_empty, round_number = False, 0
        while round_number < ROUNDS:
            try:
                holding = await self.look()
                self.say(str(holding))
                if holding.is_empty and was_empty:
                    return True
                if not holding.is_empty:
                    await self._reduce(holding, SLIPPAGES[min(round_number, len(SLIPPAGES) - 1)])
                was_empty = holding.is_empty
            except Exception as error:  # Whatever it is, nobody stays in the market because of it.
                # A close that arrived twice is harmless: reduce-only never turns a position.
                self.say(f"the exchange did not answer, trying again: {type(error).__name__}: {error}")
                was_empty = False
            round_number += 1
            await self.clock.sleep(WATCH_S if was_empty else PAUSE_S)
        return False

    async def look(self) -> Holding:
        """What is in the market now, on every perpetual. Raises VenueAway."""
        await self._open()
        state, orders = await self.venue.state(), await self.venue.open_orders()
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
            entries=[(coin, order_id) for coin, order_id, is_reducing in keys if not is_reducing],
            exits=[(coin, order_id) for coin, order_id, is_reducing in keys if is_reducing],
        )

    async def _open(self) -> None:
        if not self._decimals:
            meta = await self.venue.open()
            self._decimals = {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}

    async def _reduce(self, holding: Holding, slippage: Decimal) -> None:
        """Entries go first, so that nothing grows; stops stay until their position is gone."""
        if holding.entries:
            await self._cancel(holding.entries, "resting entries cancelled")
        if holding.positions:
            requests = [
                close_request(coin, size, mark, slippage, self._decimals[coin], f"0x{uuid.uuid4().hex}")
                for coin, (size, mark) in holding.positions.items()
            ]
            prepared = self.venue.prepare(lambda signer: signer.bulk_orders(requests, grouping="na"))
            self.last_close_s = self.clock.monotonic()
            answer = await self.venue.send(prepared.body)
            self.say(f"closes sent for {', '.join(holding.positions)}: {_outcome(answer)}")
        if holding.orphans:
            await self._cancel(holding.orphans, "stops and targets without a position cancelled")

    async def _cancel(self, orders: list[tuple[str, int]], what: str) -> None:
        rows = [{"coin": coin, "oid": order_id} for coin, order_id in orders]
        answer = await self.venue.send(self.venue.prepare(lambda signer: signer.bulk_cancel(rows)).body)
        self.say(f"{what}: {_outcome(answer)}")


def _outcome(answer: Any) -> str:
    refusal = refusal_of(answer)
    if refusal is not None:
        return refusal
    statuses = [status if isinstance(status, str) else next(iter(status.items())) for status in _statuses(answer)]
    return ", ".join(status if isinstance(status, str) else _told(*status) for status in statuses)


def _statuses(answer: Any) -> list[Any]:
    return list(answer["response"]["data"]["statuses"])


def _told(kind: str, content: Any) -> str:
    if kind == "filled":
        return f"filled {content['totalSz']} at {content['avgPx']}"
    return f"{kind}: {content}" if kind == "error" else kind
