"""The modes of an account: whether perpetuals and spot have balances of their own or one in common.

An account keeps the word by which /info names its mode, also one that this exchange doesn't know: such an account is
treated as standard. Source: Hyperliquid docs, Account abstraction modes.
"""

from typing import Final, Literal

DEFAULT: Final = "default"
DISABLED: Final = "disabled"
UNIFIED: Final = "unifiedAccount"
PORTFOLIO_MARGIN: Final = "portfolioMargin"
DEX_ABSTRACTION: Final = "dexAbstraction"

POOLED: Final = frozenset({UNIFIED, PORTFOLIO_MARGIN})
"""One balance for perpetuals and spot, shown as the spot balance."""
USER_WORDS: Final = (DISABLED, UNIFIED, PORTFOLIO_MARGIN)
"""What userSetAbstraction may ask for."""
AGENT_WORDS: Final = {"i": DISABLED, "u": UNIFIED, "p": PORTFOLIO_MARGIN}
"""What agentSetAbstraction may ask for, by its letter."""
Setting = Literal["standard", "unified", "portfolioMargin", "dexAbstraction"]
OF_SETTING: Final[dict[Setting, str]] = {
    "standard": DEFAULT,
    "unified": UNIFIED,
    "portfolioMargin": PORTFOLIO_MARGIN,
    "dexAbstraction": DEX_ABSTRACTION,
}
