"""webData2 and webData3: one user's whole state, as the exchange's own web page subscribes to it."""

from typing import Any

from simulator.exchange.state import account_modes
from simulator.exchange.state.keys import Agent
from simulator.exchange.world import World
from simulator.numbers import number_text
from simulator.wire.info import account_info, market_info
from simulator.wire.rows import twap_state


def _unnamed_agent(world: World, user: str) -> Agent | None:
    found = (agent for agent in world.keys.agents.values() if agent.master == user and not agent.name)
    return next(found, None)


def web_data2(world: World, user: str) -> dict[str, Any]:
    """The content of webData2; also an /info type."""
    agent, account = _unnamed_agent(world, user), world.exchange.accounts.get(user)
    running = [[twap.id, twap_state(twap)] for twap in world.exchange.twaps.values() if twap.account == user]
    return {
        "serverTime": world.time_ms,
        "user": user,
        "clearinghouseState": account_info.state(world, user),
        "openOrders": account_info.frontend_open_orders(world, user),
        "meta": world.market.listing.meta(),
        "assetCtxs": market_info.contexts(world),
        "agentAddress": agent.address if agent else None,
        "agentValidUntil": agent.valid_until_ms if agent else None,
        "cumLedger": number_text(account.paid_in_usd) if account else "0.0",
        "isVault": False,
        "totalVaultEquity": "0.0",
        "leadingVaults": [],
        "twapStates": running,
        "spotState": account_info.spot_state(world, {"user": user}, world.market.time_ms),
        "spotAssetCtxs": [],
        "perpsAtOpenInterestCap": market_info.capped(world),
    }


def web_data3(world: World, user: str) -> dict[str, Any]:
    """The content of webData3, the shorter form."""
    agent, account = _unnamed_agent(world, user), world.exchange.accounts.get(user)
    state: dict[str, Any] = {
        "serverTime": world.time_ms,
        "user": user,
        "cumLedger": number_text(account.paid_in_usd) if account else "0.0",
        "isVault": False,
        "abstraction": account.mode if account else account_modes.DEFAULT,
    }
    if agent:
        state |= {"agentAddress": agent.address, "agentValidUntil": agent.valid_until_ms}
    return {"userState": state, "perpDexStates": []}
