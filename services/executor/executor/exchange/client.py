"""One account on Hyperliquid: questions over /info, actions over /exchange, each with a timeout, one at a time."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from common.events import AccountOrder
from common.runtime.clock import Clock
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole
from executor.domain.account import AccountState, ExternalOrder, Fill, OrderStatus
from executor.domain.order import OrderSpec, SignedAction
from executor.exchange.errors import ExchangeUnavailable, TransportError, UnknownOutcome
from executor.exchange.http import HttpResponse, HttpTransport
from executor.exchange.order_requests import order_request
from executor.exchange.parse import (
    parse_account_state,
    parse_external_orders,
    parse_fills,
    parse_open_orders,
    parse_order_status,
)
from executor.exchange.rate_limit import ITEMS_PER_WEIGHT, RequestRateLimiter, weight_of
from executor.exchange.signing import ApiWallet, SigningExchange

PROTECTION_TIMEOUT_S: Final = 3.0
"""For the questions and actions that protect positions: a slow answer is worth less than another try."""
PROTECTION_QUESTIONS: Final = ("clearinghouseState", "frontendOpenOrders", "orderStatus", "meta")
PROTECTION_ACTIONS, QUESTIONS, ACTIONS = "actions that protect", "all other questions", "all other actions"
THREADS: Final = ThreadPoolExecutor(max_workers=32, thread_name_prefix="exchange")
"""Of their own, so that nothing else that blocks a thread of the process keeps a request waiting."""
HTTP_OK: Final = 200
HTTP_UNPROCESSABLE: Final = 422
"""The exchange's status for an action that it could not read, and so did not carry out."""
MAX_PAGES: Final = 50
FILLS_PER_PAGE: Final = 2_000
ROWS_PER_PAGE: Final = 500

Row = dict[str, Any]


class Transport(Protocol):
    """What sends requests: see HttpTransport."""

    def post(self, path: str, body: bytes) -> HttpResponse: ...
    def close(self) -> None: ...


async def run_in_thread(function: Callable[..., Any], *arguments: Any) -> Any:
    """Runs a blocking function in a thread of the exchange's own."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, function, *arguments)


class Connection:
    """One connection with its lock: its requests reach the exchange in the order in which they were made, and none
    waits for one of another connection."""

    def __init__(self, transport: Transport) -> None:
        self._transport, self._turn = transport, threading.Lock()

    def post(self, path: str, body: bytes) -> HttpResponse:
        """One request. Raises TransportError."""
        with self._turn:
            return self._transport.post(path, body)

    def close(self) -> None:
        self._transport.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeConfig:
    """Where the exchange is, how long to wait for it, and how long a signed action stays valid.

    The last three are how it is reached: `open_transport` makes a transport of an address and a timeout,
    `run_blocking` runs a blocking function of it, `open_wallet` makes of a key what signs. A simulation brings its own.
    """

    url: str
    timeout_s: float
    action_life_ms: int
    open_transport: Callable[[str, float], Transport] = HttpTransport
    run_blocking: Callable[..., Awaitable[Any]] = run_in_thread
    open_wallet: Callable[[str], Any] = ApiWallet


class OpenOrders(NamedTuple):
    """An account's open orders: on the arena's coins, and on all other perpetuals."""

    orders: list[AccountOrder]
    external: list[ExternalOrder]


class ExchangeClient:
    """One account and the key that signs for it.

    Requests run in threads, over connections of their own: one for each question that protects positions, one for
    actions that do, one for all other questions and one for all other actions.
    Questions raise ExchangeUnavailable, and one of UNREADABLE for an answer of another shape. `send` raises
    UnknownOutcome whenever no readable answer came: the action may have been carried out. Nothing is repeated here.
    Signing needs `load_universe` once before.
    """

    def __init__(
        self,
        *,
        key: str,
        address: str,
        coins: tuple[Symbol, ...],
        config: ExchangeConfig,
        rate_limiter: RequestRateLimiter,
        clock: Clock,
    ) -> None:
        self.address, self.coins = address, frozenset(coins)
        self._key, self._config, self._rate_limiter, self._clock = key, config, rate_limiter, clock
        urgent_s = min(config.timeout_s, PROTECTION_TIMEOUT_S)
        limits = dict.fromkeys((QUESTIONS, ACTIONS), config.timeout_s)
        limits |= dict.fromkeys((*PROTECTION_QUESTIONS, PROTECTION_ACTIONS), urgent_s)
        self._connections = {
            name: Connection(config.open_transport(config.url, limit_s)) for name, limit_s in limits.items()
        }
        self._signer: SigningExchange | None = None
        self._meta: Any = None

    async def load_universe(self, used_nonce: int = 0) -> Any:
        """Loads the exchange's instruments, once, and returns them; from each call on nonces are above `used_nonce`."""
        meta = self._meta if self._signer is not None else await self._ask({"type": "meta", "dex": ""})
        if self._signer is None:  # Another task may have been faster.
            self._meta = meta
            self._signer = SigningExchange(
                wallet=self._config.open_wallet(self._key),
                url=self._config.url,
                address=self.address,
                meta=meta,
                timeout_s=self._config.timeout_s,
                action_life_ms=self._config.action_life_ms,
                now_ms=self._clock.now_ms,
            )
        self._signer.use_above(used_nonce)
        return self._meta

    async def size_decimals(self, coin: str) -> int:
        """Of any perpetual; the universe is loaded again when `coin` isn't in it, as coins are listed at any time."""
        meta = await self.load_universe()
        if self._signer is not None and all(row["name"] != coin for row in meta["universe"]):
            meta = self._meta = await self._ask({"type": "meta", "dex": ""})
            self._signer.info.set_perp_meta(meta, 0)
        return {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}[coin]

    @property
    def wallet_address(self) -> str:
        """Of the key that signs."""
        address: str = self._config.open_wallet(self._key).address
        return address.lower()

    def now_ms(self) -> int:
        return self._clock.now_ms()

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    # Questions.

    def allows_routine(self, kind: str) -> bool:
        """Whether the rate limit has room for a question that can wait."""
        return self._rate_limiter.allows_routine(weight_of(kind), self._clock.monotonic())

    async def account_state(self) -> AccountState:
        return parse_account_state(await self.account_state_row(), self.coins)

    async def account_state_row(self) -> Any:
        """clearinghouseState as it came: positions on every perpetual."""
        return await self._ask({"type": "clearinghouseState", "user": self.address, "dex": ""})

    async def open_orders(self, roles: Mapping[str, OrderRole]) -> OpenOrders:
        """`roles` by client order id, for the orders that the tables know."""
        rows = await self.open_order_rows()
        return OpenOrders(parse_open_orders(rows, self.coins, roles), parse_external_orders(rows, self.coins))

    async def open_order_rows(self) -> Any:
        """frontendOpenOrders as it came: orders on every market."""
        return await self._ask({"type": "frontendOpenOrders", "user": self.address, "dex": ""})

    async def fills_since(self, start_ms: int) -> list[Fill]:
        """Fills of the arena's coins, oldest first."""
        return parse_fills(await self.fill_rows_since(start_ms), self.coins)

    async def fill_rows_since(self, start_ms: int) -> list[Row]:
        """Rows of userFillsByTime on every market, oldest first."""
        return await self._pages("userFillsByTime", start_ms, FILLS_PER_PAGE)

    async def funding_rows_since(self, start_ms: int) -> list[Row]:
        """Rows of userFunding, oldest first."""
        return await self._pages("userFunding", start_ms, ROWS_PER_PAGE)

    async def ledger_rows_since(self, start_ms: int) -> list[Row]:
        """Rows of userNonFundingLedgerUpdates: money in and out, and liquidations; oldest first."""
        return await self._pages("userNonFundingLedgerUpdates", start_ms, ROWS_PER_PAGE)

    async def order_status(self, reference: str | int) -> OrderStatus | None:
        """By client order id or order id; None when the exchange doesn't know the order."""
        answer = await self._ask({"type": "orderStatus", "user": self.address, "oid": reference})
        return parse_order_status(answer)

    async def order_history_rows(self) -> Any:
        """The latest 2,000 changes of orders, newest first."""
        return await self._ask({"type": "historicalOrders", "user": self.address})

    async def role_of(self, address: str) -> Any:
        """What the exchange takes an address for."""
        return await self._ask({"type": "userRole", "user": address})

    async def api_wallets(self) -> Any:
        """The account's named API wallets with the times at which they expire."""
        return await self._ask({"type": "extraAgents", "user": self.address})

    async def action_quota(self) -> Any:
        """How many actions the account has used up, and may."""
        return await self._ask({"type": "userRateLimit", "user": self.address})

    async def mid_prices(self) -> Any:
        return await self._ask({"type": "allMids", "dex": ""})

    async def leverage_of(self, symbol: Symbol) -> tuple[int, bool]:
        """(leverage, is isolated) as the exchange has it set."""
        answer = await self._ask({"type": "activeAssetData", "user": self.address, "coin": symbol.value})
        return int(answer["leverage"]["value"]), answer["leverage"]["type"] == "isolated"

    async def _pages(self, kind: str, start_ms: int, rows_per_page: int) -> list[Row]:
        """All rows from a time on, page by page; a row that two pages hold appears once."""
        rows: dict[str, Row] = {}
        for _ in range(MAX_PAGES):
            page = await self._ask({"type": kind, "user": self.address, "startTime": start_ms})
            rows |= {repr(row): row for row in page}
            if len(page) < rows_per_page:
                break
            start_ms = max(int(row["time"]) for row in page)
        return list(rows.values())

    async def _ask(self, body: Row) -> Any:
        """One /info request. Raises ExchangeUnavailable."""
        self._rate_limiter.spend(weight_of(body["type"]), self._clock.monotonic())
        answer = await self._config.run_blocking(self._post_info, body)
        if isinstance(answer, list):
            self._rate_limiter.spend(len(answer) // ITEMS_PER_WEIGHT, self._clock.monotonic())
        return answer

    def _post_info(self, body: Row) -> Any:
        try:
            connection = self._connections.get(body["type"], self._connections[QUESTIONS])
            response = connection.post("/info", json.dumps(body).encode())
            if response.status != HTTP_OK:
                raise ExchangeUnavailable(f"HTTP {response.status} to {body['type']}: {response.text[:120]}")
            return response.json()
        except (TransportError, ValueError) as error:
            raise ExchangeUnavailable(f"{body['type']}: {type(error).__name__}: {error}") from error

    # Actions.

    def sign_orders(self, orders: list[OrderSpec], grouping: str) -> SignedAction:
        """Signs orders in one action; nothing is sent."""
        return self.sign_requests([order_request(order) for order in orders], grouping)

    def sign_requests(self, requests: list[Row], grouping: str = "na") -> SignedAction:
        """Signs orders given as the SDK's requests, on any perpetual."""
        return self._signing.sign_orders(requests, grouping)

    def sign_leverage(self, symbol: Symbol, leverage: int) -> SignedAction:
        """Signs a change to isolated margin at that leverage."""
        return self._signing.sign_isolated_leverage(symbol.value, leverage)

    def sign_cancels(self, orders: list[tuple[str, int]]) -> SignedAction:
        """Signs a cancellation of orders given as (coin, order id)."""
        return self._signing.sign_cancels([{"coin": coin, "oid": order_id} for coin, order_id in orders])

    @property
    def _signing(self) -> SigningExchange:
        if self._signer is None:
            raise ExchangeUnavailable("the exchange's instruments are not loaded yet")
        return self._signer

    async def send(self, body: bytes, *, protects: bool = False) -> Any:
        """Sends signed bytes and returns the exchange's answer. Raises UnknownOutcome unless that can be read."""
        self._rate_limiter.spend(weight_of("exchange"), self._clock.monotonic())
        return await self._config.run_blocking(self._post_action, body, protects)

    def _post_action(self, body: bytes, protects: bool) -> Any:
        try:
            response = self._connections[PROTECTION_ACTIONS if protects else ACTIONS].post("/exchange", body)
            if response.status == HTTP_UNPROCESSABLE:
                return {"status": "err", "response": f"HTTP 422: {response.text[:200]}"}
            answer = response.json() if response.status == HTTP_OK else None
        except (TransportError, ValueError) as error:
            raise UnknownOutcome(f"{type(error).__name__}: {error}") from error
        if not isinstance(answer, dict) or answer.get("status") not in ("ok", "err"):
            raise UnknownOutcome(f"HTTP {response.status}: {response.text[:200]}")
        return answer
