"""Accounts, orders, TWAPs and fills as JSON documents, and back."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from simulator.exchange.order_status import OrderStatus
from simulator.exchange.state.account import Account, Leverage, Position
from simulator.exchange.state.orders import Fill, Order, Twap


def plain(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a dataclass as JSON takes them: decimals as strings."""
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in fields.items()}


_ACCOUNT_MONEY = ("raw_usd", "spot_usd", "paid_in_usd", "volume_usd")
_POSITION_MONEY = ("size", "entry_price", "raw_usd", "funding_all", "funding_open", "funding_change")


def account_document(account: Account) -> dict[str, Any]:
    """The account as JSON; `account_of` reads it back."""
    unchanged = ("address", "master", "name", "requests_used", "requests_reserved", "next_request_ms", "cancel_all_ms")
    return {
        **{name: getattr(account, name) for name in unchanged},
        **{name: str(getattr(account, name)) for name in _ACCOUNT_MONEY},
        "positions": [plain(asdict(position)) for position in account.positions.values()],
        "leverages": {name: asdict(leverage) for name, leverage in account.leverages.items()},
        "volumes": {str(day): [str(usd) for usd in row] for day, row in account.volumes.items()},
        "funding_all": {name: str(usd) for name, usd in account.funding_all.items()},
        "cancel_all_days": {str(day): count for day, count in account.cancel_all_days.items()},
        "liquidated_ms": account.liquidated_ms,
        "builders": account.builders,
        "mode": account.mode,
        "actions_by_day": account.actions_by_day,
        "outcomes": {name: str(amount) for name, amount in account.outcomes.items()},
    }


def account_of(body: dict[str, Any]) -> Account:
    """The account of a document of `account_document`."""
    money = {name: Decimal(body[name]) for name in _ACCOUNT_MONEY}
    account = Account(**body | money | {"positions": {}, "leverages": {}})
    for row in body["positions"]:
        account.positions[row["coin"]] = Position(**row | {name: Decimal(row[name]) for name in _POSITION_MONEY})
    account.leverages = {name: Leverage(**row) for name, row in body["leverages"].items()}
    account.volumes = {int(day): [Decimal(usd) for usd in row] for day, row in body["volumes"].items()}
    account.funding_all = {name: Decimal(usd) for name, usd in body["funding_all"].items()}
    account.actions_by_day = tuple(body.get("actions_by_day", (0, 0)))
    account.outcomes = {name: Decimal(amount) for name, amount in body.get("outcomes", {}).items()}
    account.cancel_all_days = {int(day): count for day, count in body["cancel_all_days"].items()}
    return account


def twap_of(body: dict[str, Any]) -> Twap:
    return Twap(**body | {name: Decimal(body[name]) for name in ("size", "executed", "executed_usd")})


def order_of(body: dict[str, Any]) -> Order:
    money = ("price", "size", "original_size", "trigger_price", "filled", "filled_usd", "ahead")
    decimals = {name: None if body[name] is None else Decimal(body[name]) for name in money}
    return Order(**body | decimals | {"status": OrderStatus(body["status"])})


def fill_of(body: dict[str, Any]) -> Fill:
    money = ("price", "size", "start_position", "closed_pnl", "fee", "builder_fee")
    body = {"builder_fee": "0"} | body
    return Fill(**body | {name: Decimal(body[name]) for name in money})
