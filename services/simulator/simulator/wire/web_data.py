"""What the exchange's own page is fed with, as far as clients read it."""

from typing import Any

from simulator.coins import meta
from simulator.keys import Agent
from simulator.wire import info_account, info_market
from simulator.wire.formats import text
from simulator.wire.rows import twap_state
from simulator.world import World


def _unnamed_agent(world: World, user: str) -> Agent | None:
    found = (agent for agent in world.keys.agents.values() if agent.master == user and not agent.name)
    return next(found, None)


def web_data2(world: World, user: str) -> dict[str, Any]:
    """One user's whole page; also an /info type."""
    agent, account = _unnamed_agent(world, user), world.exchange.accounts.get(user)
    running = [[twap.id, twap_state(twap)] for twap in world.exchange.twaps.values() if twap.account == user]
    return {
        "serverTime": world.market.time_ms,
        "user": user,
        "clearinghouseState": info_account.state(world, user),
        "openOrders": info_account.frontend_open_orders(world, user),
        "meta": meta(),
        "assetCtxs": info_market.contexts(world),
        "agentAddress": agent.address if agent else None,
        "agentValidUntil": agent.valid_until_ms if agent else None,
        "cumLedger": text(account.paid_in_usd) if account else "0.0",
        "isVault": False,
        "totalVaultEquity": "0.0",
        "leadingVaults": [],
        "twapStates": running,
        "spotState": info_account.spot_state(world, {"user": user}, world.market.time_ms),
        "spotAssetCtxs": [],
        "perpsAtOpenInterestCap": info_market.capped(world),
    }


def web_data3(world: World, user: str) -> dict[str, Any]:
    """The newer, shorter form."""
    agent, account = _unnamed_agent(world, user), world.exchange.accounts.get(user)
    state: dict[str, Any] = {
        "serverTime": world.market.time_ms,
        "user": user,
        "cumLedger": text(account.paid_in_usd) if account else "0.0",
        "isVault": False,
    }
    if agent:
        state |= {"agentAddress": agent.address, "agentValidUntil": agent.valid_until_ms}
    return {"userState": state, "perpDexStates": []}
