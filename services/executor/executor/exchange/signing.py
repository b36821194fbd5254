"""The SDK's Exchange, changed to return signed bytes instead of sending them."""

import json
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from eth_account.messages import SignableMessage, encode_typed_data
from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak
from hyperliquid.exchange import Exchange
from hyperliquid.utils.constants import MAINNET_API_URL
from hyperliquid.utils.signing import (
    action_hash,
    construct_phantom_agent,
    l1_payload,
    order_request_to_order_wire,
    order_wires_to_order_action,
)

from common.trading.durations import DAY_MS
from executor.domain.order import SignedAction
from executor.exchange.keys import open_wallet

NO_SPOT: Any = {"universe": [], "tokens": []}
NONCE_MARGIN_MS: Final = 300_000
"""The exchange was measured to be two minutes stricter than its documents at both ends of the window."""
NONCE_AHEAD_MS: Final = DAY_MS - NONCE_MARGIN_MS
"""How far ahead of the exchange's clock a nonce may be. Source: Hyperliquid docs, Nonces."""
LOW_NONCE_STEP_MS: Final = 3_600_000
"""How far above the exchange's lower bound nonces go on; the bound follows its clock."""
EXPIRED: Final = "already expired"
"""The exchange's words for an action that came after its `expiresAfter`."""
CLOCK_ERROR_MS: Final = 1_000
"""An estimate of the exchange's clock that was wrong by so much explains why an action had expired."""
_NONCE_REFUSED: Final = re.compile(r"nonce too (high|low) (\d+) [<>] (\d+)")


class NonceRefusal(NamedTuple):
    """A nonce that lies outside the exchange's window, by its own words. `bound` is the end of the window."""

    is_too_high: bool
    bound: int

    @property
    def exchange_ms(self) -> int | None:
        """The exchange's clock, which the upper bound gives away; the lower one has two meanings."""
        return self.bound - DAY_MS if self.is_too_high else None


def parse_nonce_refusal(error: str | None) -> NonceRefusal | None:
    """None for any other error. The exchange has not carried out an action that it refuses so.

    That holds for bytes that were sent once. Of a repeat it says nothing about the first sending, and a duplicate nonce
    means that the first one arrived.
    """
    found = _NONCE_REFUSED.search(error or "")
    return None if found is None else NonceRefusal(found[1] == "high", int(found[3]))


class ApiWallet:
    """An API wallet. eth-account's own spends half of a signature's time on converting between types."""

    def __init__(self, key: str) -> None:
        account = open_wallet(key)
        self.address: str = account.address
        self._key = PrivateKey(bytes(account.key))

    def sign_message(self, message: SignableMessage) -> dict[str, int]:
        """The signature of an EIP-191 message."""
        signature = self._key.sign_msg_hash(keccak(b"\x19" + message.version + message.header + message.body))
        return {"r": signature.r, "s": signature.s, "v": signature.v + 27}


class L1Signer:
    """Signs actions as the SDK's sign_l1_action does, which encodes the same types and domain again for each one.

    Compares itself with the SDK at construction. Raises RuntimeError when the two differ.
    """

    def __init__(self, wallet: Any, *, is_mainnet: bool) -> None:
        self._wallet = wallet
        self._sample = encode_typed_data(full_message=l1_payload(construct_phantom_agent(bytes(32), is_mainnet)))
        source = construct_phantom_agent(bytes(32), is_mainnet)["source"]
        self._agent = keccak(text="Agent(string source,bytes32 connectionId)") + keccak(text=source)
        if self._message(bytes(32)) != self._sample:
            raise RuntimeError("the installed hyperliquid-python-sdk signs in another way than this executor")

    def sign(self, action: Any, nonce: int, expires_after_ms: int | None) -> dict[str, Any]:
        """The signature of an action for the account itself, not for a vault."""
        signed = self._wallet.sign_message(self._message(action_hash(action, None, nonce, expires_after_ms)))
        return {"r": hex(signed["r"]), "s": hex(signed["s"]), "v": signed["v"]}

    def _message(self, connection_id: bytes) -> SignableMessage:
        return SignableMessage(self._sample.version, self._sample.header, keccak(self._agent + connection_id))


class SigningExchange(Exchange):  # type: ignore[misc]
    """Builds actions with the SDK's own methods and returns them signed; sends nothing.

    `now_ms` is the exchange's clock. Nonces rise strictly above `used_nonce` and follow that clock where it is ahead,
    so that two actions of one millisecond differ. A nonce further in the future than the exchange takes is void once
    its clock is known: the next one follows it again. Each action has `action_life_ms`. What may open or grow a
    position carries its end as `expiresAfter`, which makes the exchange refuse it later. What only closes or cancels
    carries none: late it does no harm, and no clock may keep it from being taken. A trigger carries one while
    `is_time_known`, as one that arrives late would rest beside a later position.
    """

    def __init__(
        self,
        *,
        wallet: Any,
        url: str,
        address: str,
        meta: Any,
        timeout_s: float,
        action_life_ms: int,
        now_ms: Callable[[], int],
        used_nonce: int = 0,
        is_time_known: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(wallet, url, meta=meta, account_address=address, spot_meta=NO_SPOT, timeout=timeout_s)
        self._l1 = L1Signer(wallet, is_mainnet=self.base_url == MAINNET_API_URL)
        self._action_life_ms, self._now_ms, self._is_time_known = action_life_ms, now_ms, is_time_known
        self._last_nonce = used_nonce
        self._end_ms = 0

    def raise_nonce(self, bound: int) -> None:
        """The exchange takes no nonce below `bound`: the next one lies well above it."""
        self._last_nonce = max(self._last_nonce, bound + LOW_NONCE_STEP_MS)

    def use_above(self, used_nonce: int) -> None:
        """A nonce that was used before has become known."""
        self._last_nonce = max(self._last_nonce, used_nonce)

    def sign_orders(self, requests: list[Any], grouping: str) -> SignedAction:
        """Orders in one action, from the SDK's order requests."""
        self._start_life(is_bounded=any(self._is_bounded(request) for request in requests))
        return self.bulk_orders(requests, grouping=grouping)

    def sign_cancels(self, cancels: list[dict[str, Any]]) -> SignedAction:
        """Cancellations by order id."""
        self._start_life(is_bounded=False)
        signed: SignedAction = self.bulk_cancel(cancels)
        return signed

    def sign_isolated_leverage(self, coin: str, leverage: int) -> SignedAction:
        """A change to isolated margin at that leverage."""
        self._start_life(is_bounded=True)
        signed: SignedAction = self.update_leverage(leverage, coin, is_cross=False)
        return signed

    def bulk_orders(self, order_requests: list[Any], builder: Any = None, grouping: Any = "na") -> SignedAction:
        """As the SDK's own, without its signature, which would be thrown away: an order has no time for two."""
        wires = [order_request_to_order_wire(order, self.info.name_to_asset(order["coin"])) for order in order_requests]
        return self._post_action(order_wires_to_order_action(wires, builder, grouping), None, 0)

    def _is_bounded(self, request: dict[str, Any]) -> bool:
        """Whether an order must not be carried out after its time."""
        return not request["reduce_only"] or ("trigger" in request["order_type"] and self._is_time_known())

    def _start_life(self, *, is_bounded: bool) -> None:
        self._end_ms = self._now_ms() + self._action_life_ms
        self.set_expires_after(self._end_ms if is_bounded else None)

    def _next_nonce(self) -> int:
        now_ms = self._now_ms()
        is_void = self._is_time_known() and self._last_nonce >= now_ms + NONCE_AHEAD_MS
        self._last_nonce = now_ms if is_void else max(self._last_nonce + 1, now_ms)
        return self._last_nonce

    def _post_action(self, action: Any, signature: Any, nonce: int) -> SignedAction:
        """Instead of sending: signs with a nonce of this counter and returns the bytes."""
        nonce, expires = self._next_nonce(), self.expires_after
        payload = {
            "action": action,
            "nonce": nonce,
            "signature": self._l1.sign(action, nonce, expires),
            "vaultAddress": None,
            "expiresAfter": expires,
        }
        return SignedAction(json.dumps(payload).encode(), nonce, self._end_ms)
