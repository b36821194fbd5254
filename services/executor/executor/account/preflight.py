"""What must be true of an account and its API wallet before the first order: asked of the exchange itself."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from common.events import AlertSeverity
from common.events.alerts import AlertCode
from common.trading.instruments import INSTRUMENTS, Symbol
from executor.account.context import AccountContext, SetReady
from executor.config import ExecutorSettings, account_variable, key_variable
from executor.domain.account import AccountState
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import UNREADABLE, ExchangeError

Refuse = Callable[[tuple[str, ...]], None]

DAY_MS: Final = 86_400_000
INTERVAL_S: Final = 86_400.0
RETRY_S: Final = 5.0
RETRY_UNFIT_S: Final = 600.0
"""Until the next check: of an account that may trade, without an answer, and of one that may not enter."""
EXPIRY_WARNING_DAYS: Final = 7
SKEW_LIMIT_MS: Final = 2_000
MIN_FUNDS_USD: Final = Decimal(20)


@dataclass(frozen=True, slots=True)
class Findings:
    """`problems` forbid trading, each naming the setting and what to do; `warnings` a person should know."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class AccountChecks:
    """One account's checks: before the first entry, and daily. `may_enter` is their result; nothing but entries waits
    for them.

    An account that can't be traded as configured ends the service at its first check (`refuse`). One that becomes so
    later enters no more, with an alert; its positions stay protected and its exits go on.
    """

    def __init__(self, context: AccountContext, set_ready: SetReady, refuse: Refuse) -> None:
        self._context, self._clock = context, context.clock
        self._set_ready, self._refuse = set_ready, refuse
        self._was_fit = self.may_enter = False
        self._due_at = float("-inf")

    def is_due(self) -> bool:
        return self._clock.monotonic() >= self._due_at

    def invalidate(self) -> None:
        """What the account may do has perhaps changed."""
        self._due_at = float("-inf")

    async def run(self) -> None:
        """One check; without an answer of the exchange another one follows soon."""
        self._due_at = self._clock.monotonic() + RETRY_S
        try:
            findings = await check_account(self._context.exchange, self._context.settings, self._context.model)
        except (ExchangeError, *UNREADABLE) as error:
            self._context.log.warning("the account can't be checked yet", model=self._context.model, reason=repr(error))
            return
        if findings.problems and not self._was_fit:
            self._set_ready(f"account-{self._context.model}", False, "; ".join(findings.problems))
            self._refuse(findings.problems)
            await asyncio.Event().wait()
        self._was_fit, self.may_enter = True, not findings.problems
        self._due_at = self._clock.monotonic() + (RETRY_UNFIT_S if findings.problems else INTERVAL_S)
        now_ms = self._clock.now_ms()
        warnings = [(AlertCode.API_WALLET_ENDS, AlertSeverity.WARNING, text) for text in findings.warnings]
        problems = [(AlertCode.ACCOUNT_REFUSED, AlertSeverity.CRITICAL, text) for text in findings.problems]
        for code, severity, text in (*warnings, *problems):
            await self._context.alert(code, severity, text, key=(text, now_ms // DAY_MS), now_ms=now_ms)


async def check_account(exchange: ExchangeClient, settings: ExecutorSettings, model: str) -> Findings:
    """Raises ExchangeUnavailable. On paper only key and account are checked: its market has its own time."""
    key, account = key_variable(model), account_variable(model)
    wallet = exchange.wallet_address
    role = await exchange.role_of(wallet)
    if role["role"] != "agent":
        return Findings((_not_an_api_wallet(key, wallet, role["role"]),))
    master = role["data"]["user"].lower()
    if master != exchange.address:
        account_role = await exchange.role_of(exchange.address)
        return Findings((_not_its_account(key, account, exchange.address, master, account_role),))
    if settings.hyperliquid_env == "paper":
        return Findings(())
    meta = await exchange.load_universe()
    asked_ms = exchange.now_ms()
    state = await exchange.account_state()
    skew_ms = state.time_ms - (asked_ms + exchange.now_ms()) // 2
    problems = [
        *check_clock(skew_ms),
        *check_funds(account, state),
        *check_instruments(meta, settings.coins, settings.max_leverage),
    ]
    expired, warnings = check_expiry(key, wallet, await exchange.api_wallets(), exchange.now_ms())
    return Findings((*problems, *expired), tuple(warnings))


def _not_an_api_wallet(key: str, wallet: str, role: str) -> str:
    if role == "missing":
        return f"{key}: {wallet} is no API wallet of any account (any more); approve one and give its key"
    return f"{key}: {wallet} is an account of its own ({role}), whose key can withdraw; give an API wallet's key"


def _not_its_account(key: str, account: str, address: str, master: str, role: Mapping[str, Any]) -> str:
    if role["role"] == "agent":
        return f"{account}: {address} is an API wallet; give the address of the account that it trades for"
    if role["role"] == "missing":
        return f"{account}: the exchange knows no account {address}; deposit to it first, or correct the address"
    if role["role"] == "subAccount":
        return f"{account}: {address} is a sub-account, which can't be traded here; give a main account"
    return f"{key}: its API wallet trades for {master}, not for {address}; swap the keys, or approve one for it"


def check_clock(skew_ms: int) -> list[str]:
    """Problems of a system clock that differs from the exchange's by `skew_ms`."""
    if abs(skew_ms) <= SKEW_LIMIT_MS:
        return []
    where = "behind" if skew_ms > 0 else "ahead of"
    return [f"SYSTEM_CLOCK: is {abs(skew_ms)} ms {where} the exchange's; set it by NTP"]


def check_funds(account: str, state: AccountState) -> list[str]:
    """Problems of an account that holds too little to trade with; one that holds positions may be low."""
    if state.equity_usd >= MIN_FUNDS_USD or state.positions or state.external:
        return []
    return [
        f"{account}: holds {state.equity_usd:.2f} USD in perpetuals; "
        f"at least {MIN_FUNDS_USD} are needed, deposit or transfer from spot"
    ]


def check_instruments(meta: Mapping[str, Any], coins: tuple[Symbol, ...], max_leverage: int) -> list[str]:
    """The coins are listed with the lots that sizes are rounded to, and with leverage as high as may be asked for."""
    listed = {row["name"]: row for row in meta["universe"]}
    problems = []
    for symbol in coins:
        instrument, row = INSTRUMENTS[symbol], listed.get(symbol.value)
        if row is None or row.get("isDelisted"):
            problems.append(f"HYPERLIQUID_ENV: {symbol} is not listed on this exchange; take it out of ARENA_FILE")
        elif int(row["szDecimals"]) != instrument.size_decimals:
            problems.append(f"HYPERLIQUID_ENV: {symbol} has another lot on this exchange; take it out of ARENA_FILE")
        elif int(row["maxLeverage"]) < min(max_leverage, instrument.max_leverage):
            most = row["maxLeverage"]
            problems.append(f"MAX_LEVERAGE: {max_leverage} is more than {symbol} allows here; set it to {most} or less")
    return problems


def check_expiry(key: str, wallet: str, rows: list[Mapping[str, Any]], now_ms: int) -> tuple[list[str], list[str]]:
    """(problems, warnings). The exchange doesn't list an API wallet without a name, nor say when it expires."""
    for row in rows:
        if row["address"].lower() == wallet:
            left_days = (int(row["validUntil"]) - now_ms) / DAY_MS
            if left_days <= 0:
                return [f"{key}: the API wallet {row['name']!r} has expired; approve a new one and give its key"], []
            if left_days < EXPIRY_WARNING_DAYS:
                return [], [f"{key}: the API wallet {row['name']!r} expires in {left_days:.1f} days; approve a new one"]
    return [], []
