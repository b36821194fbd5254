"""The exchange's error strings, as recorded from the real one, and the exceptions that carry them.

OrderError and BatchError concern orders, ActionError a whole action. Live per-order errors end in the asset's id.
"""

from decimal import Decimal

from simulator.exchange.order_status import OrderStatus


class OrderError(Exception):
    """One order, cancel or TWAP is refused. `status`: how historicalOrders then lists a new order; None: not at all."""

    def __init__(self, text: str, status: OrderStatus | None = None) -> None:
        super().__init__(text)
        self.status = status


class BatchError(Exception):
    """One statically invalid order refuses the whole batch with this single text."""


class ActionError(Exception):
    """The whole action is refused: {"status": "err"}."""


TICK = "Price must be divisible by tick size."
BAD_PRICE = "Order has invalid price."
BAD_SIZE = "Order has invalid size."
ZERO_SIZE = "Order has zero size."
MIN_NOTIONAL = "Order must have minimum value of $10."
MARGIN = "Insufficient margin to place order."
TIER = "Order would cause position to exceed margin tier limit at current leverage"
REDUCE_ONLY = "Reduce only order would increase position."
NO_MATCH = "Order could not immediately match against any resting orders."
BAD_TRIGGER = "Invalid TP/SL price."
NO_LIQUIDITY = "No liquidity available for market order."
TOO_FAR = "Order price cannot be more than 80% away from the reference price"
TOO_MANY_OPEN = "Order rejected: too many open orders."
EMPTY = "Orders are empty."
MAIN_TRIGGER = "Main order cannot be trigger order."
NO_CHILDREN = "Unexpected number of trigger orders"
INTEREST_CAP = "Order would increase open interest while open interest is capped"
INTEREST_PRICE = "Order rejected due to price more aggressive than oracle while at open interest cap"
INTEREST_SPEED = "Order would increase open interest too quickly"
NOT_ALWAYS = "Modified order must be able to rest; set a to place it in any case"
NO_BUILDER = "Builder fee has not been approved"
GONE = "Order was never placed, already canceled, or filled."
NOT_MODIFIABLE = "Cannot modify canceled or filled order"
LEVERAGE = "Invalid leverage value"
SWITCH = "Cannot switch leverage type with open position."
CROSS_LEVERAGE = (
    "Cross position does not have sufficient margin available to decrease leverage. "
    "To decrease leverage, deposit more collateral."
)
ISOLATED_LEVERAGE = (
    "Isolated position does not have sufficient margin available to decrease leverage. "
    "To decrease leverage, add margin to the position."
)
NOT_ISOLATED = "Position does not use isolated margin."
NO_POSITION = "Cannot update margin for empty position."
ZERO_MARGIN = "Update to isolated margin cannot be zero."
MARGIN_INCREASE = "Account does not have sufficient margin available for increase."
MARGIN_DECREASE = "Position does not have sufficient margin for reduction."
TRANSFER = "Insufficient balance for token transfer"
WITHDRAWAL = "Insufficient balance for withdrawal"
NOT_OWN_ACCOUNT = "Agent can only send asset to same user or their sub-accounts."
POOLED_ACCOUNT = "Action disabled when unified account is active"
POOLED_SOURCE = "Unified account only supports sending assets through spot"
NOT_BACK_TO_STANDARD = "Cannot disable account abstraction"
POST_ONLY_TIME = "Only post-only orders allowed immediately after a network upgrade"
AGENT_MODE = "Agent cannot set abstraction when dex abstraction is active"
TOO_MANY_SUBS = "Too many sub-accounts."
EXPIRED = "Action already expired"
REFERRAL = "Referral code not registered"
TWAP_GONE = "TWAP was never placed, already canceled, or filled."


def post_only(bid: str, ask: str) -> str:
    return f"Post only order would have immediately matched, bbo was {bid}@{ask}."


def volume_needed(what: str, required_usd: int, traded_usd: Decimal) -> str:
    traded = format(round(traded_usd, 2).normalize(), "f")
    return f"Cannot {what} until enough volume traded. Required: ${required_usd}. Traded: ${traded}."
