"""The exchange's own words. Source: recorded error strings; live per-order errors end in the asset's id."""


class OrderError(Exception):
    """One order of a batch is refused; `status` is its final state in the history, if it gets one."""

    def __init__(self, text: str, status: str | None = None) -> None:
        super().__init__(text)
        self.status = status


class ActionError(Exception):
    """The whole action is refused: {"status": "err"}."""


TICK = "Price must be divisible by tick size."
BAD_SIZE = "Order has invalid size."
ZERO_SIZE = "Order has zero size."
MIN_NOTIONAL = "Order must have minimum value of $10."
MARGIN = "Insufficient margin to place order."
REDUCE_ONLY = "Reduce only order would increase position."
NO_MATCH = "Order could not immediately match against any resting orders."
BAD_TRIGGER = "Invalid TP/SL price."
NO_LIQUIDITY = "No liquidity available for market order."
TOO_FAR = "Order price cannot be more than 80% away from the reference price"
GONE = "Order was never placed, already canceled, or filled."
LEVERAGE = "Invalid leverage value"
SWITCH = "Cannot switch leverage type with open position."


def post_only(bid: str, ask: str) -> str:
    return f"Post only order would have immediately matched, bbo was {bid}@{ask}."
