"""All rules in the order in which they are judged: the order of the modules here, and within each as written there.

The first failing rule names the denial, so the order decides which code a model reads.
"""

from typing import Final

from risk.gate.rules import decision, entry_limits, frequency, freshness, loss, order, position, trading_state
from risk.gate.rules.rule import rules_of

RULES: Final = (
    *rules_of(trading_state),
    *rules_of(freshness),
    *rules_of(decision),
    *rules_of(position),
    *rules_of(entry_limits),
    *rules_of(loss),
    *rules_of(order),
    *rules_of(frequency),
)
