"""One account on Hyperliquid: questions over /info, actions over /exchange, each with a timeout, one at a time."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from common.runtime.clock import Clock
from common.trading.instruments import Symbol
from common.trading.orders import OrderRole
from executor.domain.account import AccountState, Fill, OpenOrders, OrderStatus
from executor.domain.account_standing import POOLED_MODES
from executor.domain.exchange_time import ExchangeTime
from executor.domain.order import OrderSpec, SignedAction
from executor.exchange.errors import (
    UNREADABLE,
    ExchangeUnavailable,
    TransportError,
    UnknownOutcome,
    refused,
    unanswered,
)
from executor.exchange.http import Connection, ExchangeConfig
from executor.exchange.ledger_rows import time_of
from executor.exchange.order_requests import order_request
from executor.exchange.parse import (
    parse_account_state,
    parse_action_error,
    parse_external_orders,
    parse_fills,
    parse_open_orders,
    parse_order_status,
    parse_pooled_balance,
)
from executor.exchange.rate_limit import DUE_RESERVE, ITEMS_PER_WEIGHT, RequestRateLimiter, weight_of
from executor.exchange.signing import CLOCK_ERROR_MS, EXPIRED, SigningExchange, parse_nonce_refusal
from executor.exchange.universe import Universe

PROTECTION_TIMEOUT_S: Final = 3.0
"""For the questions and actions that protect positions: a slow answer is worth less than another try."""
PROTECTION_QUESTIONS: Final = ("clearinghouseState", "frontendOpenOrders", "orderStatus", "exchangeStatus", "meta")
PROTECTION_ACTIONS, QUESTIONS, ACTIONS = "actions that protect", "all other questions", "all other actions"
HTTP_OK: Final = 200
HTTP_UNPROCESSABLE: Final = 422
"""The exchange's status for an action that it could not read, and so did not carry out."""
MAX_PAGES: Final = 50

Row = dict[str, Any]


class ExchangeClient:
    """One account and the key that signs for it.

    Requests run in threads, over connections of their own, each with one lock: one connection for each question that
    protects positions, one for actions that do, one for all other questions and one for all other actions. So no action
    waits for a question, and nothing that protects for anything else. Each request is over within twice its timeout:
    once for its turn, once as a whole. Questions raise ExchangeUnavailable, and one of UNREADABLE for an answer of
    another shape. `send` raises UnknownOutcome whenever no readable answer came: the action may have been carried out.
    Nothing is repeated here, but in `sign_and_send`. Signing needs `load_universe` once before. `may_send` is asked at
    the last moment, by the thread whose turn it is: a process that was frozen on the way there sends nothing that
    another one has taken over.

    `time` is the exchange's clock, by its answers; nonces and expiry go by it. `mode` is the account's, as read last.
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
        may_send: Callable[[], bool] = lambda: True,
        universe: Universe | None = None,
    ) -> None:
        self.address, self.coins = address, frozenset(coins)
        self.marks: dict[Symbol, tuple[Decimal, float]] = {}
        self._key, self._config, self._rate_limiter, self._clock = key, config, rate_limiter, clock
        self._may_send, urgent_s = may_send, min(config.timeout_s, PROTECTION_TIMEOUT_S)
        limits = dict.fromkeys((QUESTIONS, ACTIONS), config.timeout_s)
        limits |= dict.fromkeys((*PROTECTION_QUESTIONS, PROTECTION_ACTIONS), urgent_s)
        self._connections = {
            name: Connection(config.open_transport(config.url, limit_s), limit_s) for name, limit_s in limits.items()
        }
        self.time = ExchangeTime(clock)
        self._signer: SigningExchange | None = None
        self._universe = universe or Universe(config, clock)
        self.mode = ""

    async def load_universe(self, used_nonce: int = 0) -> Any:
        """Loads the exchange's instruments, once, and returns them; from each call on nonces are above `used_nonce`."""
        meta = await self._universe.load(self._ask)
        if self._signer is None:
            self._signer = SigningExchange(
                wallet=self._config.open_wallet(self._key),
                url=self._config.url,
                address=self.address,
                meta=meta,
                timeout_s=self._config.timeout_s,
                action_life_ms=self._config.action_life_ms,
                now_ms=self.time.now_ms,
                is_time_known=lambda: self.time.is_known,
            )
        self._signer.use_above(used_nonce)
        return meta

    async def refresh_universe(self, max_age_s: float = 0.0) -> Any:
        """The exchange's instruments as they were at most `max_age_s` ago: they change by announcement."""
        if self._signer is None:
            await self.load_universe()
        meta = await self._universe.refresh(self._ask, max_age_s)
        self._signing.info.set_perp_meta(meta, 0)
        return meta

    async def read_mode(self) -> str:
        """The account's mode, in the exchange's word; it may change at any time."""
        self.mode = str(await self._ask({"type": "userAbstraction", "user": self.address}))
        return self.mode

    async def size_decimals(self, coin: str) -> int:
        """Of any perpetual; the universe is loaded again when this account's signer doesn't know `coin`, as coins are
        listed at any time."""
        meta = await self.load_universe()
        if coin not in self._signing.info.name_to_coin or all(row["name"] != coin for row in meta["universe"]):
            meta = await self.refresh_universe()
        return {row["name"]: int(row["szDecimals"]) for row in meta["universe"]}[coin]

    @property
    def wallet_address(self) -> str:
        """Of the key that signs."""
        address: str = self._config.open_wallet(self._key).address
        return address.lower()

    def now_ms(self) -> int:
        """The exchange's time."""
        return self.time.now_ms()

    async def is_past(self, time_ms: int) -> bool:
        """Whether the exchange's own clock has passed a time, by an answer of it and not by an estimate."""
        if self.time.now_ms() > time_ms and (self.time.seen_ms is None or self.time.seen_ms <= time_ms):
            await self.read_clock()
        return self.time.seen_ms is not None and self.time.seen_ms > time_ms

    async def read_clock(self) -> None:
        """Asks the exchange for its clock; without an answer the estimate stays as it is."""
        self.time.mark_asked()
        try:
            self.time.observe_clock(int((await self._ask({"type": "exchangeStatus"}))["time"]))
        except (ExchangeUnavailable, *UNREADABLE):
            return

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()

    # Questions.

    def has_room(self, *kinds: str, reserve: float = DUE_RESERVE) -> bool:
        """Whether the rate limit has room for questions of these types, with so much left after them."""
        weight = sum(weight_of(kind) for kind in kinds)
        return self._rate_limiter.allows(weight, reserve, self._clock.monotonic())

    async def account_state(self) -> AccountState:
        """Positions, and the figures of the perpetuals' own balance, which is all of it only in a standard mode."""
        state = parse_account_state(await self.account_state_row(), self.coins)
        if self.time.is_due:
            await self.read_clock()
        return state

    async def with_balance(self, state: AccountState) -> AccountState:
        """The state with the figures of the balance that the account trades with, wherever its mode keeps it."""
        if self.mode not in POOLED_MODES:
            return state
        return parse_pooled_balance(await self.spot_state_row(), state)

    async def whole_state(self) -> AccountState:
        """Positions and balance."""
        return await self.with_balance(await self.account_state())

    async def spot_state_row(self) -> Any:
        """spotClearinghouseState as it came."""
        return await self._ask({"type": "spotClearinghouseState", "user": self.address})

    async def account_state_row(self) -> Any:
        """clearinghouseState as it came: positions on every perpetual."""
        row = await self._ask({"type": "clearinghouseState", "user": self.address, "dex": ""})
        if isinstance(row, dict) and isinstance(row.get("time"), int):
            self.time.observe_state(row["time"])
        return row

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

    async def fill_rows_since(self, start_ms: int, are_all: Callable[[list[Fill]], bool] | None = None) -> list[Row]:
        """Rows of userFillsByTime on every market, oldest first; `are_all` says of a page's fills of the arena's coins
        that no other page is needed."""
        is_last = None if are_all is None else lambda page: are_all(parse_fills(page, self.coins))
        return await self._pages("userFillsByTime", start_ms, is_last)

    async def funding_rows_since(self, start_ms: int) -> list[Row]:
        """Rows of userFunding, oldest first."""
        return await self._pages("userFunding", start_ms)

    async def ledger_rows_since(self, start_ms: int) -> list[Row]:
        """Rows of userNonFundingLedgerUpdates: money in and out, and liquidations; oldest first."""
        return await self._pages("userNonFundingLedgerUpdates", start_ms)

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
        """By coin, for positions whose rows have no price."""
        return await self._ask({"type": "allMids", "dex": ""})

    async def leverage_of(self, symbol: Symbol) -> tuple[int, bool]:
        """(leverage, is isolated) as the exchange has it set; keeps the mark price that it sends along in `marks`."""
        answer = await self._ask({"type": "activeAssetData", "user": self.address, "coin": symbol.value})
        if answer.get("markPx"):
            self.marks[symbol] = (Decimal(answer["markPx"]), self._clock.monotonic())
        return int(answer["leverage"]["value"]), answer["leverage"]["type"] == "isolated"

    async def _pages(self, kind: str, start_ms: int, is_last: Callable[[list[Row]], bool] | None = None) -> list[Row]:
        """All rows from a time on, each once, until a page brings nothing new, as pages may be shorter than documented,
        or `is_last`. After MAX_PAGES the rest is left to the next call: pages come oldest first."""
        rows: dict[str, Row] = {}
        for _ in range(MAX_PAGES):
            page = await self._ask({"type": kind, "user": self.address, "startTime": start_ms})
            known = len(rows)
            rows |= {repr(row): row for row in page}
            if len(rows) == known or (is_last is not None and is_last(page)):
                break
            start_ms = max(time_of(row) for row in page)
        return list(rows.values())

    async def _ask(self, body: Row) -> Any:
        """One /info request. Raises ExchangeUnavailable."""
        with self._rate_limiter.counted(body["type"], self._clock.monotonic):
            answer = await self._config.run_blocking(self._post_info, body)
        if isinstance(answer, list):
            self._rate_limiter.spend(len(answer) // ITEMS_PER_WEIGHT, self._clock.monotonic())
        return answer

    def _post_info(self, body: Row) -> Any:
        try:
            connection = self._connections.get(body["type"], self._connections[QUESTIONS])
            response = connection.post("/info", json.dumps(body).encode())
            if response.status != HTTP_OK:
                raise refused(body["type"], response.status, response.text)
            return response.json()
        except (TransportError, ValueError) as error:
            raise unanswered(body["type"], error) from error

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

    async def correct_times(self, error: str | None) -> bool:
        """Whether the exchange refused an action for its nonce or its expiry, and the next one will have better ones.

        That is so when the nonce was outside the exchange's window, and when an action had expired because the clock
        was estimated wrongly. The refused action was not carried out, if it was sent only once.
        """
        refusal, estimated_ms = parse_nonce_refusal(error), self.time.now_ms()
        if refusal is None:
            if EXPIRED not in (error or ""):
                return False
            await self.read_clock()
            return abs(self.time.now_ms() - estimated_ms) > CLOCK_ERROR_MS
        if refusal.exchange_ms is None:
            self._signing.raise_nonce(refusal.bound)
        else:
            self.time.observe_clock(refusal.exchange_ms)
        self.time.contradict()
        await self.read_clock()
        return True

    async def sign_and_send(self, sign: Callable[[], SignedAction]) -> Any:
        """Signs and sends; once more when `correct_times` has mended the first action. Raises UnknownOutcome."""
        answer = await self.send(sign().body)
        if await self.correct_times(parse_action_error(answer)):
            answer = await self.send(sign().body)
        return answer

    async def send(self, body: bytes, *, protects: bool = False) -> Any:
        """Sends signed bytes and returns the exchange's answer. Raises UnknownOutcome unless that can be read."""
        self._rate_limiter.spend(weight_of("exchange"), self._clock.monotonic())
        return await self._config.run_blocking(self._post_action, body, protects)

    def _post_action(self, body: bytes, protects: bool) -> Any:
        try:
            connection = self._connections[PROTECTION_ACTIONS if protects else ACTIONS]
            response = connection.post("/exchange", body, self._may_send)
            if response.status == HTTP_UNPROCESSABLE:
                return {"status": "err", "response": f"HTTP 422: {response.text[:200]}"}
            answer = response.json() if response.status == HTTP_OK else None
        except (TransportError, ValueError) as error:
            raise UnknownOutcome(f"{type(error).__name__}: {error}") from error
        if not isinstance(answer, dict) or answer.get("status") not in ("ok", "err"):
            raise UnknownOutcome(f"HTTP {response.status}: {response.text[:200]}")
        return answer
