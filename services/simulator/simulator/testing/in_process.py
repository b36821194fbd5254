"""The exchange without sockets, for simulations: a request is answered at once, in the caller's own process."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.exchange.state.exchange import Changes
from simulator.exchange.world import World
from simulator.market.candles import CandleBook
from simulator.market.coin_market import CoinMarket
from simulator.market.coins import Coin
from simulator.market.market import Market
from simulator.wire.actions.dispatch import execute_action
from simulator.wire.info.dispatch import answer_info
from simulator.wire.requests import BadRequest, Unsupported
from simulator.wire.streams.messages import change_messages
from simulator.wire.streams.subscriptions import Key

FOLLOWED = ("userFills", "orderUpdates")


def claimed_signer(body: dict[str, Any]) -> list[str]:
    """The signer as an unchecked signature claims it: its s is the address. Recovering takes thirty milliseconds."""
    return [f"0x{int(body['signature']['s'], 16):040x}"]


class ThinMarket(Market):
    """A market without a past and with a few levels a side, a share `depth` as deep: quick, and soon walked through."""

    def __init__(self, seed: int, now_ms: int, depth: float) -> None:
        self._depth = depth
        super().__init__(seed, now_ms)

    def _past(self, rng: Any, now_ms: int, coin: Coin, volume_per_minute: float) -> CandleBook:
        return CandleBook()

    def _opened(self, coin: Coin, past: CandleBook) -> CoinMarket:
        opened = super()._opened(coin, past)
        opened.levels, opened.depth = 5, self._depth
        return opened


class InProcess:
    """One world. `heard(account, message)` is told what the account's socket would send."""

    def __init__(
        self,
        seed: int,
        now_ms: Callable[[], int],
        accounts: list[tuple[str, str]],
        balance_usd: Decimal,
        heard: Callable[[str, str], None],
        depth: float = 1.0,
    ) -> None:
        self.world = World(seed, now_ms(), ThinMarket(seed, now_ms(), depth))
        self.world.enforces_limits = False
        self._now_ms, self._heard = now_ms, heard
        for account, wallet in accounts:
            self.world.open_account(account, wallet, balance_usd, now_ms())
        self.settle()

    def request(self, path: str, body: Any) -> tuple[int, bytes]:
        """Status and body of the answer to a POST."""
        try:
            if path.endswith("/exchange"):
                content = execute_action(self.world, body, self._now_ms(), recover_signers=claimed_signer)
            else:
                content = answer_info(self.world, body, self._now_ms())
        except BadRequest:
            return 422, b"Failed to deserialize the JSON body into the target type"
        except Unsupported:
            return 500, b"null"
        self.settle()
        return 200, json.dumps(content).encode()

    def step(self) -> None:
        """The market moves on to now."""
        self.world.step(self._now_ms())
        self.settle()

    def settle(self) -> None:
        if not self.world.exchange.changes:
            return
        changes: Changes = self.world.take_changes()
        wanted: set[Key] = {(kind, account) for account in self.world.exchange.accounts for kind in FOLLOWED}
        for key, message in change_messages(self.world, changes, wanted, self._now_ms()):
            self._heard(str(key[1]), message)
