"""A trader for tests: signs actions and executes them on a world in this process, without a network."""

import json
from decimal import Decimal
from typing import Any

from eth_account import Account
from hyperliquid.utils.signing import sign_l1_action, sign_user_signed_action

from simulator.exchange.world import World
from simulator.market.coins import COINS
from simulator.testing.new_world import new_world
from simulator.wire.actions.dispatch import execute_action
from simulator.wire.actions.signatures import USER_SIGNED
from simulator.wire.info.dispatch import answer_info

NOW = 1_795_400_400_000

Body = dict[str, Any]


class SigningTrader:
    """One funded account with a key of its own; `now_ms` is the wall time, which only a test moves."""

    def __init__(self, usd: int = 100_000, key: int = 0x17, world: World | None = None) -> None:
        self.wallet: Any = Account.from_key(f"0x{key:064x}")
        self.user: str = self.wallet.address.lower()
        self.world = world or new_world(1, NOW)
        self.now_ms = self._nonce = NOW
        self.world.exchange.deposit(self.user, Decimal(usd), NOW)

    @property
    def account(self) -> Any:
        return self.world.exchange.accounts[self.user]

    def price(self, factor: float = 1.0, coin: str = "BTC") -> str:
        """A valid price that far from the mark."""
        mark = float(self.world.market.coins[coin].mark_price) * factor
        return format(Decimal(repr(COINS[coin].round_price(mark))).normalize(), "f")

    def wire(self, size: float, factor: float = 1.0, tif: str = "Gtc", coin: str = "BTC", **more: Any) -> Body:
        """One order; a negative size sells."""
        shown = format(abs(Decimal(repr(size))).normalize(), "f")
        asset, price = COINS[coin].asset, self.price(factor, coin)
        return {"a": asset, "b": size > 0, "p": price, "s": shown, "r": False, "t": {"limit": {"tif": tif}}} | more

    def trigger(self, size: float, at: float, kind: str, coin: str = "BTC", **more: Any) -> Body:
        """A reduce-only market trigger at `at` times the mark."""
        trigger = {"isMarket": True, "triggerPx": self.price(at, coin), "tpsl": kind}
        wire = self.wire(size, at * (1.1 if size > 0 else 0.9), coin=coin)
        return wire | {"r": True, "t": {"trigger": trigger}} | more

    def act(self, action: Body, *, wallet: Any = None, **options: Any) -> Body:
        """The answer to an L1 action; `options` are nonce, vaultAddress and expiresAfter."""
        nonce, vault, expires = self.nonce(options), options.get("vaultAddress"), options.get("expiresAfter")
        signature = sign_l1_action(wallet or self.wallet, action, vault, nonce, expires, False)
        return self.send(action, nonce, signature, vaultAddress=vault, expiresAfter=expires)

    def act_as_user(self, action: Body, *, wallet: Any = None, **options: Any) -> Body:
        """The answer to a user-signed action."""
        nonce = self.nonce(options)
        name, fields = USER_SIGNED[action["type"]]
        stamp = "time" if any(field == "time" for field, _ in fields) else "nonce"
        rows = [{"name": field, "type": kind} for field, kind in [("hyperliquidChain", "string"), *fields]]
        signed = action | {stamp: nonce}
        primary = f"HyperliquidTransaction:{name}"
        signature = sign_user_signed_action(wallet or self.wallet, signed, rows, primary, False)
        return self.send(signed, nonce, signature)

    def nonce(self, options: Body) -> int:
        self._nonce += 1
        return int(options.get("nonce", self._nonce))

    def send(self, action: Body, nonce: int, signature: Any, **more: Any) -> Body:
        """The answer to one request, as decoded from JSON."""
        body = json.loads(json.dumps({"action": action, "nonce": nonce, "signature": signature} | more))
        return execute_action(self.world, body, self.now_ms)

    def order(self, *wires: Body, grouping: Any = "na", **more: Any) -> list[Any]:
        """The statuses of a batch."""
        answer = self.act({"type": "order", "orders": list(wires), "grouping": grouping} | more)
        found: list[Any] = answer["response"]["data"]["statuses"]
        return found

    def info(self, kind: str, **more: Any) -> Any:
        return answer_info(self.world, {"type": kind, "user": self.user} | more, self.now_ms)

    def final_status(self, oid: int) -> str:
        """The status in the answer to orderStatus."""
        self.world.take_changes()
        return str(self.info("orderStatus", oid=oid)["order"]["status"])
