"""An exchange in the caller's process, without sockets, for simulations: requests are answered synchronously."""

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
from simulator.wire.info.read_faults import keep_past_answers
from simulator.wire.requests import BadRequest, Unsupported
from simulator.wire.streams.messages import change_messages
from simulator.wire.streams.subscriptions import Key

SUBSCRIBED_TYPES = ("userFills", "orderUpdates")


def claimed_signer(body: dict[str, Any]) -> list[str]:
    """The signer that an unchecked signature claims: its s is the address. Recovery would take thirty milliseconds."""
    return [f"0x{int(body['signature']['s'], 16):040x}"]


class ThinMarket(Market):
    """A market without history, with five levels a side, `depth` times as deep: fast, and exhausted by small orders."""

    def __init__(self, seed: int, now_ms: int, depth: float) -> None:
        self._depth = depth
        super().__init__(seed, now_ms)

    def _create_past(self, rng: Any, now_ms: int, coin: Coin, volume_per_minute: float) -> CandleBook:
        return CandleBook()

    def _create_coin_market(self, coin: Coin, past: CandleBook) -> CoinMarket:
        market = super()._create_coin_market(coin, past)
        market.levels, market.depth = 5, self._depth
        return market


class InProcessExchange:
    """One world. `receive(account, message)` gets the messages that the account's socket would."""

    def __init__(
        self,
        seed: int,
        now_ms: Callable[[], int],
        accounts: list[tuple[str, str]],
        balance_usd: Decimal,
        receive: Callable[[str, str], None],
        depth: float = 1.0,
    ) -> None:
        self.world = World(seed, now_ms(), ThinMarket(seed, now_ms(), depth))
        self.world.enforces_limits = False
        self._now_ms, self._receive = now_ms, receive
        for account, wallet in accounts:
            self.world.open_account(account, wallet, balance_usd, now_ms())
        self.publish_changes()

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
        self.publish_changes()
        return 200, json.dumps(content).encode()

    def step(self) -> None:
        """Moves the market to the current time."""
        keep_past_answers(self.world, self._now_ms())
        self.world.step(self._now_ms())
        self.publish_changes()

    def publish_changes(self) -> None:
        """Passes on the messages of what has changed since the last call."""
        if not self.world.exchange.changes:
            return
        changes: Changes = self.world.take_changes()
        subscribed: set[Key] = {
            (kind, account) for account in self.world.exchange.accounts for kind in SUBSCRIBED_TYPES
        }
        for key, message in change_messages(self.world, changes, subscribed, self._now_ms()):
            self._receive(str(key[1]), message)
