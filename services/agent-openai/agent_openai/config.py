"""What holds for any OpenAI-compatible server, as data. Source: OpenAI API reference, Create chat completion.

It lists no prices: a contender's row in the roster names its own, unless its server is local.
"""

from common.agent.providers.day_cost import TypicalCall
from common.agent.providers.parameters import RequestForm
from common.agent.providers.profile import Profile

SERVICE = "agent-openai"
PROFILE = Profile(
    provider="deepseek",
    stand_in_path="/deepseek",
    typical_call=TypicalCall(7_108, 0, 300, 14_213),
    form=RequestForm(
        fixed={"stream": False},
        thinking={
            "off": {},
            "on": {"reasoning_effort": "medium"},
            "low": {"reasoning_effort": "low"},
            "medium": {"reasoning_effort": "medium"},
            "high": {"reasoning_effort": "high"},
            "default": {},
        },
    ),
)
