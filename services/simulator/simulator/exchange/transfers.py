"""Transfers between accounts, withdrawals, and sub-accounts: keyless accounts that belong to a master."""

import hashlib
from decimal import Decimal

from simulator.exchange import errors
from simulator.exchange.errors import ActionError
from simulator.exchange.state.account import Account, figures
from simulator.exchange.state.exchange import Exchange
from simulator.numbers import number_text

SUB_VOLUME_USD = 100_000
MAX_SUBS = 10
WITHDRAW_FEE_USD = Decimal(1)


def sub_accounts_of(exchange: Exchange, master: str) -> list[Account]:
    return [account for account in exchange.accounts.values() if account.master == master]


def create_sub(exchange: Exchange, master: str, name: str) -> Account:
    """A new empty sub-account. Raises ActionError."""
    _check_name(exchange, master, name)
    traded = exchange.accounts[master].volume_usd
    if traded < SUB_VOLUME_USD:
        raise ActionError(errors.volume_needed("create sub-accounts", SUB_VOLUME_USD, traded))
    subs = sub_accounts_of(exchange, master)
    if len(subs) >= MAX_SUBS:
        raise ActionError(errors.TOO_MANY_SUBS)
    address = "0x" + hashlib.sha256(f"{master}:{len(subs)}".encode()).hexdigest()[:40]
    account = Account(address, master=master, name=name)
    exchange.accounts[address] = account
    exchange.changes.accounts.add(address)
    return account


def _check_name(exchange: Exchange, master: str, name: str) -> None:
    if not isinstance(name, str) or not 1 <= len(name) <= 16:
        raise ActionError("Sub-account name must be between 1 and 16 characters long")
    if any(account.name == name for account in sub_accounts_of(exchange, master)):
        raise ActionError("Sub-account name already used.")


def rename_sub(exchange: Exchange, sub: Account, name: str) -> None:
    """Raises ActionError for an invalid name or one that is in use."""
    _check_name(exchange, sub.master or "", name)
    sub.name = name
    exchange.changes.accounts.add(sub.address)


def move_spot(exchange: Exchange, source: Account, target: Account, usd: Decimal) -> None:
    """Moves that much between two accounts' spot balances."""
    for account, change in ((source, -usd), (target, usd)):
        account.spot_usd += change
        account.paid_in_usd += change
        exchange.changes.accounts.add(account.address)


def check_withdrawable(exchange: Exchange, account: Account, usd: Decimal) -> None:
    """Raises ActionError unless that much is withdrawable."""
    if usd <= 0 or usd > figures(account, exchange.marks()).withdrawable:
        raise ActionError(errors.TRANSFER)


def move(exchange: Exchange, sender: str, target: str, usd: Decimal, now_ms: int, kind: str) -> None:
    """Moves withdrawable cash to another account, which is created if it is new. Raises ActionError."""
    source = exchange.accounts[sender]
    check_withdrawable(exchange, source, usd)
    account = exchange.accounts.setdefault(target, Account(target))
    source.raw_usd -= usd
    source.paid_in_usd -= usd
    account.raw_usd += usd
    account.paid_in_usd += usd
    for address in (sender, target):
        exchange.changes.accounts.add(address)
        delta = {"type": kind, "usdc": number_text(usd), "user": sender, "destination": target}
        exchange.append_ledger(address, now_ms, delta if kind == "subAccountTransfer" else delta | {"fee": "0.0"})


def withdraw(exchange: Exchange, address: str, usd: Decimal, nonce: int, now_ms: int) -> None:
    """Withdraws cash from the exchange, less a fee of one dollar. Raises ActionError."""
    account = exchange.accounts[address]
    if usd <= WITHDRAW_FEE_USD or usd > figures(account, exchange.marks()).withdrawable:
        raise ActionError(errors.WITHDRAWAL)
    account.raw_usd -= usd
    account.paid_in_usd -= usd
    exchange.fees += WITHDRAW_FEE_USD
    exchange.withdrawn += usd - WITHDRAW_FEE_USD
    exchange.changes.accounts.add(address)
    delta = {
        "type": "withdraw",
        "usdc": number_text(usd - WITHDRAW_FEE_USD),
        "nonce": nonce,
        "fee": number_text(WITHDRAW_FEE_USD),
    }
    exchange.append_ledger(address, now_ms, delta)
