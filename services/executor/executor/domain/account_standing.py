"""What is known of an account as a whole: in which mode it is, and whether it may open positions. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from common.events import LeverageLimit
from common.trading.instruments import INSTRUMENTS, MarginTier, Symbol

STANDARD_MODES: Final = ("default", "disabled", "dexAbstraction")
"""Perpetuals and spot have balances of their own. Source: Hyperliquid docs, Account abstraction modes."""
UNIFIED_MODE: Final = "unifiedAccount"
POOLED_MODES: Final = (UNIFIED_MODE, "portfolioMargin")
"""Perpetuals and spot have one balance, which the spot state shows."""
NOT_CHECKED: Final = "the account could not be checked yet"
ABOUT_THE_ACCOUNT: Final = ("does not exist", "delisted", "leverage", "abstraction", "must deposit")
"""Words of a refusal that is about the account, its wallet or a coin, not about the order."""


@dataclass(slots=True)
class AccountStanding:
    """Written by the account's checks and its cash reconciliation, read before each entry, published with each state.

    `problems` forbid entries, each naming a setting and what to do; nothing here concerns exits and protection.
    `is_check_due` asks for new checks at once.
    """

    environment: str
    mode: str = ""
    is_explained: bool = True
    problems: tuple[str, ...] = (NOT_CHECKED,)
    leverage_limits: tuple[LeverageLimit, ...] = ()
    is_check_due: bool = False

    def may_enter(self, symbol: Symbol) -> bool:
        """Whether an entry on that coin may be sent."""
        is_tradable = all(limit.max_leverage > 0 for limit in self.leverage_limits if limit.symbol is symbol)
        return not self.problems and self.is_explained and is_tradable

    def note_refusal(self, reason: str) -> None:
        """The exchange refused an order: where its words are about the account, the checks are repeated."""
        if any(word in reason.lower() for word in ABOUT_THE_ACCOUNT):
            self.is_check_due = True


def is_other_balance(before: str | None, now: str) -> bool:
    """Whether another balance is the account's cash now than in the mode before; one that is not known was standard."""
    return (before in POOLED_MODES) != (now in POOLED_MODES)


def mode_problems(account: str, mode: str) -> list[str]:
    """Problems of an account in a mode that is not traded in; `account` is the setting that names it."""
    if mode in (*STANDARD_MODES, UNIFIED_MODE):
        return []
    return [
        f"{account}: is in the mode {mode!r}, which is not supported (standard and unified are). The exchange is "
        "reported to refuse the way back: close the positions, open a new account, and give its address and API wallet"
    ]


def read_leverage_limits(meta: Mapping[str, Any], coins: Iterable[Symbol]) -> tuple[LeverageLimit, ...]:
    """Where the exchange's present tables allow less leverage than the built-in ones; 0 where it can't be traded."""
    listed = {row["name"]: row for row in meta["universe"]}
    tables = {int(number): table for number, table in meta.get("marginTables", ())}
    limits: list[LeverageLimit] = []
    for symbol in coins:
        row = listed.get(symbol.value)
        if coin_problem(row, symbol) is not None or row is None:
            tiers = [MarginTier(Decimal(0), 0)]
        else:
            tiers = _tiers_of(row, tables)
        if INSTRUMENTS[symbol].limited_by(tiers) != INSTRUMENTS[symbol]:
            limits += [
                LeverageLimit(symbol=symbol, lower_bound_usd=tier.lower_bound_usd, max_leverage=tier.max_leverage)
                for tier in tiers
            ]
    return tuple(limits)


def coin_problem(row: Mapping[str, Any] | None, symbol: Symbol) -> str | None:
    """Why a coin, given its row of the exchange's universe, can't be traded as its instrument says."""
    if row is None or row.get("isDelisted"):
        return f"{symbol} is not listed on this exchange"
    if int(row["szDecimals"]) != INSTRUMENTS[symbol].size_decimals:
        return f"{symbol} has another lot on this exchange"
    return None


def _tiers_of(row: Mapping[str, Any], tables: Mapping[int, Mapping[str, Any]]) -> list[MarginTier]:
    """The coin's maximum, and the tiers of its margin table where it has one."""
    table = tables.get(int(row.get("marginTableId", 0)), {"marginTiers": ()})
    tiers = [MarginTier(Decimal(tier["lowerBound"]), int(tier["maxLeverage"])) for tier in table["marginTiers"]]
    most = int(row["maxLeverage"])
    return [MarginTier(tier.lower_bound_usd, min(tier.max_leverage, most)) for tier in tiers] or [
        MarginTier(Decimal(0), most)
    ]
