"""Transfers between accounts, withdrawals, account modes, and sub-accounts: keyless accounts of a master."""

import hashlib
from decimal import Decimal
from typing import Any

from simulator.exchange import errors
from simulator.exchange.errors import ActionError
from simulator.exchange.state import account_modes, ledger_rows
from simulator.exchange.state.account import Account, figures, position_hold_usd, total_usd
from simulator.exchange.state.exchange import Exchange
from simulator.exchange.state.ledger_rows import Parties
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
    account = Account(address, master=master, name=name, mode=exchange.accounts[master].mode)
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


def change_mode(exchange: Exchange, address: str, mode: str) -> None:
    """Changes an account's mode. Raises ActionError for the way back to balances of their own."""
    account = exchange.accounts[address]
    if account.is_pooled and mode not in account_modes.POOLED:
        raise ActionError(errors.NOT_BACK_TO_STANDARD)
    account.set_mode(mode)
    exchange.changes.accounts.add(address)


def check_separate(account: Account) -> None:
    """Raises ActionError where perpetuals and spot have one balance."""
    if account.is_pooled:
        raise ActionError(errors.POOLED_ACCOUNT)


def spot_available_usd(exchange: Exchange, account: Account) -> Decimal:
    """What of the spot balance can be sent."""
    if not account.is_pooled:
        return account.spot_usd
    return max(Decimal(0), total_usd(account) - position_hold_usd(account, exchange.marks()))


def withdrawable_usd(exchange: Exchange, account: Account) -> Decimal:
    """What of the perpetuals' balance, or of the common one, can leave the account."""
    withdrawable = figures(account, exchange.marks()).withdrawable
    return min(withdrawable, spot_available_usd(exchange, account)) if account.is_pooled else withdrawable


def check_withdrawable(exchange: Exchange, account: Account, usd: Decimal) -> None:
    """Raises ActionError unless that much is withdrawable."""
    if usd <= 0 or usd > withdrawable_usd(exchange, account):
        raise ActionError(errors.TRANSFER)


def move_spot(exchange: Exchange, sender: str, target: str, usd: Decimal, nonce: int, now_ms: int) -> None:
    """Moves that much between two accounts' spot balances. Raises ActionError."""
    source = exchange.accounts[sender]
    if not 0 < usd <= spot_available_usd(exchange, source):
        raise ActionError(errors.TRANSFER)
    _change_spot(exchange, source, -usd)
    _change_spot(exchange, exchange.open_account(target), usd)
    _append_to_both(exchange, now_ms, ledger_rows.spot_transfer(sender, target, usd, nonce))


def _change_spot(exchange: Exchange, account: Account, usd: Decimal) -> None:
    account.add_to_spot(usd)
    account.paid_in_usd += usd
    exchange.changes.accounts.add(account.address)


def _append_to_both(exchange: Exchange, now_ms: int, delta: dict[str, Any]) -> None:
    """Appends a transfer's row to the ledger of both its sides."""
    for address in dict.fromkeys((delta["user"], delta["destination"])):
        exchange.append_ledger(address, now_ms, delta)


def send(exchange: Exchange, parties: Parties, usd: Decimal, nonce: int, now_ms: int) -> None:
    """Moves USDC between the perpetuals' balance (dex "") and the spot balance ("spot") of accounts.

    Raises ActionError. Where they have one balance it is sent from as spot.
    """
    source = exchange.accounts[parties.sender]
    if source.is_pooled and parties.source_dex != ledger_rows.SPOT:
        raise ActionError(errors.POOLED_SOURCE)
    if parties.source_dex == ledger_rows.SPOT:
        if not 0 < usd <= spot_available_usd(exchange, source):
            raise ActionError(errors.TRANSFER)
        _change_spot(exchange, source, -usd)
    else:
        check_withdrawable(exchange, source, usd)
        _change_perp(exchange, source, -usd)
    target = exchange.open_account(parties.target)
    change = _change_spot if parties.target_dex == ledger_rows.SPOT else _change_perp
    change(exchange, target, usd)
    _append_to_both(exchange, now_ms, ledger_rows.send(parties, usd, nonce))


def _change_perp(exchange: Exchange, account: Account, usd: Decimal) -> None:
    account.raw_usd += usd
    account.paid_in_usd += usd
    exchange.changes.accounts.add(account.address)


def move(exchange: Exchange, sender: str, target: str, usd: Decimal, now_ms: int, kind: str) -> None:
    """Moves withdrawable cash to another account, which is created if it is new. Raises ActionError."""
    source = exchange.accounts[sender]
    check_withdrawable(exchange, source, usd)
    _change_perp(exchange, source, -usd)
    _change_perp(exchange, exchange.open_account(target), usd)
    delta = {"type": kind, "usdc": number_text(usd), "user": sender, "destination": target}
    _append_to_both(exchange, now_ms, delta if kind == "subAccountTransfer" else delta | {"fee": "0.0"})


def withdraw(exchange: Exchange, address: str, usd: Decimal, nonce: int, now_ms: int) -> None:
    """Withdraws cash from the exchange, less a fee of one dollar. Raises ActionError."""
    account = exchange.accounts[address]
    if usd <= WITHDRAW_FEE_USD or usd > withdrawable_usd(exchange, account):
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
