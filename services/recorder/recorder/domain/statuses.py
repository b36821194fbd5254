"""How far orders have come, and what risk decided, as the tables store them. Pure."""

from enum import StrEnum


class OrderStatus(StrEnum):
    """The latest thing that happened to an order; its cancellation is spelled as on the exchange's wire."""

    ACCEPTED = "accepted"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"

    @property
    def rank(self) -> int:
        """A status replaces one of the same or a lower rank, in whatever order the events arrive: a fill disproves a
        rejection, and what is left of a partly filled order is cancelled."""
        return {OrderStatus.FILLED: 2, OrderStatus.CANCELED: 3}.get(self, 1)


class Verdict(StrEnum):
    """What risk decided about an intent."""

    APPROVED = "APPROVED"
    DENIED = "DENIED"
