"""The rule-based trader acts on the prompt alone."""

from simulator.server.models.trader import decide

PROMPT = """# ACCOUNT
equity_usd: 10000.00
loss_budget_left_usd: n/a

# POSITIONS
none

# NOW
cycle: 1
"""


def test_an_unknown_loss_budget_counts_as_zero() -> None:
    assert "too little loss budget" in decide("trend following", PROMPT)["reasoning"]


CONTENDER_SYSTEM = """Trend following.
usable_leverage ETH long 12 short 11
usable_leverage HYPE long 6 short 5
usable_leverage XRP long 9 short 8
"""
SHOWN = """# ACCOUNT
equity_usd: 10000.00
loss_budget_left_usd: 500.00

# POSITIONS
{positions}

# NOW
cycle: 1

# ETH
1m (oldest to newest): close [4000,4000] rsi14 [50,50]

# HYPE
1m (oldest to newest): close [38,{last}] rsi14 [50,50]
"""


def test_coins_are_those_that_the_prompt_shows() -> None:
    decision = decide(CONTENDER_SYSTEM, SHOWN.format(positions="none", last="38.2"))
    assert (decision["action"], decision["symbol"], decision["leverage"]) == ("LONG", "HYPE", 5)
    assert "strongest of 2" in decision["reasoning"]


def test_leverage_keeps_to_the_usable_one_of_the_side() -> None:
    system = CONTENDER_SYSTEM.replace("short 5", "short 3")
    decision = decide(system, SHOWN.format(positions="none", last="37.8"))
    assert (decision["action"], decision["symbol"], decision["leverage"]) == ("SHORT", "HYPE", 3)


def test_an_old_position_of_a_further_coin_is_closed() -> None:
    held = "- HYPE LONG 5x size 10 notional_usd 380.00 age_minutes 7"
    decision = decide(CONTENDER_SYSTEM, SHOWN.format(positions=held, last="38.2"))
    assert (decision["action"], decision["symbol"]) == ("CLOSE", "HYPE")


def test_no_coin_to_enter_is_a_hold() -> None:
    decision = decide("Trend following.", SHOWN.format(positions="none", last="38.2"))
    assert decision["action"] == "HOLD"
