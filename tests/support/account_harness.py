"""One account in one process: its real context over an in-process exchange, a database in memory and a manual clock."""

import copy
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from manual_clock import ManualClock
from pydantic import SecretStr
from structlog import get_logger

from common.bus.memory import MemoryBus
from common.events import Event
from common.events.codec import decode
from common.runtime.roster import read_roster
from common.runtime.service import Service
from common.trading.instruments import Symbol
from common.trading.orders import IntentKind, Side
from executor.account.context import AccountContext
from executor.account.protection.memory import ProtectionMemory
from executor.config import executor_settings
from executor.domain.account_standing import AccountStanding
from executor.domain.intent import Intent
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import TransportError
from executor.exchange.http import ExchangeConfig, HttpResponse
from executor.exchange.rate_limit import RequestRateLimiter
from executor.main import protection_file
from executor.storage.cash_ledger import CashLedgerStore
from executor.storage.epochs import EpochStore
from executor.storage.fills import FillStore
from executor.storage.flattens import FlattenStore
from executor.storage.halts import HaltFiles
from executor.storage.intents import IntentStore
from executor.storage.orders import OrderStore
from executor.storage.outbox import Outbox
from simulation.adapters.database import Database, Pool
from simulation.adapters.network import Wallet
from simulator.testing.in_process import InProcessExchange
from support.executor_process import CONTENDERS, address_of, approval, key_of, wallet_of

MODEL = "deepseek"
START_MS = 1_790_000_000_000
LIFE_MS = 5_000
ETH = Symbol.ETH


class Wire:
    """The transport: requests reach the exchange at once, except those that contain one of the markers.

    `lose_request` keeps them from the exchange, `lose_reply` only their answers from the client. `refuse` answers them
    in the exchange's place, with a refusal of each order; `refuse_falsely` after the exchange took them. `hold` repeats
    the present answer to questions of a type, `spoil` replaces a text in the answers to them.
    """

    def __init__(self, exchange: InProcessExchange) -> None:
        self._exchange = exchange
        self.requests: list[str] = []
        self._faults: dict[str, tuple[str, str]] = {}
        self._held: dict[str, HttpResponse] = {}
        self._spoiled: dict[str, tuple[bytes, bytes]] = {}
        self._answers: list[tuple[str, Any]] = []

    def answer_once(self, marker: str, answer: Any) -> None:
        """The next request that contains `marker` gets this answer and never reaches the exchange."""
        self._answers.append((marker, answer))

    def lose_request(self, marker: str) -> None:
        self._faults[marker] = "request lost", ""

    def lose_reply(self, marker: str) -> None:
        self._faults[marker] = "reply lost", ""

    def refuse(self, marker: str, text: str) -> None:
        self._faults[marker] = "refused", text

    def refuse_falsely(self, marker: str, text: str) -> None:
        self._faults[marker] = "falsely refused", text

    def hold(self, kind: str) -> None:
        body = {"type": kind, "user": address_of(MODEL)}
        self._held[kind] = HttpResponse(*self._exchange.request("/info", body))

    def spoil(self, kind: str, text: str, replacement: str) -> None:
        self._spoiled[kind] = text.encode(), replacement.encode()

    def reset(self) -> None:
        self._faults, self._held, self._spoiled = {}, {}, {}

    def post(self, path: str, body: bytes) -> HttpResponse:
        text, content = body.decode(), json.loads(body)
        self.requests.append(text)
        for number, (marker, answer) in enumerate(self._answers):
            if marker in text:
                del self._answers[number]
                return HttpResponse(200, json.dumps(answer).encode())
        fault, refusal = next((found for marker, found in self._faults.items() if marker in text), ("", ""))
        if fault == "request lost":
            raise TransportError("the request was lost")
        if fault == "falsely refused":
            self._exchange.request(path, content)
        if fault in ("refused", "falsely refused"):
            statuses = [{"error": refusal}] * len(content["action"]["orders"])
            answer = {"status": "ok", "response": {"type": "order", "data": {"statuses": statuses}}}
            return HttpResponse(200, json.dumps(answer).encode())
        if path == "/info" and content["type"] in self._held:
            return self._held[content["type"]]
        response = HttpResponse(*self._exchange.request(path, content))
        if path == "/info" and content["type"] in self._spoiled:
            response = HttpResponse(response.status, response.body.replace(*self._spoiled[content["type"]], 1))
        if fault == "reply lost":
            raise TransportError("the reply was lost")
        return response

    def close(self) -> None: ...


async def run_inline(function: Any, *arguments: Any) -> Any:
    return function(*arguments)


async def no_fault(step: str) -> None:
    """The memory database's point at which a simulation would inject a fault."""


class AccountHarness:
    """One account's context and what surrounds it. `open` loads the instruments and sets the first cursor.

    The exchange's coins beyond `coins`, those of the arena, are external; without `coins` there are none.
    `exchange_ahead_ms` is how far the exchange's clock is ahead of this machine's.
    """

    def __init__(
        self,
        folder: Path,
        clock: Any = None,
        *,
        coins: Sequence[Symbol] | None = None,
        exchange_ahead_ms: int = 0,
    ) -> None:
        self.clock = clock or ManualClock(START_MS)
        self.exchange_ahead_ms = exchange_ahead_ms
        accounts = [(address_of(model), wallet_of(model)) for model in CONTENDERS]
        self.exchange = InProcessExchange(
            7,
            lambda: self.clock.now_ms() + self.exchange_ahead_ms,
            accounts,
            Decimal(10_000),
            lambda account, message: None,
        )
        self.wire = Wire(self.exchange)
        self.database = Database()
        self.database.migrate("executor")
        roster = read_roster(None)
        if coins is not None:
            roster = roster.model_copy(update={"coins": tuple(coins)})
        self.settings = executor_settings(roster)(
            metrics_port=0,
            database_url=SecretStr("postgresql://memory"),
            executor_data_dir=folder,
            intent_life_s=LIFE_MS / 1000,
            **{f"hyperliquid_private_key_{model}": SecretStr(key_of(model)) for model in CONTENDERS},
            **{f"hyperliquid_account_address_{model}": address_of(model) for model in CONTENDERS},
        )
        self.is_owner = self.is_confirmed_owner = True
        self.bus = MemoryBus(self.clock.now_ms)
        self.service = Service("executor", self.settings, self.bus, self.clock, get_logger(), lease=False)
        self.context = self._context(Pool(self.database, no_fault))
        self.number = 0

    def _context(self, pool: Any) -> AccountContext:
        client = ExchangeClient(
            key=key_of(MODEL),
            address=address_of(MODEL),
            coins=self.settings.coins,
            config=ExchangeConfig(
                url="http://simulated",
                timeout_s=1.0,
                action_life_ms=LIFE_MS,
                open_transport=lambda url, timeout_s: self.wire,
                run_blocking=run_inline,
                open_wallet=Wallet,
            ),
            rate_limiter=RequestRateLimiter(600, start_minutes=1),
            clock=self.clock,
        )
        log = get_logger()
        return AccountContext(
            model=MODEL,
            exchange=client,
            intents=IntentStore(pool),
            orders=OrderStore(pool),
            fills=FillStore(pool),
            flattens=FlattenStore(pool),
            cash_ledger=CashLedgerStore(pool),
            outbox=Outbox(pool, self.service),
            memory=ProtectionMemory(protection_file(self.settings, MODEL, log), self.clock.monotonic),
            halts=HaltFiles(self.settings.executor_data_dir),
            settings=self.settings,
            epochs=EpochStore(pool),
            standing=AccountStanding("paper", problems=()),
            clock=self.clock,
            log=log,
            is_owner=lambda: self.is_owner,
            is_confirmed_owner=lambda: self.is_owner and self.is_confirmed_owner,
        )

    def restarted(self) -> "AccountHarness":
        """The same exchange, stores and files, and an empty memory."""
        again = copy.copy(self)
        again.context = self._context(Pool(self.database, no_fault))
        return again

    async def open(self) -> None:
        await self.context.exchange.load_universe()
        await self.context.fills.record(MODEL, self.clock.now_ms() + self.exchange_ahead_ms - 1)
        await self.context.exchange.account_state()
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        """Moves the clock and the market's own; prices stay as they are."""
        self.clock.ms += round(seconds * 1000)
        self.exchange.world.market.time_ms = self.clock.ms

    def advance(self, seconds: float) -> None:
        """Moves the clock and the market."""
        self.pass_time(seconds)
        self.exchange.step()

    def approve(self, size: str, intent_kind: IntentKind = IntentKind.ENTRY, side: Side = Side.LONG) -> Event[Any]:
        self.number += 1
        mark = self.exchange.world.market.coins[ETH.value].mark_price
        return approval(
            self.number,
            ETH,
            side,
            mark_price=mark,
            size_coin=Decimal(size),
            now_ms=self.clock.now_ms(),
            intent_kind=intent_kind,
        )

    async def store(self, event: Event[Any]) -> Intent:
        await self.context.intents.add(event, self.clock.now_ms())
        return await self.stored(event.id)

    async def stored(self, intent_id: str) -> Intent:
        intent = await self.context.intents.get(intent_id)
        assert intent is not None
        return intent

    def events(self, kind: str) -> list[Any]:
        """The data of the events of one type that wait in the outbox."""
        rows = self.database.rows("SELECT type, body FROM executor_outbox ORDER BY number")
        return [decode(row["type"], row["body"].encode()).data for row in rows if row["type"] == kind]

    def event_ids(self, kind: str) -> set[str]:
        rows = self.database.rows("SELECT type, body FROM executor_outbox")
        return {decode(row["type"], row["body"].encode()).id for row in rows if row["type"] == kind}

    def held(self) -> Decimal:
        """The signed size of the account's ETH position at the exchange."""
        state = self._info("clearinghouseState")
        sizes = {row["position"]["coin"]: Decimal(row["position"]["szi"]) for row in state["assetPositions"]}
        return sizes.get(ETH.value, Decimal(0))

    def open_orders(self) -> list[Any]:
        return list(self._info("frontendOpenOrders"))

    def filled_orders(self) -> list[Any]:
        return [row for row in self._info("historicalOrders") if row["status"] == "filled"]

    def cancel_all_orders(self, word: str = "") -> None:
        """A person cancels every open order, stops included; or those whose type begins with a word."""
        orders = [order for order in self.open_orders() if order["orderType"].startswith(word)]
        cancels = [("ETH", int(order["oid"])) for order in orders]
        self.exchange.request("/exchange", json.loads(self.context.exchange.sign_cancels(cancels).body))

    def _info(self, kind: str) -> Any:
        status, body = self.exchange.request("/info", {"type": kind, "user": address_of(MODEL)})
        assert status == 200
        return json.loads(body)
