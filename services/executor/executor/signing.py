"""The SDK's Exchange, made to hand back signed bytes instead of sending them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hyperliquid.exchange import Exchange
from hyperliquid.utils.constants import MAINNET_API_URL
from hyperliquid.utils.signing import sign_l1_action

NO_SPOT: Any = {"universe": [], "tokens": []}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A signed action: the exact bytes to send, with the nonce and the wall time after which they are void."""

    body: bytes
    nonce: int
    expires_after_ms: int


class SigningExchange(Exchange):  # type: ignore[misc]
    """Builds and signs actions; its nonces rise strictly, so that two actions of one millisecond differ."""

    def __init__(
        self,
        wallet: Any,
        url: str,
        address: str,
        meta: Any,
        timeout_s: float,
        now_ms: Callable[[], int],
        used_nonce: int = 0,
    ) -> None:
        super().__init__(wallet, url, meta=meta, account_address=address, spot_meta=NO_SPOT, timeout=timeout_s)
        self._now_ms = now_ms
        self._last_nonce = used_nonce

    def prepare(self, life_ms: int, build: Callable[["SigningExchange"], Any]) -> Prepared:
        """The signed action that `build` makes with the SDK's own methods; void `life_ms` from now."""
        self.set_expires_after(self._now_ms() + life_ms)
        prepared: Prepared = build(self)
        return prepared

    def _post_action(self, action: Any, signature: Any, nonce: int) -> Prepared:
        """Instead of sending: signs once more, with a nonce of our own, and returns the bytes."""
        self._last_nonce = max(self._last_nonce + 1, self._now_ms())
        expires = self.expires_after or 0
        is_mainnet = self.base_url == MAINNET_API_URL
        payload = {
            "action": action,
            "nonce": self._last_nonce,
            "signature": sign_l1_action(self.wallet, action, None, self._last_nonce, expires, is_mainnet),
            "vaultAddress": None,
            "expiresAfter": expires,
        }
        return Prepared(json.dumps(payload).encode(), self._last_nonce, expires)
