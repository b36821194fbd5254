"""What must be true of an account and its API wallet before the first order: asked of the exchange itself at start."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from common.trading.instruments import INSTRUMENTS
from common.trading.symbols import SYMBOLS
from executor.config import ExecutorSettings
from executor.domain.account import WireState
from executor.exchange.client import Venue
from executor.exchange.parse import state_of

DAY_MS = 86_400_000
EXPIRY_WARNING_DAYS = 7
SKEW_LIMIT_MS = 2_000
MIN_FUNDS_USD = Decimal(20)


@dataclass(frozen=True, slots=True)
class Findings:
    """`problems` forbid trading, each naming the setting and what to do; `warnings` a person should know."""

    problems: tuple[str, ...]
    warnings: tuple[str, ...] = ()


async def check_account(venue: Venue, settings: ExecutorSettings, model: str) -> Findings:
    """Raises VenueAway. On paper only who the key and the account are: its market may run at another time or speed."""
    key, account = f"HYPERLIQUID_PRIVATE_KEY_{model.upper()}", f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}"
    wallet = venue.wallet_address
    role = await venue.role_of(wallet)
    if role["role"] != "agent":
        return Findings((_not_an_agent(key, wallet, role["role"]),))
    master = role["data"]["user"].lower()
    if master != venue.address:
        return Findings((_not_its_account(key, account, venue.address, master, await venue.role_of(venue.address)),))
    if settings.hyperliquid_env == "paper":
        return Findings(())
    meta = await venue.open()
    asked_ms = venue.now_ms()
    state = state_of(await venue.state())
    skew_ms = state.time_ms - (asked_ms + venue.now_ms()) // 2
    problems = [
        *_clock(skew_ms),
        *_funds(account, state),
        *_instruments(meta, settings.max_leverage),
    ]
    expired, warnings = _expiry(key, wallet, await venue.agents(), venue.now_ms())
    return Findings((*problems, *expired), tuple(warnings))


def _not_an_agent(key: str, wallet: str, role: str) -> str:
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


def _clock(skew_ms: int) -> list[str]:
    if abs(skew_ms) <= SKEW_LIMIT_MS:
        return []
    where = "behind" if skew_ms > 0 else "ahead of"
    return [f"SYSTEM_CLOCK: is {abs(skew_ms)} ms {where} the exchange's; set it by NTP"]


def _funds(account: str, state: WireState) -> list[str]:
    if state.equity_usd >= MIN_FUNDS_USD or state.positions or state.foreign:
        return []
    return [
        f"{account}: holds {state.equity_usd:.2f} USD in perpetuals; "
        f"at least {MIN_FUNDS_USD} are needed, deposit or transfer from spot"
    ]


def _instruments(meta: Mapping[str, Any], max_leverage: int) -> list[str]:
    """The coins are listed with the lots that sizes are rounded to, and with leverage as high as may be asked for."""
    listed = {row["name"]: row for row in meta["universe"]}
    problems = []
    for symbol in SYMBOLS:
        ours, row = INSTRUMENTS[symbol], listed.get(symbol.value)
        if row is None or row.get("isDelisted"):
            problems.append(f"HYPERLIQUID_ENV: {symbol} is not listed on this exchange, which can't be traded so")
        elif int(row["szDecimals"]) != ours.size_decimals:
            problems.append(f"HYPERLIQUID_ENV: {symbol} has another lot on this exchange, which can't be traded so")
        elif int(row["maxLeverage"]) < min(max_leverage, ours.max_leverage):
            most = row["maxLeverage"]
            problems.append(f"MAX_LEVERAGE: {max_leverage} is more than {symbol} allows here; set it to {most} or less")
    return problems


def _expiry(key: str, wallet: str, agents: list[Mapping[str, Any]], now_ms: int) -> tuple[list[str], list[str]]:
    """(problems, warnings). An unnamed API wallet isn't listed: the exchange doesn't tell its end."""
    for agent in agents:
        if agent["address"].lower() == wallet:
            left_days = (int(agent["validUntil"]) - now_ms) / DAY_MS
            if left_days <= 0:
                return [f"{key}: the API wallet {agent['name']!r} has expired; approve a new one and give its key"], []
            if left_days < EXPIRY_WARNING_DAYS:
                return [], [f"{key}: the API wallet {agent['name']!r} ends in {left_days:.1f} days; approve a new one"]
    return [], []
