"""POST /exchange: recovers the signer, checks its rights, and dispatches the action to its handler.

Answers have one of three forms: an ok response, {"status": "err"} with a text, or HTTP 422 for an unreadable body.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from simulator.exchange import errors
from simulator.exchange.errors import ActionError, BatchError
from simulator.exchange.state import action_quota
from simulator.exchange.state.keys import NonceError
from simulator.exchange.trading import margin
from simulator.exchange.world import World
from simulator.market.candles import DAY_MS
from simulator.wire.actions import account_actions, order_actions, user_actions
from simulator.wire.actions.signatures import USER_SIGNED, UnreadableSignature, l1_signers, user_signer
from simulator.wire.info.read_faults import keep_past_answers
from simulator.wire.requests import BadRequest, default_response, is_uint64

SCHEDULE_VOLUME_USD = 1_000_000
SCHEDULE_AHEAD_MS = 5_000
SCHEDULES_A_DAY = 10
MILLION = Decimal(1_000_000)

Action = dict[str, Any]
RecoverSigners = Callable[[dict[str, Any]], Iterable[str]]
"""The addresses that may have signed an L1 action, most likely first."""
Handler = Callable[[World, str, Action, int], dict[str, Any]]


def execute_action(
    world: World, body: Any, now_ms: int, *, recover_signers: RecoverSigners = l1_signers
) -> dict[str, Any]:
    """The answer to one signed action, executed at wall time `now_ms`. Raises BadRequest for an unreadable one."""
    if not isinstance(body, dict) or not isinstance(body.get("action"), dict) or not is_uint64(body.get("nonce")):
        raise BadRequest
    kind = body["action"].get("type")
    if (
        not isinstance(body.get("signature"), dict)
        or not isinstance(kind, str)
        or kind not in (*L1_HANDLERS, *USER_SIGNED)
    ):
        raise BadRequest
    keep_past_answers(world, now_ms)
    try:
        if kind in USER_SIGNED:
            return _user_signed(world, body, now_ms)
        return _l1(world, body, kind, now_ms, recover_signers)
    except (ActionError, NonceError, BatchError) as refusal:
        return {"status": "err", "response": str(refusal)}
    except UnreadableSignature:
        return {"status": "err", "response": "Unable to recover signer."}
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        raise BadRequest from error


def _l1(world: World, body: Action, kind: str, now_ms: int, recover_signers: RecoverSigners) -> dict[str, Any]:
    """Checks admission before the action: a refused order still uses up its nonce and counts towards the quota."""
    expires, action = body.get("expiresAfter"), body["action"]
    if expires is not None and not is_uint64(expires):
        raise BadRequest
    clock_ms = now_ms + world.exchange.deviations.skew_ms
    signer, account = _signer(world, body, clock_ms, recover_signers)
    world.keys.spend(signer, body["nonce"], clock_ms)
    if expires is not None and expires < clock_ms:
        action_quota.count_expired(world.exchange.accounts[account])
        raise ActionError(errors.EXPIRED)
    acting = _acting_as(world, account, body)
    action_quota.spend(world.exchange.accounts[acting], action, now_ms, is_enforced=world.enforces_limits)
    world.exchange.changes.accounts.add(acting)
    return L1_HANDLERS[kind](world, acting, action, world.stamp_ms(now_ms))


def _signer(world: World, body: Action, now_ms: int, recover_signers: RecoverSigners) -> tuple[str, str]:
    """(signer, account): the key itself or, as an API wallet, its master."""
    signers = []
    for signer in recover_signers(body):
        signers.append(signer)
        master = world.keys.master_of(signer, now_ms)
        if master is not None:
            return signer, master
        if signer in world.exchange.accounts:
            return signer, signer
    for signer in signers:
        if signer in world.keys.retired or signer in world.keys.agents:
            raise ActionError(f"Must deposit before performing actions. User: {signer}")
    raise ActionError(f"User or API Wallet {signers[0]} does not exist.")


def _acting_as(world: World, account: str, body: Action) -> str:
    """The account itself, or the sub-account of it that `vaultAddress` names."""
    vault = body.get("vaultAddress")
    if vault is None:
        return account
    if not isinstance(vault, str):
        raise BadRequest
    sub = world.exchange.accounts.get(vault.lower())
    if sub is None or sub.master != account:
        raise ActionError(f"Vault not registered: {vault.lower()}")
    return sub.address


def _user_signed(world: World, body: Action, now_ms: int) -> dict[str, Any]:
    """A user-signed action applies to the account of the recovered signer; an API wallet can't use these."""
    action = body["action"]
    if action.get("hyperliquidChain") not in ("Mainnet", "Testnet"):
        raise BadRequest
    stamped = action.get("time", action.get("nonce"))
    if stamped != body["nonce"]:
        raise ActionError(f"Invalid nonce: action nonce {stamped} differs from {body['nonce']}")
    signer = user_signer(body)
    if signer not in world.exchange.accounts:
        raise ActionError(f"Must deposit before performing actions. User: {signer}")
    world.keys.spend(signer, body["nonce"], now_ms + world.exchange.deviations.skew_ms)
    return user_actions.HANDLERS[action["type"]](world, signer, action, now_ms)


def _schedule_cancel(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    state = world.exchange.accounts[account]
    traded = world.exchange.owner(account).volume_usd
    if traded < SCHEDULE_VOLUME_USD:
        raise ActionError(errors.volume_needed("set scheduled cancel time", SCHEDULE_VOLUME_USD, traded))
    time_ms = action.get("time")
    if time_ms is not None:
        if not is_uint64(time_ms):
            raise BadRequest
        if time_ms < now_ms + SCHEDULE_AHEAD_MS:
            raise ActionError("Scheduled cancel time too early, must be at least 5 seconds from now.")
        today = now_ms // DAY_MS
        if state.cancel_all_days.get(today, 0) >= SCHEDULES_A_DAY:
            raise ActionError("Too many scheduled cancels triggered today.")
    state.cancel_all_ms = time_ms
    return default_response()


def _update_leverage(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    value, is_cross = action["leverage"], action["isCross"]
    if not is_uint64(value) or not isinstance(is_cross, bool):
        raise BadRequest
    margin.set_leverage(world.exchange, account, order_actions.coin_of(world, action["asset"]), value, is_cross)
    return default_response()


def _update_margin(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    if not isinstance(action["ntli"], int) or isinstance(action["ntli"], bool):
        raise BadRequest
    coin = order_actions.coin_of(world, action["asset"])
    margin.move_isolated(world.exchange, account, coin, Decimal(action["ntli"]) / MILLION)
    return default_response()


def _top_up_isolated(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    """Adds margin until the isolated position has the leverage asked for."""
    coin = order_actions.coin_of(world, action["asset"])
    leverage = Decimal(str(action["leverage"]))
    position = world.exchange.accounts[account].positions.get(coin.name)
    if position is None:
        raise ActionError(errors.NO_POSITION)
    if leverage < 1:
        raise ActionError(errors.LEVERAGE)
    mark = world.market.coins[coin.name].mark_price
    missing = abs(position.size) * mark / leverage - position.equity(mark)
    if missing > 0:
        margin.move_isolated(world.exchange, account, coin, missing.quantize(Decimal("1e-6")))
    return default_response()


def _noop(world: World, account: str, action: Action, now_ms: int) -> dict[str, Any]:
    return default_response()


L1_HANDLERS: dict[str, Handler] = {
    "order": order_actions.order,
    "cancel": order_actions.cancel,
    "cancelByCloid": order_actions.cancel_by_cloid,
    "modify": order_actions.modify,
    "batchModify": order_actions.batch_modify,
    "twapOrder": order_actions.twap_order,
    "twapCancel": order_actions.twap_cancel,
    "scheduleCancel": _schedule_cancel,
    "updateLeverage": _update_leverage,
    "updateIsolatedMargin": _update_margin,
    "topUpIsolatedOnlyMargin": _top_up_isolated,
    **account_actions.HANDLERS,
    "evmUserModify": _noop,
    "noop": _noop,
}
