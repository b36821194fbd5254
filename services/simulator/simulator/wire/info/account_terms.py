"""The /info types about an account's terms (fees, limits, API wallets, sub-accounts), and constant answers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from simulator.exchange.state import account_modes, action_quota, fees
from simulator.exchange.transfers import sub_accounts_of
from simulator.exchange.world import World
from simulator.numbers import number_text
from simulator.wire.info.account_info import account_of, spot_state, state, user_of

Body = dict[str, Any]


def _role(world: World, body: Body, now_ms: int) -> Any:
    user = user_of(body)
    account, agent = world.exchange.accounts.get(user), world.keys.agents.get(user)
    if account is not None and account.master:
        return {"role": "subAccount", "data": {"master": account.master}}
    if account is not None:
        return {"role": "user"}
    return {"role": "agent", "data": {"user": agent.master}} if agent else {"role": "missing"}


def _rate_limit(world: World, body: Body, now_ms: int) -> Any:
    account = account_of(world, body)
    return {
        "cumVlm": number_text(round(account.volume_usd, 2)),
        "nRequestsUsed": action_quota.used(account, now_ms),
        "nRequestsCap": action_quota.quota_of(account),
        "nRequestsSurplus": account.requests_reserved,
    }


def _fees(world: World, body: Body, now_ms: int) -> Any:
    account = account_of(world, body)
    known = account.address in world.exchange.accounts
    owner = world.exchange.owner(account.address) if known else account
    market_ms = world.market.time_ms
    taker, maker = world.exchange.rates(owner.address, market_ms) if known else fees.BASE
    spot = {"spotCross": "0.0007", "spotAdd": "0.0004"}
    vip = [
        {"ntlCutoff": number_text(Decimal(bound)), "cross": str(cross), "add": str(add)} | spot
        for bound, cross, add in fees.TIERS
    ]
    rebates = [{"makerFractionCutoff": str(share), "add": format(rate, "f")} for share, rate in fees.REBATES]
    days = [
        {"date": _date(day), "userCross": number_text(row[0]), "userAdd": number_text(row[1]), "exchange": "0.0"}
        for day, row in sorted(owner.volumes.items())
    ]
    return {
        "dailyUserVlm": days,
        "feeSchedule": {
            "cross": str(fees.BASE[0]),
            "add": str(fees.BASE[1]),
            **spot,
            "tiers": {"vip": vip, "mm": rebates},
            "referralDiscount": "0.04",
            "stakingDiscountTiers": [{"bpsOfMaxSupply": "0.0", "discount": "0.0"}],
        },
        "userCrossRate": str(taker),
        "userAddRate": format(maker, "f"),
        "userSpotCrossRate": "0.0007",
        "userSpotAddRate": "0.0004",
        "activeReferralDiscount": "0.0",
        "trial": None,
        "feeTrialEscrow": "0.0",
        "nextTrialAvailableTimestamp": None,
        "stakingLink": None,
        "activeStakingDiscount": {"bpsOfMaxSupply": "0.0", "discount": "0.0"},
    }


def _date(day: int) -> str:
    return datetime.fromtimestamp(day * 86_400, UTC).date().isoformat()


def _agents(world: World, body: Body, now_ms: int) -> Any:
    return [
        {"name": agent.name, "address": agent.address, "validUntil": agent.valid_until_ms}
        for agent in world.keys.named_of(user_of(body))
    ]


def _subs(world: World, body: Body, now_ms: int) -> Any:
    rows: list[Any] = [
        {
            "subAccountUser": sub.address,
            "name": sub.name,
            "master": sub.master,
            "clearinghouseState": state(world, sub.address),
            "spotState": spot_state(world, {"user": sub.address}, now_ms),
        }
        for sub in sub_accounts_of(world.exchange, user_of(body))
    ]
    return rows or None


def _subs2(world: World, body: Body, now_ms: int) -> Any:
    """The sub-accounts with a state per dex."""
    rows: list[Body] = _subs(world, body, now_ms) or []
    return [
        {name: value for name, value in row.items() if name != "clearinghouseState"}
        | {"dexToClearinghouseState": [["", row["clearinghouseState"]]]}
        for row in rows
    ] or None


def _referral(world: World, body: Body, now_ms: int) -> Any:
    account = account_of(world, body)
    return {
        "referredBy": None,
        "cumVlm": number_text(round(account.volume_usd, 2)),
        "unclaimedRewards": "0.0",
        "claimedRewards": "0.0",
        "builderRewards": number_text(world.exchange.rewards.get(account.address, Decimal(0))),
        "referrerState": {"stage": "needToTrade", "data": {"required": "10000.0"}},
        "rewardHistory": [],
        "tokenToState": [],
    }


def _max_builder_fee(world: World, body: Body, now_ms: int) -> Any:
    """What a user has agreed to pay a builder, in tenths of a basis point."""
    builder = user_of({"user": body["builder"]})
    return account_of(world, body).builders.get(builder, 0)


def _transfer_check(world: World, body: Body, now_ms: int) -> Any:
    """Whether the user of a transfer exists; one that doesn't yet pays the activation fee."""
    user_of({"user": body["source"]})
    user = user_of(body)
    exists = user in world.exchange.accounts
    return {
        "fee": "0.0" if exists else "1.0",
        "isSanctioned": False,
        "userExists": exists,
        "userHasSentTx": bool(world.keys.nonces.get(user)),
    }


def _constant(content: Any) -> Any:
    """An answer function with constant content; the request must name a valid user."""

    def answer(world: World, body: Body, now_ms: int) -> Any:
        user_of(body)
        return content

    return answer


ANSWERS = {
    "userFees": _fees,
    "userRateLimit": _rate_limit,
    "userRole": _role,
    "extraAgents": _agents,
    "subAccounts": _subs,
    "referral": _referral,
    "userVaultEquities": _constant([]),
    "userAbstraction": lambda world, body, now_ms: account_of(world, body).mode,
    "maxBuilderFee": _max_builder_fee,
    "approvedBuilders": lambda world, body, now_ms: sorted(account_of(world, body).builders),
    "userDexAbstraction": lambda world, body, now_ms: account_of(world, body).mode == account_modes.DEX_ABSTRACTION,
    "userToMultiSigSigners": _constant(None),
    "delegations": _constant([]),
    "delegatorHistory": _constant([]),
    "delegatorRewards": _constant([]),
    "delegatorSummary": _constant(
        {"delegated": "0.0", "undelegated": "0.0", "totalPendingWithdrawal": "0.0", "nPendingWithdrawals": 0}
    ),
    "isVip": _constant(False),
    "preTransferCheck": _transfer_check,
    "subAccounts2": _subs2,
    "leadingVaults": _constant([]),
    "legalCheck": _constant({"restrictions": "n", "acceptedTerms": True, "userAllowed": True}),
}
