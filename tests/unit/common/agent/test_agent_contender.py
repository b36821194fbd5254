"""Which contender an agent process asks, and the line that ends a start without one."""

import pytest

from agent_deepseek.config import PROFILE as DEEPSEEK
from agent_openai.config import PROFILE as OPENAI
from agent_qwen.config import PROFILE as QWEN
from common.agent.contender import select_contender
from common.runtime.roster import read_roster

ROSTER = read_roster(None)


def test_a_service_asks_its_own_contender_unless_set_otherwise() -> None:
    assert select_contender("agent-deepseek", ROSTER, DEEPSEEK, {}).id == "deepseek"
    assert select_contender("agent-qwen", ROSTER, QWEN, {"CONTENDER": ""}).id == "qwen"
    assert select_contender("agent-openai", ROSTER, OPENAI, {"CONTENDER": "deepseek"}).id == "deepseek"


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({}, "CONTENDER: not set; agent-openai asks a contender with provider 'deepseek': deepseek"),
        ({"CONTENDER": "llama"}, "CONTENDER: 'llama' is not in the roster; "),
        ({"CONTENDER": "qwen"}, "CONTENDER: 'qwen' has another provider; "),
    ],
)
def test_a_contender_that_cannot_be_asked_ends_the_start(
    chosen: dict[str, str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        select_contender("agent-openai", ROSTER, OPENAI, chosen)
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"agent-openai: {reason}")
