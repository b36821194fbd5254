"""The statuses of an order, as orderStatus and historicalOrders show them. Source: Hyperliquid docs, Order status."""

from enum import StrEnum


class OrderStatus(StrEnum):
    """OPEN and TRIGGERED are the statuses of an open order; every other one ends it.

    An order starts OPEN, or ends at once when it is rejected or filled. A trigger order that fires is recorded as
    TRIGGERED and then follows the life of a plain order under the same id.
    """

    OPEN = "open"
    TRIGGERED = "triggered"
    FILLED = "filled"
    CANCELED = "canceled"
    MARGIN_CANCELED = "marginCanceled"
    SELF_TRADE_CANCELED = "selfTradeCanceled"
    REDUCE_ONLY_CANCELED = "reduceOnlyCanceled"
    SIBLING_FILLED_CANCELED = "siblingFilledCanceled"
    LIQUIDATED_CANCELED = "liquidatedCanceled"
    SCHEDULED_CANCEL = "scheduledCancel"
    DELISTED_CANCELED = "delistedCanceled"
    OPEN_INTEREST_CAP_CANCELED = "openInterestCapCanceled"
    REJECTED = "rejected"
    IOC_CANCEL_REJECTED = "iocCancelRejected"
    BAD_ALO_PX_REJECTED = "badAloPxRejected"
    MIN_TRADE_NTL_REJECTED = "minTradeNtlRejected"
    PERP_MARGIN_REJECTED = "perpMarginRejected"
    REDUCE_ONLY_REJECTED = "reduceOnlyRejected"
    BAD_TRIGGER_PX_REJECTED = "badTriggerPxRejected"
    MARKET_ORDER_NO_LIQUIDITY_REJECTED = "marketOrderNoLiquidityRejected"
    PERP_MAX_POSITION_REJECTED = "perpMaxPositionRejected"
    POSITION_INCREASE_AT_OPEN_INTEREST_CAP_REJECTED = "positionIncreaseAtOpenInterestCapRejected"
    POSITION_FLIP_AT_OPEN_INTEREST_CAP_REJECTED = "positionFlipAtOpenInterestCapRejected"
    TOO_AGGRESSIVE_AT_OPEN_INTEREST_CAP_REJECTED = "tooAggressiveAtOpenInterestCapRejected"
    OPEN_INTEREST_INCREASE_REJECTED = "openInterestIncreaseRejected"


CANCELS_BY_EXCHANGE = frozenset(
    {
        OrderStatus.MARGIN_CANCELED,
        OrderStatus.SELF_TRADE_CANCELED,
        OrderStatus.REDUCE_ONLY_CANCELED,
        OrderStatus.SIBLING_FILLED_CANCELED,
        OrderStatus.LIQUIDATED_CANCELED,
        OrderStatus.SCHEDULED_CANCEL,
        OrderStatus.OPEN_INTEREST_CAP_CANCELED,
        OrderStatus.DELISTED_CANCELED,
    }
)
"""The statuses of orders that the exchange, not the account, has cancelled."""
