"""One account on Hyperliquid: asked over /info, told over /exchange, always with a time-out, one call at a time."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from common.runtime.clock import Clock
from common.trading.instruments import Symbol
from executor.domain.order import OrderSpec, Prepared
from executor.exchange.errors import NotPosted, UnknownOutcome, VenueAway
from executor.exchange.http import Answer, Posting
from executor.exchange.order_requests import order_request
from executor.exchange.rate_limit import ITEMS_PER_WEIGHT, WeightBudget, weight_of
from executor.exchange.signing import SigningExchange, Wallet

OK, REFUSED_UNREAD = 200, 422
MAX_PAGES = 50


class Line(Protocol):
    """What posts: see Posting."""

    def post(self, path: str, body: bytes) -> Answer: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """Where the exchange is and how long to wait for it; `life_ms` is how long a signed action stays valid.

    How it is reached: `posting_to` makes of an address and a time-out what posts, `call` runs a blocking function of
    it, `wallet_of` makes of a key what signs. A simulation gives its own of all three.
    """

    url: str
    timeout_s: float
    life_ms: int
    posting_to: Callable[[str, float], Line] = Posting
    call: Callable[..., Awaitable[Any]] = asyncio.to_thread
    wallet_of: Callable[[str], Any] = Wallet


class Venue:
    """Async face of one account. Blocking calls run in threads; one line, one lock, one nonce counter per key."""

    def __init__(self, key: str, address: str, door: Door, budget: WeightBudget, clock: Clock) -> None:
        self.address = address
        self._key, self._door, self._budget, self._clock = key, door, budget, clock
        self._line = door.posting_to(door.url, door.timeout_s)
        self._signer: SigningExchange | None = None
        self._meta: Any = None
        self._turn = threading.Lock()

    async def open(self, used_nonce: int = 0) -> Any:
        """Loads the universe, once, and returns it; nonces go on above `used_nonce`. Raises VenueAway."""
        if self._signer is None:
            self._meta = await self.info({"type": "meta", "dex": ""})
            door = self._door
            wallet = door.wallet_of(self._key)
            signing = (wallet, door.url, self.address, self._meta, door.timeout_s, self._clock.now_ms)
            self._signer = SigningExchange(*signing, used_nonce=used_nonce)
        return self._meta

    async def universe_with(self, coin: str) -> dict[str, int]:
        """Size decimals by perpetual; read anew when `coin` isn't among them, as coins are listed while we run."""
        meta = await self.open()
        if self._signer is not None and all(row["name"] != coin for row in meta["universe"]):
            meta = self._meta = await self.info({"type": "meta", "dex": ""})
            self._signer.info.set_perp_meta(meta, 0)
        return {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}

    @property
    def wallet_address(self) -> str:
        """Of the key that signs."""
        address: str = self._door.wallet_of(self._key).address
        return address.lower()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def close(self) -> None:
        self._line.close()

    # Asking.

    async def info(self, body: dict[str, Any]) -> Any:
        """One /info request. Raises VenueAway."""
        self._budget.spend(weight_of(body["type"]), self._clock.monotonic())
        answer = await self._door.call(self._info, body)
        if isinstance(answer, list):
            self._budget.spend(len(answer) // ITEMS_PER_WEIGHT, self._clock.monotonic())
        return answer

    def _info(self, body: dict[str, Any]) -> Any:
        try:
            with self._turn:
                answer = self._line.post("/info", json.dumps(body).encode())
            if answer.status != OK:
                raise VenueAway(f"HTTP {answer.status} to {body['type']}: {answer.text[:120]}")
            return answer.json()
        except (NotPosted, ValueError) as error:
            raise VenueAway(f"{body['type']}: {type(error).__name__}: {error}") from error

    def may_look(self, kind: str) -> bool:
        """Whether the budget has room for a request that can wait."""
        return self._budget.allows_routine(weight_of(kind), self._clock.monotonic())

    async def state(self) -> Any:
        return await self.info({"type": "clearinghouseState", "user": self.address, "dex": ""})

    async def open_orders(self) -> Any:
        return await self.info({"type": "frontendOpenOrders", "user": self.address, "dex": ""})

    async def fills_since(self, start_ms: int) -> list[Any]:
        """Oldest first."""
        return await self._record("userFillsByTime", start_ms, page_rows=2_000)

    async def funding_since(self, start_ms: int) -> list[Any]:
        """Oldest first."""
        return await self._record("userFunding", start_ms, page_rows=500)

    async def transfers_since(self, start_ms: int) -> list[Any]:
        """Money in and out, and liquidations; oldest first."""
        return await self._record("userNonFundingLedgerUpdates", start_ms, page_rows=500)

    async def _record(self, kind: str, start_ms: int, page_rows: int) -> list[Any]:
        """All rows from a time on, page by page; a row that two pages hold appears once."""
        rows: dict[str, Any] = {}
        for _ in range(MAX_PAGES):
            page = await self.info({"type": kind, "user": self.address, "startTime": start_ms})
            rows |= {repr(row): row for row in page}
            if len(page) < page_rows:
                break
            start_ms = max(int(row["time"]) for row in page)
        return list(rows.values())

    async def order_status(self, reference: str | int) -> Any:
        """By client order id or order id."""
        return await self.info({"type": "orderStatus", "user": self.address, "oid": reference})

    async def order_history(self) -> Any:
        """The latest 2,000 changes of orders, newest first."""
        return await self.info({"type": "historicalOrders", "user": self.address})

    async def role_of(self, address: str) -> Any:
        """What the exchange takes an address for."""
        return await self.info({"type": "userRole", "user": address})

    async def agents(self) -> Any:
        """The account's named API wallets with their ends."""
        return await self.info({"type": "extraAgents", "user": self.address})

    async def allowance(self) -> Any:
        """How many actions the account has used up, and may."""
        return await self.info({"type": "userRateLimit", "user": self.address})

    async def mids(self) -> Any:
        return await self.info({"type": "allMids", "dex": ""})

    async def leverage_of(self, symbol: Symbol) -> tuple[int, bool]:
        """(leverage, is isolated) as the exchange has it set."""
        data = await self.info({"type": "activeAssetData", "user": self.address, "coin": symbol.value})
        return int(data["leverage"]["value"]), data["leverage"]["type"] == "isolated"

    # Preparing and sending.

    def prepare_orders(self, orders: list[OrderSpec], grouping: str) -> Prepared:
        """Signs an order action; nothing is sent."""
        return self.prepare(lambda signer: signer.bulk_orders([order_request(o) for o in orders], grouping=grouping))

    def prepare_leverage(self, symbol: Symbol, leverage: int) -> Prepared:
        """Signs a change to isolated margin at that leverage."""
        return self.prepare(lambda signer: signer.update_leverage(leverage, symbol.value, is_cross=False))

    def prepare_cancel(self, symbol: Symbol, order_ids: list[int]) -> Prepared:
        """Signs a cancellation."""
        rows = [{"coin": symbol.value, "oid": order_id} for order_id in order_ids]
        return self.prepare(lambda signer: signer.bulk_cancel(rows))

    def prepare(self, build: Callable[[SigningExchange], Any]) -> Prepared:
        """Signs what `build` makes with the SDK's own methods; nothing is sent."""
        if self._signer is None:
            raise VenueAway("the exchange has not answered yet")
        return self._signer.prepare(self._door.life_ms, build)

    async def send(self, body: bytes) -> Any:
        """Sends signed bytes and returns the exchange's answer. Raises UnknownOutcome unless that can be read."""
        self._budget.spend(weight_of("exchange"), self._clock.monotonic())
        return await self._door.call(self._send, body)

    def _send(self, body: bytes) -> Any:
        try:
            with self._turn:
                answer = self._line.post("/exchange", body)
            if answer.status == REFUSED_UNREAD:
                return {"status": "err", "response": f"HTTP 422: {answer.text[:200]}"}
            content = answer.json() if answer.status == OK else None
        except (NotPosted, ValueError) as error:
            raise UnknownOutcome(f"{type(error).__name__}: {error}") from error
        if not isinstance(content, dict) or content.get("status") not in ("ok", "err"):
            raise UnknownOutcome(f"HTTP {answer.status}: {answer.text[:200]}")
        return content
