"""The actions about accounts that a key or an API wallet may sign: sub-accounts, budgets, rewards, abstraction."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from simulator.exchange import errors, transfers
from simulator.exchange.errors import ActionError
from simulator.exchange.state.account import Account
from simulator.exchange.trading import margin
from simulator.exchange.world import World
from simulator.numbers import parse_number
from simulator.wire.requests import BadRequest, default, is_count

MILLION = Decimal(1_000_000)

Action = dict[str, Any]


def _sub_of(world: World, account: str, action: Action) -> Account:
    address = action["subAccountUser"].lower()
    found = world.exchange.accounts.get(address)
    if found is None or found.master != account:
        raise ActionError(f"Vault not registered: {address}")
    return found


def create_sub(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    made = transfers.create_sub(world.exchange, account, action["name"])
    return {"status": "ok", "response": {"type": "createSubAccount", "data": made.address}}


def sub_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    sub, usd = _sub_of(world, account, action).address, action["usd"]
    if not is_count(usd) or not isinstance(action["isDeposit"], bool):
        raise BadRequest
    ends = (account, sub) if action["isDeposit"] else (sub, account)
    sender, target = ends
    transfers.move(world.exchange, sender, target, Decimal(usd) / MILLION, now_ms, "subAccountTransfer")
    return default()


def set_referrer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    raise ActionError(errors.REFERRAL)


def vault_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    raise ActionError(f"Vault not registered: {action['vaultAddress'].lower()}")


def reserve_weight(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Buys further requests at $0.0005 each."""
    weight = action["weight"]
    if not is_count(weight) or weight == 0:
        raise BadRequest
    usd = Decimal(weight) * Decimal("0.0005")
    state = world.exchange.accounts[account]
    if usd > margin.free_usd(world.exchange, state):
        raise ActionError(errors.TRANSFER)
    state.raw_usd -= usd
    world.exchange.fees += usd
    state.requests_reserved += weight
    return default()


def sub_modify(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Gives a sub-account another name."""
    transfers.rename_sub(world.exchange, _sub_of(world, account, action), action["name"])
    return default()


def sub_spot_transfer(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Between the spot balances of an account and its sub-account; they only hold USDC here."""
    sub, usd = _sub_of(world, account, action), parse_number(action["amount"])
    if usd is None or not isinstance(action["isDeposit"], bool):
        raise BadRequest
    master = world.exchange.accounts[account]
    source, target = (master, sub) if action["isDeposit"] else (sub, master)
    if not str(action["token"]).startswith("USDC") or not 0 < usd <= source.spot_usd:
        raise ActionError(errors.TRANSFER)
    transfers.move_spot(world.exchange, source, target, usd)
    return default()


def claim_rewards(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """What an account has earned as a builder goes to its spot balance."""
    usd = world.exchange.rewards.pop(account, Decimal(0))
    if usd <= 0:
        raise ActionError("No rewards to claim.")
    state = world.exchange.accounts[account]
    state.spot_usd += usd
    state.paid_in_usd += usd
    return default()


def agent_send_asset(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """An API wallet moves USDC, but only within the account and its sub-accounts."""
    target, usd = action["destination"].lower(), parse_number(action["amount"])
    sender = (action.get("fromSubAccount") or account).lower()
    if usd is None:
        raise BadRequest
    family = {account, *(sub.address for sub in transfers.subs_of(world.exchange, account))}
    if not {sender, target} <= family:
        raise ActionError(errors.STRANGER)
    if not str(action["token"]).startswith("USDC") or action["sourceDex"] or action["destinationDex"]:
        raise ActionError(errors.TRANSFER)
    transfers.move(world.exchange, sender, target, usd, now_ms, "internalTransfer")
    return default()


def set_abstraction(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Accounts are always the classic kind here: "i" (disabled) is all that can be set."""
    kind = action.get("abstraction")
    if kind not in ("i", "u", "p"):
        raise BadRequest
    if kind != "i":
        raise ActionError(errors.CLASSIC_ONLY)
    return default()


def not_here(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Known on the real exchange, not simulated."""
    raise ActionError(f"{action['type']} is not available on this exchange.")


NOT_SIMULATED = (
    *("CSignerAction", "CValidatorAction", "agentEnableDexAbstraction", "borrowLend", "cDeposit", "cWithdraw"),
    *("createVault", "finalizeEvmContract", "gossipPriorityBid", "linkStakingUser", "multiSig", "perpDeploy"),
    *("registerReferrer", "setDisplayName", "spotDeploy", "spotUser", "vaultDistribute", "vaultModify"),
    *("validatorL1Stream", "reassessStakingUser"),
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
    **dict.fromkeys(NOT_SIMULATED, not_here),
}
