"""One account on Hyperliquid through the official SDK: signed bytes are made first and sent second, only here."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests
from eth_account import Account
from hyperliquid.exchange import Exchange
from hyperliquid.utils.constants import MAINNET_API_URL
from hyperliquid.utils.signing import sign_l1_action
from hyperliquid.utils.types import Cloid

from common.trading.symbols import Symbol

NO_SPOT: Any = {"universe": [], "tokens": []}


class VenueAway(Exception):
    """The exchange could not be asked: no connection, no answer in time, or an answer that can't be read."""


class UnknownOutcome(Exception):
    """An action was sent and no answer says what became of it. Not a rejection."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed action: the exact bytes to send, with the nonce and the time after which they are void."""

    body: bytes
    nonce: int
    expires_after_ms: int


@dataclass(frozen=True, slots=True)
class OrderSpec:
    """One order to place. `trigger_price` makes it a reduce-only market trigger of `kind` sl or tp."""

    symbol: Symbol
    is_buy: bool
    size_coin: Decimal
    price: Decimal
    client_order_id: str
    reduce_only: bool
    trigger_price: Decimal | None = None
    kind: str = ""

    def wire(self) -> dict[str, Any]:
        """The SDK's order request. Its floats are exact: sizes and prices have at most eight significant digits."""
        order_type: dict[str, Any] = {"limit": {"tif": "Ioc"}}
        if self.trigger_price is not None:
            trigger = {"isMarket": True, "triggerPx": float(self.trigger_price), "tpsl": self.kind}
            order_type = {"trigger": trigger}
        return {
            "coin": self.symbol.value,
            "is_buy": self.is_buy,
            "sz": float(self.size_coin),
            "limit_px": float(self.price),
            "order_type": order_type,
            "reduce_only": self.reduce_only,
            "cloid": Cloid.from_str(self.client_order_id),
        }


class SigningExchange(Exchange):  # type: ignore[misc]
    """The SDK's Exchange whose actions come back signed instead of being sent; nonces rise strictly."""

    def __init__(
        self, key: str, url: str, address: str, meta: Any, timeout_s: float, now_ms: Callable[[], int]
    ) -> None:
        wallet = Account.from_key(key)
        super().__init__(wallet, url, meta=meta, account_address=address, spot_meta=NO_SPOT, timeout=timeout_s)
        self._now_ms = now_ms
        self._last_nonce = 0

    def _post_action(self, action: Any, signature: Any, nonce: int) -> Prepared:
        self._last_nonce = nonce = max(self._last_nonce + 1, self._now_ms())
        is_mainnet = self.base_url == MAINNET_API_URL
        signature = sign_l1_action(self.wallet, action, None, nonce, self.expires_after, is_mainnet)
        payload = {
            "action": action,
            "nonce": nonce,
            "signature": signature,
            "vaultAddress": None,
            "expiresAfter": self.expires_after,
        }
        return Prepared(json.dumps(payload).encode(), nonce, self.expires_after or 0)


class Venue:
    """Async face of one account. Blocking calls run in threads, one at a time; every one has a time-out."""

    def __init__(self, key: str, url: str, address: str, timeout_s: float, now_ms: Callable[[], int]) -> None:
        self.address = address
        self._key, self._url, self._timeout_s, self._now_ms = key, url, timeout_s, now_ms
        self._session = requests.Session()
        self._exchange: SigningExchange | None = None
        self._turn = threading.Lock()

    async def open(self) -> None:
        """Loads the universe, once. Raises VenueAway."""
        if self._exchange is None:
            meta = await self.info({"type": "meta", "dex": ""})
            self._exchange = SigningExchange(self._key, self._url, self.address, meta, self._timeout_s, self._now_ms)

    @property
    def _signer(self) -> SigningExchange:
        if self._exchange is None:
            raise VenueAway("the exchange has not answered yet")
        return self._exchange

    # Asking.

    async def info(self, body: dict[str, Any]) -> Any:
        """One /info request. Raises VenueAway."""
        return await asyncio.to_thread(self._info, body)

    def _info(self, body: dict[str, Any]) -> Any:
        try:
            with self._turn:
                answer = self._session.post(f"{self._url}/info", json=body, timeout=self._timeout_s)
            if answer.status_code != 200:
                raise VenueAway(f"HTTP {answer.status_code} to {body['type']}: {answer.text[:120]}")
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise VenueAway(f"{body['type']}: {type(error).__name__}: {error}") from error

    async def state(self) -> Any:
        return await self.info({"type": "clearinghouseState", "user": self.address, "dex": ""})

    async def open_orders(self) -> Any:
        return await self.info({"type": "frontendOpenOrders", "user": self.address, "dex": ""})

    async def fills_since(self, start_ms: int) -> Any:
        return await self.info({"type": "userFillsByTime", "user": self.address, "startTime": start_ms})

    async def order_status(self, reference: str | int) -> Any:
        """By client order id or order id."""
        return await self.info({"type": "orderStatus", "user": self.address, "oid": reference})

    async def leverage_of(self, symbol: Symbol) -> tuple[int, bool]:
        """(leverage, is isolated) as the exchange has it set."""
        data = await self.info({"type": "activeAssetData", "user": self.address, "coin": symbol.value})
        return int(data["leverage"]["value"]), data["leverage"]["type"] == "isolated"

    # Preparing and sending.

    def prepare_orders(self, orders: list[OrderSpec], grouping: str, life_s: float) -> Prepared:
        """Signs an order action; nothing is sent."""
        return self._prepare(life_s, lambda signer: signer.bulk_orders([o.wire() for o in orders], grouping=grouping))

    def prepare_leverage(self, symbol: Symbol, leverage: int, life_s: float) -> Prepared:
        """Signs a change to isolated margin at that leverage."""
        return self._prepare(life_s, lambda signer: signer.update_leverage(leverage, symbol.value, is_cross=False))

    def prepare_cancel(self, symbol: Symbol, order_ids: list[int], life_s: float) -> Prepared:
        """Signs a cancellation."""
        requests_ = [{"coin": symbol.value, "oid": order_id} for order_id in order_ids]
        return self._prepare(life_s, lambda signer: signer.bulk_cancel(requests_))

    def _prepare(self, life_s: float, build: Callable[[SigningExchange], Any]) -> Prepared:
        with self._turn:
            signer = self._signer
            signer.expires_after = self._now_ms() + round(life_s * 1000)
            prepared: Prepared = build(signer)
            return prepared

    async def send(self, body: bytes) -> Any:
        """Sends signed bytes and returns the exchange's answer. Raises UnknownOutcome unless the answer is readable."""
        return await asyncio.to_thread(self._send, body)

    def _send(self, body: bytes) -> Any:
        headers = {"Content-Type": "application/json"}
        try:
            with self._turn:
                answer = self._session.post(
                    f"{self._url}/exchange", data=body, headers=headers, timeout=self._timeout_s
                )
            if answer.status_code == 422:
                return {"status": "err", "response": f"HTTP 422: {answer.text[:200]}"}
            content = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise UnknownOutcome(f"{type(error).__name__}: {error}") from error
        if not isinstance(content, dict) or content.get("status") not in ("ok", "err"):
            raise UnknownOutcome(f"HTTP {answer.status_code}: {answer.text[:200]}")
        return content
