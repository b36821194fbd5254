"""L1 actions about accounts, signed by the key or an API wallet: sub-accounts, quota, rewards, abstraction."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.exchange import errors, transfers
from simulator.exchange.errors import ActionError
from simulator.exchange.state import account_modes, ledger_rows
from simulator.exchange.state.account import Account
from simulator.exchange.state.ledger_rows import DEXES, Parties
from simulator.exchange.trading import margin
from simulator.exchange.world import World
from simulator.numbers import parse_number
from simulator.wire.requests import BadRequest, default_response, is_uint64

MILLION = Decimal(1_000_000)

Action = dict[str, Any]


def _sub_of(world: World, account: str, action: Action) -> Account:
    address = action["subAccountUser"].lower()
    sub = world.exchange.accounts.get(address)
    if sub is None or sub.master != account:
        raise ActionError(f"Vault not registered: {address}")
    return sub


def create_sub(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    made = transfers.create_sub(world.exchange, account, action["name"])
    return {"status": "ok", "response": {"type": "createSubAccount", "data": made.address}}


def sub_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    sub, usd = _sub_of(world, account, action).address, action["usd"]
    if not is_uint64(usd) or not isinstance(action["isDeposit"], bool):
        raise BadRequest
    sender, target = (account, sub) if action["isDeposit"] else (sub, account)
    if world.exchange.accounts[sender].is_pooled:
        raise ActionError(errors.POOLED_SOURCE)
    transfers.move(world.exchange, sender, target, Decimal(usd) / MILLION, now_ms, "subAccountTransfer")
    return default_response()


def set_referrer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    raise ActionError(errors.REFERRAL)


def vault_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    raise ActionError(f"Vault not registered: {action['vaultAddress'].lower()}")


def reserve_weight(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Buys further requests at $0.0005 each."""
    weight = action["weight"]
    if not is_uint64(weight) or weight == 0:
        raise BadRequest
    usd = Decimal(weight) * Decimal("0.0005")
    state = world.exchange.accounts[account]
    if usd > margin.available_usd(world.exchange, state):
        raise ActionError(errors.TRANSFER)
    state.raw_usd -= usd
    world.exchange.fees += usd
    state.requests_reserved += weight
    return default_response()


def sub_modify(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Renames a sub-account."""
    transfers.rename_sub(world.exchange, _sub_of(world, account, action), action["name"])
    return default_response()


def sub_spot_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves USDC, the only spot token here, between the spot balances of an account and its sub-account."""
    sub, usd = _sub_of(world, account, action).address, parse_number(action["amount"])
    if usd is None or not isinstance(action["isDeposit"], bool):
        raise BadRequest
    if not str(action["token"]).startswith("USDC"):
        raise ActionError(errors.TRANSFER)
    source, target = (account, sub) if action["isDeposit"] else (sub, account)
    transfers.move_spot(world.exchange, source, target, usd, now_ms, now_ms)
    return default_response()


def claim_rewards(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves the builder fees that an account has earned to its spot balance."""
    usd = world.exchange.rewards.pop(account, Decimal(0))
    if usd <= 0:
        raise ActionError("No rewards to claim.")
    state = world.exchange.accounts[account]
    state.add_to_spot(usd)
    state.paid_in_usd += usd
    world.exchange.append_ledger(account, now_ms, ledger_rows.rewards_claim(usd))
    return default_response()


def agent_send_asset(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Moves USDC on behalf of an API wallet, only within the account and its sub-accounts."""
    target, usd = action["destination"].lower(), parse_number(action["amount"])
    sender = (action.get("fromSubAccount") or account).lower()
    if usd is None:
        raise BadRequest
    family = {account, *(sub.address for sub in transfers.sub_accounts_of(world.exchange, account))}
    if not {sender, target} <= family:
        raise ActionError(errors.NOT_OWN_ACCOUNT)
    dexes = action["sourceDex"], action["destinationDex"]
    if not str(action["token"]).startswith("USDC") or not set(dexes) <= set(DEXES):
        raise ActionError(errors.TRANSFER)
    transfers.send(world.exchange, Parties(sender, target, *dexes), usd, action.get("nonce", now_ms), now_ms)
    return default_response()


def set_abstraction(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Changes the account's mode without its owner's signature; discontinued modes only the owner may leave."""
    mode = account_modes.AGENT_WORDS.get(action["abstraction"])
    if mode is None:
        raise BadRequest
    if world.exchange.accounts[account].mode == account_modes.DEX_ABSTRACTION:
        raise ActionError(errors.AGENT_MODE)
    transfers.change_mode(world.exchange, account, mode)
    return default_response()


def refuse_not_simulated(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Refuses an action that the real exchange knows and this one doesn't simulate."""
    raise ActionError(f"{action['type']} is not available on this exchange.")


NOT_SIMULATED = (
    "CSignerAction",
    "CValidatorAction",
    "agentEnableDexAbstraction",
    "borrowLend",
    "cDeposit",
    "cWithdraw",
    "createVault",
    "finalizeEvmContract",
    "gossipPriorityBid",
    "linkStakingUser",
    "multiSig",
    "perpDeploy",
    "registerReferrer",
    "setDisplayName",
    "spotDeploy",
    "spotUser",
    "vaultDistribute",
    "vaultModify",
    "validatorL1Stream",
    "reassessStakingUser",
)

HANDLERS: dict[str, Callable[[World, str, Action, int], dict[str, Any]]] = {
    "createSubAccount": create_sub,
    "subAccountModify": sub_modify,
    "subAccountTransfer": sub_transfer,
    "subAccountSpotTransfer": sub_spot_transfer,
    "setReferrer": set_referrer,
    "vaultTransfer": vault_transfer,
    "reserveRequestWeight": reserve_weight,
    "claimRewards": claim_rewards,
    "agentSendAsset": agent_send_asset,
    "agentSetAbstraction": set_abstraction,
    **dict.fromkeys(NOT_SIMULATED, refuse_not_simulated),
}
