"""Reports show what a run found, and a model's text is never markup."""

import json
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

from risk_examples import a_decision, an_account

from common.events import Action, Decision, Outcome
from common.trading.durations import MINUTE_MS
from common.trading.instruments import Symbol
from common.trading.limits import Limits
from replay.domain.answer import Answered, Arm
from replay.domain.cycle import Quote, QuotePath
from replay.domain.returns import exposure_of
from replay.domain.summary import Summary, summarize
from replay.report.files import Heading, write_report
from replay.report.svg import bars, lines, whiskers

D = Decimal
START_MS = 1_790_000_040_000
CYCLES = 30
MARKUP = "<script>alert('out')</script>&"


def answered(number: int, arm: Arm, decision: Decision, denial_code: str | None = None) -> Answered:
    return Answered(
        cycle_id=f"r-{number}",
        model="qwen",
        boundary_ms=START_MS + number * MINUTE_MS,
        arm=arm,
        sample=0,
        outcome=Outcome.ANSWERED,
        decision=decision,
        failure_code=None,
        denial_code=denial_code,
        exposure=exposure_of(decision, an_account(), Limits()),
        prompt_hash="h",
        prompt_lines=2 if arm is Arm.CHANGED else 0,
        cost_usd=D("0.01"),
    )


def summary() -> Summary:
    """HOLD as recorded; LONG on a rising coin when changed, every third one denied."""
    hold, long = a_decision(action=Action.HOLD, symbol=None), a_decision(reasoning=MARKUP)
    answers = [answered(number, Arm.RECORDED, hold) for number in range(CYCLES)]
    answers += [
        answered(number, Arm.CHANGED, long, "COOLDOWN" if number % 3 == 0 else None) for number in range(CYCLES)
    ]
    quotes = {
        START_MS + number * MINUTE_MS: {Symbol.BTC: Quote(D(100) + number, D(0), 0.0)} for number in range(CYCLES + 20)
    }
    [found] = summarize(answers, QuotePath(quotes), 1.0, seed=1)
    return found


def test_a_summary_counts_denied_decisions_as_nothing_earned() -> None:
    found = summary()
    assert found.base is Arm.RECORDED
    recorded, changed = found.arms
    assert (recorded.answers, changed.answers, changed.agreement) == (CYCLES, CYCLES, 0.0)
    assert changed.denials == {"COOLDOWN": 10}
    assert changed.cost_usd == D("0.3")
    assert all(pair.differs for pair in found.pairs)
    assert found.pairs[0].changed_bps[15] == 0.0
    gained = found.pairs[1].changed_bps[15]
    assert gained is not None
    assert gained > 0
    assert found.pairs[1].changed_bps[240] is None
    assert "--samples" in found.comparison.sentence


def test_the_page_loads_nothing_and_escapes_a_models_text(tmp_path: Path) -> None:
    heading = Heading("Decision replay", "replay --mode x", {"live": True}, ["a note"])
    as_json, as_html = write_report(tmp_path, heading, [summary()], f"+{MARKUP}")
    page = as_html.read_text(encoding="utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == CYCLES + 1
    assert "default-src 'none'" in page
    assert "src=" not in page
    content = json.loads(as_json.read_text(encoding="utf-8"))
    [contender] = content["contenders"]
    assert len(contender["pairs"]) == CYCLES
    assert contender["arms"][1]["denials"] == {"COOLDOWN": 10}


def test_pictures_are_well_formed_whatever_they_show() -> None:
    for picture in (
        whiskers([("a & b", (1.0, 0.5, 1.5)), ("c", (0.0, None, None))], "bps"),
        whiskers([], "bps"),
        bars([("x", {"HOLD": 3, "<LONG>": 1}), ("y", {})], ["HOLD", "<LONG>"]),
        lines([("one", [0.0] * 3_000), ("none", [])], "bps"),
    ):
        assert ElementTree.fromstring(picture).tag == "svg"
