"""What must hold in a running arena, asked of its tables and of the exchange itself."""

from typing import Any

import httpx
from harness import wait_until

from aicoin_local.testing import Arena

CHAIN_LIMIT_S = 300
COMPLETE_CHAIN = """
    SELECT d.model, d.cycle_id, d.id AS decision_id, v.id AS intent_id
    FROM ai_decisions d
    JOIN verdicts v ON v.decision_id = d.id AND v.verdict = 'APPROVED' AND v.intent_kind = 'entry'
    JOIN intents i ON i.intent_id = v.id AND i.status = 'FILLED' AND i.first_sent_ms IS NOT NULL
    JOIN trades t ON t.intent_id = v.id
    WHERE d.model = %s AND d.executed
      AND EXISTS (SELECT 1 FROM fills f WHERE f.intent_id = v.id AND f.role = 'entry')
      AND EXISTS (SELECT 1 FROM orders o WHERE o.intent_id = v.id AND o.role = 'entry')
      AND EXISTS (SELECT 1 FROM orders o WHERE o.intent_id = v.id AND o.role = 'stop')
      AND EXISTS (SELECT 1 FROM orders o WHERE o.intent_id = v.id AND o.role = 'target')
    ORDER BY d.time_ms"""


def complete_chains(arena: Arena, model: str) -> list[dict[str, Any]]:
    """The decisions of that model that became a protected position and a trade, the first one first."""
    return arena.rows(COMPLETE_CHAIN, model)


def complete_chain(arena: Arena, model: str) -> dict[str, Any]:
    """The first of them, waited for."""
    chains = wait_until(f"a complete chain of {model}", lambda: complete_chains(arena, model), limit_s=CHAIN_LIMIT_S)
    return chains[0]


def account_addresses(arena: Arena) -> dict[str, str]:
    """Every contender's account on the exchange."""
    return {row["model"]: row["address"] for row in arena.rows("SELECT model, address FROM accounts")}


def unprotected_positions(arena: Arena) -> list[str]:
    """`model coin` of each position on the exchange that stops don't cover. Orders are read last: never older."""
    found = []
    for model, address in account_addresses(arena).items():
        state = exchange_info(arena, type="clearinghouseState", user=address, dex="")
        orders = exchange_info(arena, type="frontendOpenOrders", user=address, dex="")
        for position in (row["position"] for row in state["assetPositions"]):
            closing_side = "A" if float(position["szi"]) > 0 else "B"
            stops = [
                float(order["sz"])
                for order in orders
                if order["coin"] == position["coin"]
                and order["orderType"] == "Stop Market"
                and order["side"] == closing_side
                and order["reduceOnly"]
            ]
            if sum(stops) < abs(float(position["szi"])):
                found.append(f"{model} {position['coin']}")
    return found


def exchange_info(arena: Arena, **body: object) -> Any:
    """One /info request to the exchange."""
    answer = httpx.post(f"{arena.run['simulator_url']}/info", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json()
