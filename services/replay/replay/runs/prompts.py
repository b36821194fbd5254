"""A prompt from what a decision's record holds, by the agent's own code."""

from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from common.agent.prompt.build import build_prompt
from common.agent.prompt.memory import read_memory
from common.agent.prompt.strategy import Strategy
from common.events import AccountUpdated, DecisionInputs, MarketSnapshot, Prompt
from common.events.codec import decode
from common.trading.limits import Limits
from common.trading.roster import Language, Mode


@dataclass(frozen=True, slots=True)
class PromptChange:
    """What another prompt is made with in place of the recorded strategy and mode; None keeps them."""

    strategy: Strategy | None = None
    mode: str | None = None


AS_RECORDED = PromptChange()


def account_of(inputs: DecisionInputs) -> AccountUpdated:
    """The account state that the agent read."""
    account: AccountUpdated = decode(AccountUpdated.TYPE, inputs.account_state.encode()).data
    return account


@lru_cache(maxsize=64)
def read_limits(text: str) -> Limits:
    """The limits in their JSON text, which hardly ever changes."""
    return Limits.model_validate_json(text)


def prompt_of(
    snapshot: MarketSnapshot, inputs: DecisionInputs, strategy_name: str, change: PromptChange = AS_RECORDED
) -> Prompt:
    """The prompt that the agent made from these inputs, or would make with the change."""
    return build_prompt(
        snapshot,
        account_of(inputs),
        read_memory(inputs.memory),
        strategy=change.strategy or Strategy(strategy_name, inputs.strategy),
        limits=read_limits(inputs.limits),
        coins=inputs.coins,
        language=cast(Language, inputs.language),
        mode=cast(Mode, change.mode or inputs.mode),
    )
