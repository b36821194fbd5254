"""Time-weighted growth: what one dollar in an account has become, whatever was paid in or out meanwhile. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

EMPTY_USD: Final = Decimal("0.01")
"""An account that holds less has been emptied, or has lost everything: a ratio to it would mean nothing."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth (1 at the start) that had been reached when the account held `equity_usd`, after its last transfer.

    Between transfers growth is proportional to equity. A transfer changes the equity that the growth refers to, and
    not the growth. While nothing is in the account its growth stands still.
    """

    value: Decimal
    equity_usd: Decimal

    @classmethod
    def begun_with(cls, equity_usd: Decimal) -> "Growth":
        """Of an account that begins now."""
        return cls(Decimal(1), equity_usd)

    def at(self, equity_usd: Decimal) -> Decimal:
        """The growth when the account holds `equity_usd`, without a transfer since."""
        if self.equity_usd < EMPTY_USD:
            return self.value
        return self.value * max(Decimal(0), equity_usd) / self.equity_usd

    def with_transfer(self, equity_usd: Decimal, moved_usd: Decimal) -> "Growth":
        """After money was moved in (out: negative), when the account holds `equity_usd`.

        What was gained or lost since the last transfer counts as before this one.
        """
        if moved_usd == 0:
            return self
        return Growth(self.at(equity_usd - moved_usd), equity_usd)
