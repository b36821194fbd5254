"""The rule-based trader acts on the prompt alone."""

import pytest

from common.agent.prompt.memory import Memory
from common.events import Prompt
from common.runtime.roster import read_roster
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.orders import Side
from common.trading.roster import Language
from simulator.server.models.trader import decide, read
from support.prompt_examples import START_MS, a_held, a_prompt, a_state

CYCLE = 604
AT_MS = START_MS + CYCLE * MINUTE_MS


def shown(
    held: Symbol | None = None,
    *,
    language: Language = "zh",
    strategy: str = "trend-v2",
    memory: Memory | None = None,
) -> Prompt:
    positions = [] if held is None else [a_held(held, Side.LONG, AT_MS)]
    account = a_state(*positions, at_ms=AT_MS)
    return a_prompt(CYCLE, account=account, language=language, strategy=strategy, memory=memory)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("strategy", ["trend-v2", "reversion-v2"])
def test_the_prompt_is_read_in_both_languages(language: Language, strategy: str) -> None:
    prompt = shown(Symbol.BTC, language=language, strategy=strategy)
    reading = read(prompt.system, prompt.user)
    assert reading.is_reversion == strategy.startswith("reversion")
    assert (reading.cycle, reading.equity) == (CYCLE + 1, 9_500)
    assert 400 < reading.budget < 500
    assert reading.usable["SOL"] == (10, 9)
    assert set(reading.scores) == set(read_roster(None).coins)
    assert any(reading.scores.values())
    assert reading.positions == {"BTC": ("LONG", 45)}


def test_a_prompt_that_denies_every_entry_is_held() -> None:
    prompt = shown(memory=Memory())
    assert "may not enter now: DAILY_LOSS,LOSS_BUDGET" in decide(prompt.system, prompt.user)["reasoning"]


def test_coins_and_leverage_are_those_that_the_prompt_shows() -> None:
    prompt = shown()
    decision = decide(prompt.system, prompt.user)
    assert (decision["action"], decision["symbol"], decision["leverage"]) == ("SHORT", "BNB", 5)
    assert "strongest of 6" in decision["reasoning"]
    lowered = prompt.system.replace("\nBNB 10/10 10/10 10/10 8/7 ", "\nBNB 10/10 10/10 10/10 8/3 ")
    assert decide(lowered, prompt.user)["leverage"] == 3


def test_an_old_position_is_closed() -> None:
    prompt = shown(Symbol.ETH)
    decision = decide(prompt.system, prompt.user)
    assert (decision["action"], decision["symbol"]) == ("CLOSE", "ETH")


@pytest.mark.parametrize("user", ["", "# NOW\ncycle=1\n"])
def test_an_unreadable_prompt_is_a_hold(user: str) -> None:
    decision = decide("", user)
    assert decision["action"] == "HOLD"
    assert "could not be read" in decision["reasoning"]


def test_no_coin_to_enter_is_a_hold() -> None:
    assert decide("", shown().user)["action"] == "HOLD"
