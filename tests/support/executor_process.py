"""An executor in a process of its own, with test accounts, and approvals as risk sends them."""

import contextlib
import itertools
import signal
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

from eth_account import Account

from common.events import Event, IntentKind, OrderIntent, RiskApproved, originate
from common.runtime.roster import read_roster
from common.trading.instruments import INSTRUMENTS, Symbol
from common.trading.orders import OrderSide, Side, entry_side, exit_side
from support.forked import ForkedProcess
from support.simulator_process import ForkedSimulator

CONTENDERS = read_roster(None).ids
SEEDS = {"deepseek": 0xD1, "qwen": 0xD2}


class AccountSets:
    """The test accounts come in sets of one per contender; the functions below speak of the set in use."""

    def __init__(self) -> None:
        self.in_use = 0
        self._numbers = itertools.count(1)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[None]:
        """Inside, a set is in use that no simulator has seen, so that tests can share one; afterwards the first set."""
        self.in_use = next(self._numbers)
        try:
            yield
        finally:
            self.in_use = 0


account_sets = AccountSets()


def seed_of(model: str) -> int:
    """A number that the keys of a contender's test account are made of."""
    return (account_sets.in_use << 64) + (SEEDS.get(model) or zlib.crc32(model.encode()))


def key_of(model: str) -> str:
    """A test API wallet's key."""
    return f"0x{seed_of(model):064x}"


def master_key_of(model: str) -> str:
    """A test account's own key, which the executor never sees."""
    return f"0x{seed_of(model) + 256:064x}"


def address_of(model: str) -> str:
    """A test account's address."""
    address: str = Account.from_key(master_key_of(model)).address
    return address.lower()


def wallet_of(model: str) -> str:
    address: str = Account.from_key(key_of(model)).address
    return address.lower()


def kill_key_of(model: str) -> str:
    """The key of the kill switch's own API wallet of a test account."""
    return f"0x{seed_of(model) + 512:064x}"


def kill_wallet_of(model: str) -> str:
    address: str = Account.from_key(kill_key_of(model)).address
    return address.lower()


@contextlib.contextmanager
def fresh_accounts(
    simulator: ForkedSimulator, contenders: Sequence[str] = CONTENDERS, usd: str = "10000"
) -> Iterator[None]:
    """A set of accounts with that much money and their API wallets, in use inside, on a simulator that others use."""
    with account_sets.fresh():
        for model in contenders:
            owner = Account.from_key(master_key_of(model))
            simulator.open_account(owner, {"trade": wallet_of(model), "kill": kill_wallet_of(model)}, usd)
        yield


def environment(
    folder: Path, *, api_url: str, redis_url: str, database_url: str, contenders: Sequence[str] = CONTENDERS
) -> dict[str, str]:
    """The variables of an executor on paper, which is patient: on a busy machine nothing is late. Each test trades at
    once after the start, which asks for much."""
    variables = {
        "HYPERLIQUID_ENV": "paper",
        "HYPERLIQUID_API_URL": api_url,
        "REDIS_URL": redis_url,
        "DATABASE_URL": database_url,
        "EXECUTOR_DATA_DIR": str(folder),
        "METRICS_PORT": "0",
        "EXCHANGE_TIMEOUT_S": "60",
        "INTENT_LIFE_S": "60",
        "UNPROTECTED_LIMIT_S": "60",
        "REQUEST_WEIGHT_PER_MINUTE": "1200",
    }
    for model in contenders:
        variables[f"HYPERLIQUID_PRIVATE_KEY_{model.upper()}"] = key_of(model)
        variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}"] = address_of(model)
    return variables


class ExecutorProcess:
    """`python -m executor.main`, with its output in a file."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.log = folder / "executor.log"
        self._variables = variables
        self._process: ForkedProcess | None = None

    def start(self) -> None:
        self._process = ForkedProcess("executor.main", self.log, self._variables)

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self._process is not None
        return self._process.stop()

    def wait(self) -> int:
        """Until it ends by itself; the exit code."""
        assert self._process is not None
        return self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal, for example SIGSTOP."""
        assert self._process is not None
        self._process.signal(number)

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()


def approval(
    number: int,
    symbol: Symbol,
    side: Side,
    *,
    mark_price: Decimal,
    size_coin: Decimal,
    now_ms: int,
    model: str = "deepseek",
    intent_kind: IntentKind = IntentKind.ENTRY,
    limit_price: Decimal | None = None,
    valid_until_ms: int | None = None,
    leverage: int = 5,
    epoch: str = "",
) -> Event[RiskApproved]:
    """An approval of an entry, or of the exit from a position of `side`; prices 5 % and 10 % from the mark."""
    instrument = INSTRUMENTS[symbol]
    is_entry = intent_kind is IntentKind.ENTRY
    order_side = entry_side(side) if is_entry else exit_side(side)
    direction = 1 if order_side is OrderSide.BUY else -1
    limit = limit_price or instrument.round_price(mark_price * (1 + direction * Decimal("0.005")))
    intent = OrderIntent(
        symbol=symbol,
        side=order_side,
        size_coin=instrument.round_size(size_coin),
        limit_price=limit,
        reduce_only=not is_entry,
        leverage=leverage if is_entry else None,
        mark_price=mark_price,
        notional_usd=size_coin * mark_price,
        initial_margin_usd=size_coin * mark_price / leverage,
        stop_loss_price=instrument.round_price(mark_price * (1 - side.sign * Decimal("0.05"))) if is_entry else None,
        take_profit_price=instrument.round_price(mark_price * (1 + side.sign * Decimal("0.1"))) if is_entry else None,
        valid_until_ms=valid_until_ms or (now_ms + 30_000 if is_entry else None),
    )
    data = RiskApproved(
        model=model, intent_kind=intent_kind, decision_id=f"decision-{number}", intent=intent, rules=(), epoch=epoch
    )
    return originate(data, keys=("test", number), time_ms=now_ms, now_ms=now_ms, cycle_id=f"cycle-{number}")
