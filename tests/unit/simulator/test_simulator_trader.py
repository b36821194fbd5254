"""The scripted trader understands what a prompt tells it."""

from simulator.server.models.trader import decide

PROMPT = """# ACCOUNT
equity_usd: 10000.00
loss_budget_left_usd: n/a

# POSITIONS
none

# NOW
cycle: 1
"""


def test_an_unknown_loss_budget_is_none() -> None:
    assert "too little loss budget" in decide("trend following", PROMPT)["reasoning"]
