"""The SDK's Exchange, changed to return signed bytes instead of sending them."""

import json
from collections.abc import Callable
from typing import Any

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

from executor.domain.order import SignedAction
from executor.exchange.keys import open_wallet

NO_SPOT: Any = {"universe": [], "tokens": []}


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

    def sign(self, action: Any, nonce: int, expires_after_ms: int) -> dict[str, Any]:
        """The signature of an action for the account itself, not for a vault."""
        signed = self._wallet.sign_message(self._message(action_hash(action, None, nonce, expires_after_ms)))
        return {"r": hex(signed["r"]), "s": hex(signed["s"]), "v": signed["v"]}

    def _message(self, connection_id: bytes) -> SignableMessage:
        return SignableMessage(self._sample.version, self._sample.header, keccak(self._agent + connection_id))


class SigningExchange(Exchange):  # type: ignore[misc]
    """Builds actions with the SDK's own methods and returns them signed; sends nothing.

    Nonces rise strictly above `used_nonce` and follow the clock where it is ahead, so that two actions of one
    millisecond differ and a clock that goes back repeats none. Every `sign_…` call makes bytes that the exchange
    refuses `action_life_ms` after now.
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
    ) -> None:
        super().__init__(wallet, url, meta=meta, account_address=address, spot_meta=NO_SPOT, timeout=timeout_s)
        self._l1 = L1Signer(wallet, is_mainnet=self.base_url == MAINNET_API_URL)
        self._action_life_ms, self._now_ms = action_life_ms, now_ms
        self._last_nonce = used_nonce

    def use_above(self, used_nonce: int) -> None:
        """A nonce that was used before has become known."""
        self._last_nonce = max(self._last_nonce, used_nonce)

    def sign_orders(self, requests: list[Any], grouping: str) -> SignedAction:
        """Orders in one action, from the SDK's order requests."""
        self._start_life()
        return self.bulk_orders(requests, grouping=grouping)

    def sign_cancels(self, cancels: list[dict[str, Any]]) -> SignedAction:
        """Cancellations by order id."""
        self._start_life()
        signed: SignedAction = self.bulk_cancel(cancels)
        return signed

    def sign_isolated_leverage(self, coin: str, leverage: int) -> SignedAction:
        """A change to isolated margin at that leverage."""
        self._start_life()
        signed: SignedAction = self.update_leverage(leverage, coin, is_cross=False)
        return signed

    def bulk_orders(self, order_requests: list[Any], builder: Any = None, grouping: Any = "na") -> SignedAction:
        """As the SDK's own, without its signature, which would be thrown away: an order has no time for two."""
        wires = [order_request_to_order_wire(order, self.info.name_to_asset(order["coin"])) for order in order_requests]
        return self._post_action(order_wires_to_order_action(wires, builder, grouping), None, 0)

    def _start_life(self) -> None:
        self.set_expires_after(self._now_ms() + self._action_life_ms)

    def _post_action(self, action: Any, signature: Any, nonce: int) -> SignedAction:
        """Instead of sending: signs with a nonce of this counter and returns the bytes."""
        self._last_nonce = max(self._last_nonce + 1, self._now_ms())
        expires = self.expires_after or 0
        payload = {
            "action": action,
            "nonce": self._last_nonce,
            "signature": self._l1.sign(action, self._last_nonce, expires),
            "vaultAddress": None,
            "expiresAfter": expires,
        }
        return SignedAction(json.dumps(payload).encode(), self._last_nonce, expires)
