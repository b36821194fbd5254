"""The catalog follows the roster: one agent per contender, with its package, its metrics port and its secrets."""

from pathlib import Path

import pytest

from aicoin_local.configuration.arena_file import arena_file, roster_of
from aicoin_local.configuration.catalog import process_variables, service_specs, stop_place
from aicoin_local.configuration.visibility import visible_variables
from aicoin_local.settings import ROOT
from common.runtime.roster import read_roster
from common.trading.roster import Contender, Roster


def contender(contender_id: str, provider: str, color: str) -> Contender:
    return Contender.model_validate(
        {
            "id": contender_id,
            "name": contender_id.title(),
            "provider": provider,
            "strategy": "trend-v2",
            "color": color,
            "color_dark": color,
            "mark": "square",
        }
    )


@pytest.fixture
def roster() -> Roster:
    """The default roster and two further contenders."""
    default = read_roster(None)
    further = (contender("llama", "deepseek", "#111111"), contender("qwen_max", "dashscope", "#222222"))
    return Roster(contenders=(*default.contenders, *further), coins=default.coins)


def test_each_contender_has_an_agent_of_its_own(roster: Roster) -> None:
    agents = [(s.name, s.package, s.metrics_offset) for s in service_specs(roster) if s.name.startswith("agent-")]
    assert agents == [
        ("agent-deepseek", "agent_deepseek", 1),
        ("agent-qwen", "agent_qwen", 2),
        ("agent-llama", "agent_openai", 9),
        ("agent-qwen_max", "agent_qwen", 10),
    ]


def test_agent_is_given_its_contender_and_metrics_port(roster: Roster) -> None:
    spec = next(spec for spec in service_specs(roster) if spec.name == "agent-llama")
    assert process_variables(spec, 9100) == {"METRICS_PORT": "9109", "CONTENDER": "llama"}


def test_api_key_reaches_only_its_own_agent(roster: Roster) -> None:
    variables = {"LLAMA_API_KEY": "secret", "QWEN_MAX_API_KEY_FILE": "secret", "LLAMA_MODEL": "public"}
    readers = {s.name: visible_variables(s.secrets, variables) for s in service_specs(roster)}
    assert all(seen["LLAMA_MODEL"] == "public" for seen in readers.values())
    assert [name for name, seen in readers.items() if "LLAMA_API_KEY" in seen] == ["agent-llama"]
    assert [name for name, seen in readers.items() if "QWEN_MAX_API_KEY_FILE" in seen] == ["agent-qwen_max"]


def test_agents_stop_after_the_gateway_and_before_risk() -> None:
    programs = ["redis", "risk", "agent-llama", "gateway", "simulator", "agent-of-an-earlier-roster"]
    assert sorted(programs, key=stop_place) == [
        "gateway",
        "agent-llama",
        "agent-of-an-earlier-roster",
        "risk",
        "simulator",
        "redis",
    ]


def test_arena_file_counts_from_the_root_and_is_optional(tmp_path: Path) -> None:
    assert arena_file({}, tmp_path) is None
    (tmp_path / "arena.toml").touch()
    assert arena_file({}, tmp_path) == tmp_path / "arena.toml"
    assert arena_file({"ARENA_FILE": "other.toml"}, tmp_path) == tmp_path / "other.toml"
    assert arena_file({"ARENA_FILE": "/etc/arena.toml"}, tmp_path) == Path("/etc/arena.toml")


def test_unreadable_roster_ends_the_start_with_its_variable(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        roster_of({"ARENA_FILE": "no-such-file.toml"})
    assert ended.value.code == 2
    assert f"aicoin: ARENA_FILE: {ROOT / 'no-such-file.toml'} can't be read" in capsys.readouterr().err
