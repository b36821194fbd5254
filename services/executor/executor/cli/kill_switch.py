"""The kill switch: takes one account out of the market at the exchange itself, and proves that it is out."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from common.runtime.clock import Clock
from common.trading.durations import NEVER
from executor.cli.kill_view import Holding, Position, describe_answer, parse_holding, parse_positions, refused_closes
from executor.domain.exchange_time import LAG_LIMIT_S
from executor.domain.order import SignedAction
from executor.exchange.client import ExchangeClient
from executor.exchange.order_requests import close_request
from executor.exchange.parse import parse_action_error

SLIPPAGES: Final = tuple(map(Decimal, ("0.03", "0.05", "0.08", "0.12", "0.20", "0.30")))
"""How far past the mark a close may fill; each refusal of a coin's close widens its next one."""
ROUNDS: Final = 40
RUN_LIMIT_S: Final = 120.0
PAUSE_S: Final = 0.5
CONFIRM_S: Final = 3.0
"""An order sent before the switch may still arrive: an empty account is polled once more after that."""
KEY_REFUSED: Final = ("does not exist", "Must deposit before performing actions")
"""The exchange's words for a key that is no API wallet of the account, or no longer."""

Report = Callable[[str], None]
T = TypeVar("T")


class Signer(NamedTuple):
    """A client that signs with one key, and the variable that the key comes from."""

    variable: str
    exchange: ExchangeClient


@dataclass(slots=True)
class KillSwitch:
    """Takes one account out of the market. `last_close_s` is the monotonic time of the last close.

    Works in rounds: read the positions and close each reduce-only, then read the orders and cancel resting entries and
    the stops whose position is gone; stops stay until then. A position that a state lacks is gone only if the state is
    of after the command, by the exchange's clock, or was asked for LAG_LIMIT_S after it: reads lag. A list of orders
    has no time: an order that it lacks is gone only if it was asked for LAG_LIMIT_S after the command. Each step
    stands for itself: one that fails keeps no other from being tried. A close that is refused is tried with a wider
    collar, and a key that the exchange doesn't take gives way to the next one of `signers`. Done when two rounds in a
    row have read that nothing is left, the last one provably; ends after ROUNDS rounds or RUN_LIMIT_S. A close that
    arrives twice is harmless, as reduce-only never turns a position, and neither closes nor cancels expire, so that no
    clock matters.

    `has_sent` is set after the first round: what waits for it comes after the first closes.
    """

    signers: list[Signer]
    clock: Clock
    report: Report
    last_close_s: float | None = None
    has_sent: asyncio.Event = field(default_factory=asyncio.Event)
    _size_decimals: dict[str, int] = field(default_factory=dict)
    _refusals: dict[str, int] = field(default_factory=dict)
    _is_one_by_one: bool = False
    _began_s: float = NEVER
    _command_ms: int | None = None
    _clock_task: asyncio.Future[None] | None = None
    _is_current: bool = False

    async def run(self) -> bool:
        """Whether the account is out."""
        self._began_s = self.clock.monotonic()
        self._ask_clock()
        try:
            return await self._repeat()
        finally:
            if self._clock_task is not None:
                self._clock_task.cancel()

    async def _repeat(self) -> bool:
        """Rounds until two in a row have read that nothing is left, and the last one proves it."""
        was_empty = False
        for _ in range(ROUNDS):
            holding = await self._round()
            self.has_sent.set()
            if holding is not None and holding.is_empty and was_empty:
                return True
            was_empty, lasted_s = holding is not None and holding.looks_empty, self._lasted_s()
            if lasted_s > RUN_LIMIT_S:
                break
            proof_s = LAG_LIMIT_S - lasted_s if lasted_s < LAG_LIMIT_S else CONFIRM_S
            await self.clock.sleep(min(CONFIRM_S, proof_s) if was_empty else PAUSE_S)
        return False

    async def _round(self) -> Holding | None:
        """One round; what the account held at its beginning, None unless all of it could be read."""
        positions = await self._tried("positions not read", self._read_positions())
        if positions:
            await self._tried("closes not sent", self._close(positions))
        holding = await self._tried("orders not read", self._read_orders(positions or ()))
        if holding is None:
            return None
        self.report(str(holding) if positions is not None else f"positions unknown, {holding.orders}")
        await self._tried("not cancelled", self._cancel(holding.entries, "resting entries cancelled"))
        if positions is None:
            return None
        self._ask_clock()
        what = "stops and targets without a position cancelled"
        await self._tried("not cancelled", self._cancel(holding.orphans, what))
        return holding

    def _lasted_s(self) -> float:
        return self.clock.monotonic() - self._began_s

    def _ask_clock(self) -> None:
        """Asks for the exchange's clock beside the rounds, until it is known: no round waits for it."""
        if self._command_ms is None and (self._clock_task is None or self._clock_task.done()):
            self._clock_task = asyncio.ensure_future(self._read_clock(self._exchange))

    async def _read_clock(self, exchange: ExchangeClient) -> None:
        await exchange.read_clock()
        self._command_ms = exchange.time.clock_ms

    @property
    def _exchange(self) -> ExchangeClient:
        return self.signers[0].exchange

    async def _tried(self, what: str, step: Awaitable[T]) -> T | None:
        """The step's result; None, and a report, when it failed: whatever it is, the next round tries again."""
        try:
            return await step
        except Exception as error:
            self.report(f"{what}, trying again: {type(error).__name__}: {error}")
            return None

    async def _read_positions(self) -> tuple[Position, ...]:
        is_late = self._lasted_s() >= LAG_LIMIT_S
        state = await self._exchange.account_state_row()
        positions, command_ms = parse_positions(state), self._command_ms
        self._is_current = is_late or (command_ms is not None and _time_of(state) > command_ms)
        return positions

    async def _read_orders(self, positions: Sequence[Position]) -> Holding:
        is_late = self._lasted_s() >= LAG_LIMIT_S
        rows = await self._exchange.open_order_rows()
        return parse_holding(positions, rows, is_current=self._is_current, are_orders_current=is_late)

    async def _close(self, positions: Sequence[Position]) -> None:
        """Closes all of them in one action; one by one after such an action was refused whole."""
        await self._load_universe()
        marks: dict[str, Any] = {}
        if any(position.mark_price is None for position in positions):
            marks = await self._exchange.mid_prices()
        requests: list[tuple[str, dict[str, Any]]] = []
        for each in positions:
            mark_price = each.mark_price or Decimal(marks.get(each.coin) or 0)
            if each.signed_size_coin is None or not mark_price or each.coin not in self._size_decimals:
                self.report(f"{each.coin} can't be closed: its size or price can't be read")
                continue
            request = close_request(
                each.coin,
                signed_size_coin=each.signed_size_coin,
                mark_price=mark_price,
                slippage=SLIPPAGES[min(self._refusals.get(each.coin, 0), len(SLIPPAGES) - 1)],
                size_decimals=self._size_decimals[each.coin],
                client_order_id=f"0x{uuid.uuid4().hex}",
            )
            requests.append((each.coin, request))
        for group in [[each] for each in requests] if self._is_one_by_one else filter(None, [requests]):
            await self._tried(f"{', '.join(dict(group))} not closed", self._send(dict(group)))

    async def _send(self, requests: dict[str, dict[str, Any]]) -> None:
        self.last_close_s = self.clock.monotonic()
        answer = await self._sign_and_send(lambda exchange: exchange.sign_requests(list(requests.values())))
        self.report(f"closes sent for {', '.join(requests)}: {describe_answer(answer)}")
        self._is_one_by_one = self._is_one_by_one or parse_action_error(answer) is not None
        for coin in refused_closes(list(requests), answer):
            self._refusals[coin] = self._refusals.get(coin, 0) + 1

    async def _cancel(self, orders: Sequence[tuple[str, int]], what: str) -> None:
        if orders:
            await self._load_universe()
            answer = await self._sign_and_send(lambda exchange: exchange.sign_cancels(list(orders)))
            self.report(f"{what}: {describe_answer(answer)}")

    async def _sign_and_send(self, sign: Callable[[ExchangeClient], SignedAction]) -> Any:
        """The exchange's answer, to the first key that it takes."""
        answer: Any = None
        for _ in range(len(self.signers)):
            answer = await self._exchange.sign_and_send(partial(sign, self._exchange))
            error = parse_action_error(answer)
            if error is None or not any(words in error for words in KEY_REFUSED):
                break
            refused = self.signers.pop(0)
            self.signers.append(refused)
            if len(self.signers) > 1:
                await self._load_universe()
                self.report(f"{refused.variable}: {error} Signing with {self.signers[0].variable} instead")
        return answer

    async def _load_universe(self) -> None:
        """The instruments, for the client that signs next."""
        meta = await self._exchange.load_universe()
        self._size_decimals = {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}


def _time_of(state: Any) -> int:
    """The exchange's time of an account state; 0 where it can't be read."""
    time_ms = state.get("time")
    return time_ms if isinstance(time_ms, int) else 0
