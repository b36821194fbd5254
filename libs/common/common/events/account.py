"""The exchange's view of one model's account, published after each change and at least every five seconds."""

from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

from common.events.envelope import Amount, Fact, Payload, renamed_fields
from common.trading.epochs import epoch_of
from common.trading.instruments import INSTRUMENTS, Instrument, MarginTier, Symbol
from common.trading.orders import OrderRole, OrderSide, Side


class AccountPosition(Fact):
    """One open position. `liquidation_price` is None when nothing liquidates it; positive funding was paid.

    `protected` is true when stops on the exchange cover the whole size. `intent_id` is None for a position that
    the arena did not order.
    """

    _version_1 = renamed_fields(unrealised_pnl_usd="unrealized_pnl_usd")

    symbol: Symbol
    side: Side
    size_coin: Amount
    entry_price: Amount
    mark_price: Amount
    leverage: int
    is_isolated: bool
    notional_usd: Amount
    unrealized_pnl_usd: Amount
    margin_used_usd: Amount
    liquidation_price: Amount | None
    funding_since_open_usd: Amount
    stop_loss_price: Amount | None
    take_profit_price: Amount | None
    protected: bool
    intent_id: str | None
    cycle_id: str | None
    opened_ms: int | None

    @property
    def confirmed_stop_price(self) -> Decimal | None:
        """The stop, if the exchange has confirmed that it covers the whole size."""
        return self.stop_loss_price if self.protected else None


class AccountOrder(Fact):
    """One open order, triggers included."""

    order_id: int
    client_order_id: str | None
    symbol: Symbol
    role: OrderRole
    side: OrderSide
    size_coin: Amount
    price: Amount
    trigger_price: Amount | None
    reduce_only: bool


class ExternalPosition(Fact):
    """A position on a coin that the arena doesn't trade; it was opened by hand."""

    _version_1 = renamed_fields(unrealised_pnl_usd="unrealized_pnl_usd")

    coin: str
    side: Side
    size_coin: Amount
    notional_usd: Amount
    unrealized_pnl_usd: Amount


class AccountSums(Fact):
    """What moved an account's balance since `since_ms`, when it was `start_cash_usd`; from the exchange's own record.

    balance = start + closed P&L − fees + funding + transfers. Funding and transfers positive came in. Margin that the
    exchange's backstop kept lowers the closed P&L, a deficit that it bore raises it.
    """

    since_ms: int
    start_cash_usd: Amount
    closed_pnl_usd: Amount
    fees_usd: Amount
    funding_usd: Amount
    transfers_usd: Amount


class LeverageLimit(Fact):
    """Where the exchange allows less leverage than `common.trading.instruments`: from a notional (USD) on; 0: none."""

    symbol: Symbol
    lower_bound_usd: Amount
    max_leverage: int


class AccountUpdated(Payload):
    """One account as the exchange reports it; sums in USD.

    `covers` names the intents whose effect is wholly contained in this state, `open_intents` those without a known
    outcome. `state_ms` is the exchange's time of the state, `received_ms` the wall time at which it came. `sums`
    explain the balance of this very state; None until the executor has begun to keep them, and while it can't. `stale`
    names what of the executor's records is behind the state: fills, orders, cash. `clock_ahead_ms` is how far the
    exchange's clock is ahead of the executor's machine's; None while it isn't known.

    `environment` with `address` says whose state this is; empty in events of executors that did not say. `mode` is the
    exchange's word for how the account's collateral is kept. `is_explained` is false while no fill, funding or
    transfer explains the equity: it is then neither profit nor loss. `problems` say why the executor sends no entry.
    `leverage_limits` are where the exchange allows less leverage than the built-in instruments do.
    """

    TYPE: ClassVar[str] = "account.updated"
    VERSION: ClassVar[int] = 3
    READS: ClassVar[tuple[int, ...]] = (2, 1)
    _version_1 = renamed_fields(unrealised_pnl_usd="unrealized_pnl_usd", foreign_positions="external_positions")
    _version_2 = renamed_fields(cash_usd="balance_usd", withdrawable_usd="available_balance_usd")

    model: str
    address: str
    equity_usd: Amount
    balance_usd: Amount
    available_balance_usd: Amount
    margin_used_usd: Amount
    maintenance_margin_usd: Amount
    unrealized_pnl_usd: Amount
    total_notional_usd: Amount
    positions: tuple[AccountPosition, ...]
    open_orders: tuple[AccountOrder, ...]
    covers: tuple[str, ...]
    open_intents: tuple[str, ...]
    state_ms: int
    received_ms: int
    external_positions: tuple[ExternalPosition, ...] = ()
    sums: AccountSums | None = None
    stale: tuple[str, ...] = ()
    environment: str = ""
    mode: str = ""
    is_explained: bool = True
    problems: tuple[str, ...] = ()
    leverage_limits: tuple[LeverageLimit, ...] = ()
    clock_ahead_ms: int | None = None

    @property
    def epoch(self) -> str:
        """The account that this state, and all that is stored about it, belongs to."""
        return epoch_of(self.environment, self.address)

    def instrument(self, symbol: Symbol) -> Instrument:
        """The instrument with no more leverage than the exchange allows now."""
        limits = [each for each in self.leverage_limits if each.symbol is symbol]
        return INSTRUMENTS[symbol].limited_by(MarginTier(each.lower_bound_usd, each.max_leverage) for each in limits)


class LedgerKind(StrEnum):
    """funding: the hourly payment; transfer: money in or out; trade: a fill on a coin that the arena doesn't trade;
    liquidation: the margin that the exchange's backstop kept with a position it took, or the deficit that it bore."""

    FUNDING = "funding"
    TRANSFER = "transfer"
    TRADE = "trade"
    LIQUIDATION = "liquidation"


class AccountLedger(Payload):
    """Money that came into an account or left it other than by a fill of an arena's coin, from the exchange's record.

    `amount_usd` positive was received. `reason` is the exchange's own word: deposit, withdraw, backstop, …
    `size_coin` (signed) and `rate_hourly` are those of a funding payment.
    """

    TYPE: ClassVar[str] = "account.ledger"

    model: str
    kind: LedgerKind
    amount_usd: Amount
    reason: str
    coin: str | None = None
    size_coin: Amount | None = None
    rate_hourly: Amount | None = None
