"""The user-signed actions: transfers, withdrawals, API wallets, builder fees.

Handlers get wall time, which decides when API wallets expire; ledger rows are stamped with market time.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.exchange import errors, transfers
from simulator.exchange.errors import ActionError
from simulator.exchange.state import account_modes
from simulator.exchange.state.keys import AGENT_LIFE_MS, Agent
from simulator.exchange.state.ledger_rows import DEXES, Parties
from simulator.exchange.world import World
from simulator.numbers import number_text, parse_number
from simulator.wire.requests import BadRequest, default_response

NAMED_AGENTS = 3
AGENTS_A_SUB = 2
REMOVAL_MS = 5_000
LONGEST_AGENT_MS = 2 * AGENT_LIFE_MS
ADDRESS = re.compile(r"^0x[0-9a-f]{40}$")
UNITS_A_PERCENT = 1_000
MAX_APPROVED_UNITS = 1_000
ZERO_ADDRESS = "0x" + "0" * 40
VALID_UNTIL = re.compile(r"^(.*?) ?valid_until (\d+)$")

Action = dict[str, Any]


def _address(value: Any) -> str:
    if not isinstance(value, str) or not ADDRESS.match(value.lower()):
        raise BadRequest
    return value.lower()


def _amount(value: Any) -> Decimal:
    amount = parse_number(value)
    if amount is None:
        raise BadRequest
    return amount


def approve_agent(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Registers, replaces or (address zero) removes an API wallet."""
    address = _address(action["agentAddress"])
    name, until = _agent_name(action.get("agentName") or "", now_ms)
    if address == ZERO_ADDRESS:
        if world.keys.remove(signer, name):
            world.keys.removed_ms[signer] = now_ms
        return default_response()
    _check_new_agent(world, signer, address, name, now_ms)
    world.keys.approve(Agent(address, signer, name, until))
    return default_response()


def _agent_name(text: str, now_ms: int) -> tuple[str, int]:
    """(name, end of validity) of "name valid_until 1790000000000", in which either part may be missing."""
    matched = VALID_UNTIL.match(text)
    name, until = (matched.group(1), int(matched.group(2))) if matched else (text, now_ms + AGENT_LIFE_MS)
    if text and not 1 <= len(name) <= 16:
        raise ActionError("Extra agent name must be between 1 and 16 characters long")
    if not now_ms < until <= now_ms + LONGEST_AGENT_MS:
        raise ActionError("Agent valid_until already expired.")
    return name, until


def _check_new_agent(world: World, signer: str, address: str, name: str, now_ms: int) -> None:
    """Raises ActionError when the signer may not approve this API wallet now."""
    if now_ms - world.keys.removed_ms.get(signer, -REMOVAL_MS) < REMOVAL_MS:
        raise ActionError("User has pending agent removal")
    if address in world.keys.agents or address in world.keys.retired or address in world.exchange.accounts:
        raise ActionError("Extra agent already used.")
    named = [agent.name for agent in world.keys.named_of(signer)]
    most = NAMED_AGENTS + AGENTS_A_SUB * len(transfers.sub_accounts_of(world.exchange, signer))
    if name and name not in named and len(named) >= most:
        raise ActionError(f"Too many extra agents for cumulative volume traded. Current limit is {most}")


def usd_send(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    target = _address(action["destination"])
    transfers.check_separate(world.exchange.accounts[signer])
    transfers.move(
        world.exchange, signer, target, _amount(action["amount"]), world.stamp_ms(now_ms), "internalTransfer"
    )
    return default_response()


def withdraw(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    _address(action["destination"])
    transfers.withdraw(world.exchange, signer, _amount(action["amount"]), action["time"], world.stamp_ms(now_ms))
    return default_response()


def class_transfer(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves USDC between the perpetuals' and the spot balance."""
    amount_text, _, sub = str(action["amount"]).partition(" subaccount:")
    amount = _amount(amount_text)
    account = world.exchange.accounts[signer]
    if sub:
        found = world.exchange.accounts.get(_address(sub))
        if found is None or found.master != signer:
            raise ActionError(f"Vault not registered: {sub.lower()}")
        account = found
    transfers.check_separate(account)
    if action["toPerp"] is True:
        if amount <= 0 or amount > account.spot_usd:
            raise ActionError(errors.TRANSFER)
        account.spot_usd -= amount
        account.raw_usd += amount
    else:
        transfers.check_withdrawable(world.exchange, account, amount)
        account.raw_usd -= amount
        account.spot_usd += amount
    world.exchange.changes.accounts.add(account.address)
    delta = {"type": "accountClassTransfer", "usdc": number_text(amount), "toPerp": bool(action["toPerp"])}
    world.exchange.append_ledger(account.address, world.stamp_ms(now_ms), delta)
    return default_response()


def send_asset(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves USDC between accounts and their balances; other tokens and dexes don't exist here."""
    dexes = action["sourceDex"], action["destinationDex"]
    if not str(action["token"]).startswith("USDC") or not set(dexes) <= set(DEXES):
        raise ActionError(errors.TRANSFER)
    sender = action.get("fromSubAccount") or signer
    sender = _address(sender)
    if sender != signer and getattr(world.exchange.accounts.get(sender), "master", None) != signer:
        raise ActionError(f"Vault not registered: {sender}")
    parties, amount = Parties(sender, _address(action["destination"]), *dexes), _amount(action["amount"])
    transfers.send(world.exchange, parties, amount, action["nonce"], world.stamp_ms(now_ms))
    return default_response()


def spot_send(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves USDC, the only spot token here, to another account's spot balance."""
    target, amount = _address(action["destination"]), _amount(action["amount"])
    transfers.check_separate(world.exchange.accounts[signer])
    if not str(action["token"]).startswith("USDC"):
        return refuse_not_simulated(world, signer, action, now_ms)
    transfers.move_spot(world.exchange, signer, target, amount, action["time"], world.stamp_ms(now_ms))
    return default_response()


def approve_builder_fee(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Approves a builder's fee up to a rate ("0.01%"); zero revokes the approval."""
    builder, rate = _address(action["builder"]), str(action["maxFeeRate"])
    percent = parse_number(rate.removesuffix("%"))
    if percent is None or not rate.endswith("%"):
        raise BadRequest
    units = percent * UNITS_A_PERCENT
    if not 0 <= units <= MAX_APPROVED_UNITS or units != int(units):
        raise ActionError("Invalid builder fee rate.")
    account = world.exchange.accounts[signer]
    account.builders[builder] = int(units)
    if not units:
        del account.builders[builder]
    world.exchange.changes.accounts.add(signer)
    return default_response()


def set_abstraction(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Changes the mode of the signer's account, or of a sub-account of it."""
    if action["abstraction"] not in account_modes.USER_WORDS:
        raise BadRequest
    user = _address(action["user"])
    if user != signer and getattr(world.exchange.accounts.get(user), "master", None) != signer:
        raise ActionError(f"Vault not registered: {user}")
    transfers.change_mode(world.exchange, user, action["abstraction"])
    return default_response()


def refuse_not_simulated(world: World, signer: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Refuses an action that the real exchange knows and this one doesn't simulate."""
    raise ActionError(f"{action['type']} is not available on this exchange.")


HANDLERS: dict[str, Callable[[World, str, Action, int], dict[str, Any]]] = {
    "approveAgent": approve_agent,
    "usdSend": usd_send,
    "withdraw3": withdraw,
    "usdClassTransfer": class_transfer,
    "sendAsset": send_asset,
    "spotSend": spot_send,
    "approveBuilderFee": approve_builder_fee,
    "userSetAbstraction": set_abstraction,
    "userDexAbstraction": refuse_not_simulated,
    "tokenDelegate": refuse_not_simulated,
    "convertToMultiSigUser": refuse_not_simulated,
}
