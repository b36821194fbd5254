"""The lines of `aicoin run` and `aicoin status` about what a day costs."""

from aicoin_local.configuration.spending import spending_lines
from common.runtime.roster import read_roster

ROSTER = read_roster(None)


def test_each_contender_has_a_line_by_its_settings() -> None:
    given = {"DEEPSEEK_API_KEY": "k", "DECISION_INTERVAL_S": "300", "DAILY_COST_CAP_USD": "0"}
    deepseek, qwen = spending_lines(ROSTER, given)
    assert deepseek.startswith("deepseek: deepseek-flash: a day at 300 s costs about ")
    assert "DAILY_COST_CAP_USD=0 is below one call" in deepseek
    assert qwen == "qwen: a stand-in answers and costs nothing"


def test_settings_that_an_agent_refuses_have_no_line() -> None:
    for wrong in ({"DEEPSEEK_MODEL": "unknown"}, {"DAILY_COST_CAP_USD": "much"}):
        lines = spending_lines(ROSTER, {"DEEPSEEK_API_KEY": "k"} | wrong)
        assert not any(line.startswith("deepseek") for line in lines)
