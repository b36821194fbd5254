"""What must be true of an account, its API wallet and the coins for an entry: asked at start, daily, and on request."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from common.events import AlertSeverity, LeverageLimit
from common.events.alerts import AlertCode
from common.trading.durations import DAY_MS, NEVER
from common.trading.instruments import INSTRUMENTS, Symbol
from executor.account import metrics
from executor.account.context import AccountContext
from executor.config import ExecutorSettings
from executor.domain.account import AccountState
from executor.domain.account_standing import coin_problem, mode_problems, read_leverage_limits
from executor.domain.variables import account_variable, key_variable
from executor.exchange.client import ExchangeClient
from executor.exchange.errors import UNREADABLE, ExchangeUnavailable, RateLimited

ROUND: Final = ("userRole", "userAbstraction", "meta")
"""The heavy questions of a round that finds nothing wrong."""
EXPIRY_WARNING_DAYS: Final = 7
MIN_FUNDS_USD: Final = Decimal(20)
INTERVAL_S: Final = 86_400.0
RECHECK_S: Final = 300.0
"""While something is wrong, or after a check that got no answer; a round costs about 120 of the request weight."""
INSTRUMENTS_AGE_S: Final = 60.0
"""Of instruments that another account, or the start, has asked for: they change by announcement."""
SOONEST_S: Final = 10.0
"""Between two rounds, whoever asks for them; also until the first one has been answered."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found out about an account.

    `problems` forbid its entries, each naming the setting and what to do; `coin_problems` forbid those on a coin, by
    `leverage_limits`; `warnings` (code, text) a person should know.
    """

    problems: tuple[str, ...] = ()
    coin_problems: tuple[str, ...] = ()
    warnings: tuple[tuple[AlertCode, str], ...] = ()
    wallet_left_s: float | None = None
    leverage_limits: tuple[LeverageLimit, ...] = ()


async def check_account(exchange: ExchangeClient, settings: ExecutorSettings, model: str) -> Findings:
    """Asks the exchange about an account, its wallet and the coins; also reads the mode again. Raises
    ExchangeUnavailable.

    On paper neither clock nor funds are checked: its market has its own time, and its money is the arena's own.
    """
    key, account = key_variable(model), account_variable(model)
    wallet = exchange.wallet_address
    role = await exchange.role_of(wallet)
    if role["role"] != "agent":
        return Findings((_not_an_api_wallet(key, wallet, role["role"]),))
    master = role["data"]["user"].lower()
    if master != exchange.address:
        account_role = await exchange.role_of(exchange.address)
        return Findings((_not_its_account(key, account, exchange.address, master, account_role),))
    problems = mode_problems(account, await exchange.read_mode())
    meta = await exchange.refresh_universe(INSTRUMENTS_AGE_S)
    coins = check_coins(meta, settings.coins)
    limits = read_leverage_limits(meta, settings.coins)
    warnings = check_leverage(limits, settings.max_leverage)
    if settings.hyperliquid_env == "paper":
        return Findings(tuple(problems), tuple(coins), tuple(warnings), leverage_limits=limits)
    problems += check_funds(account, await exchange.whole_state())
    wallets = await exchange.api_wallets()
    expired, ending = check_expiry(key, wallet, wallets, exchange.now_ms())
    warnings += [(AlertCode.API_WALLET_ENDS, text) for text in ending]
    left_s = wallet_left_s(wallet, wallets, exchange.now_ms())
    return Findings((*problems, *expired), tuple(coins), tuple(warnings), left_s, limits)


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


def check_funds(account: str, state: AccountState) -> list[str]:
    """Problems of an account that holds too little to trade with; one that holds positions may be low."""
    if state.equity_usd >= MIN_FUNDS_USD or state.positions or state.external:
        return []
    return [
        f"{account}: holds {state.equity_usd:.2f} USD to trade with; at least {MIN_FUNDS_USD} are needed, "
        "deposit USDC, or transfer it from spot to perpetuals"
    ]


def check_coins(meta: Mapping[str, Any], coins: tuple[Symbol, ...]) -> list[str]:
    """Coins that are not listed, or with another lot than the one that sizes are rounded to: no entry opens them."""
    listed = {row["name"]: row for row in meta["universe"]}
    problems = [coin_problem(listed.get(symbol.value), symbol) for symbol in coins]
    return [f"HYPERLIQUID_ENV: {problem}; take it out of ARENA_FILE" for problem in problems if problem is not None]


def check_leverage(limits: Iterable[LeverageLimit], max_leverage: int) -> list[tuple[AlertCode, str]]:
    """A warning per coin for which the exchange allows less leverage now than MAX_LEVERAGE and the instrument."""
    most = {each.symbol: each.max_leverage for each in limits if each.lower_bound_usd == 0 and each.max_leverage > 0}
    return [
        (
            AlertCode.LEVERAGE_LOWERED,
            f"{symbol} allows at most {allowed}x on this exchange now; entries are judged by it",
        )
        for symbol, allowed in most.items()
        if allowed < min(max_leverage, INSTRUMENTS[symbol].max_leverage)
    ]


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


def wallet_left_s(wallet: str, rows: list[Mapping[str, Any]], now_ms: int) -> float | None:
    """Until the API wallet expires, in seconds; None for one that the exchange doesn't list."""
    ends = [int(row["validUntil"]) for row in rows if row["address"].lower() == wallet]
    return (min(ends) - now_ms) / 1000 if ends else None


class AccountChecks:
    """Runs the preflight of one account when it is due and keeps the account's standing. Called by its worker alone.

    What the checks find holds back this account's entries, with one CRITICAL alert when that begins and an INFO when it
    is over; nothing else stops, and a check that gets no answer changes nothing. Until the first one has been answered
    no entry goes out.
    """

    def __init__(self, context: AccountContext) -> None:
        self._context = context
        self._due_at = self._soonest_at = NEVER
        self._is_answered = False
        self._alerted: tuple[str, ...] = ()
        self._alerted_coins: tuple[str, ...] = ()

    def is_due(self) -> bool:
        now = self._context.clock.monotonic()
        return now >= self._soonest_at and (self._context.standing.is_check_due or now >= self._due_at)

    async def run(self) -> None:
        """One round of checks. Raises what the outbox raises while the database is away; the next one repeats it."""
        context, standing = self._context, self._context.standing
        now, standing.is_check_due = context.clock.monotonic(), False
        self._due_at, self._soonest_at = now + RECHECK_S, now + SOONEST_S
        try:
            if not context.exchange.has_room(*ROUND):
                raise RateLimited("REQUEST_WEIGHT_PER_MINUTE is used up")
            findings = await check_account(context.exchange, context.settings, context.model)
        except (ExchangeUnavailable, *UNREADABLE) as error:
            context.log.warning(
                "the account could not be checked; trying again", model=context.model, reason=repr(error)
            )
            if not self._is_answered:
                self._due_at = self._soonest_at
            return
        self._is_answered = True
        standing.problems, standing.leverage_limits = findings.problems, findings.leverage_limits
        if findings.wallet_left_s is not None:
            metrics.WALLET_LEFT_S.labels(context.model).set(findings.wallet_left_s)
        if not (findings.problems or findings.coin_problems):
            self._due_at = context.clock.monotonic() + INTERVAL_S
        await self._alert(findings)

    async def _alert(self, findings: Findings) -> None:
        """Alerts what is new; an alert that could not be stored is tried again with the next round."""
        now_ms = self._context.clock.now_ms()
        for known, found in ((self._alerted, findings.problems), (self._alerted_coins, findings.coin_problems)):
            if found and found != known:
                await self._context.alert(
                    AlertCode.ACCOUNT_REFUSED,
                    AlertSeverity.CRITICAL,
                    "no entry is sent, exits and protection go on: " + "; ".join(found),
                    key=now_ms,
                    now_ms=now_ms,
                )
        if (self._alerted or self._alerted_coins) and not (findings.problems or findings.coin_problems):
            await self._context.alert(
                AlertCode.ACCOUNT_ACCEPTED, AlertSeverity.INFO, "entries are sent again", key=now_ms, now_ms=now_ms
            )
        self._alerted, self._alerted_coins = findings.problems, findings.coin_problems
        for code, text in findings.warnings:
            await self._context.alert(code, AlertSeverity.WARNING, text, key=now_ms // DAY_MS, now_ms=now_ms)
