"""The catalog follows the roster: one agent per contender, with its package, its metrics port and its secrets."""

from pathlib import Path

import pytest

from aicoin_local.configuration.arena_file import arena_file, roster_of
from aicoin_local.configuration.catalog import process_variables, service_specs, stop_place
from aicoin_local.configuration.service_settings import settings_of, variables_read
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


def test_a_process_sees_its_own_settings_and_no_other(roster: Roster) -> None:
    specs = service_specs(roster)
    every = dict.fromkeys(("PATH", "https_proxy", "OTHER_SECRET"), "x")
    every |= {name: "x" for spec in specs for name in settings_of(spec, roster)}
    seen = {spec.name: set(visible_variables(variables_read(spec, roster), every)) for spec in specs}
    for spec in specs:
        assert seen[spec.name] == settings_of(spec, roster) | {"PATH", "https_proxy", "AICOIN_DATA_DIR"}
    readers = {name: {each for each, names in seen.items() if name in names} for name in every}
    assert readers["LLAMA_API_KEY"] == readers["LLAMA_BASE_URL"] == {"agent-llama"}
    assert readers["HYPERLIQUID_PRIVATE_KEY_QWEN"] == readers["HYPERLIQUID_PRIVATE_KEY_QWEN_FILE"] == {"executor"}
    assert readers["CONTROL_TOKEN"] == readers["READ_TOKEN"] == {"gateway"}
    assert readers["NOTIFY_URLS"] == {"notifier"}
    assert readers["MAX_LEVERAGE"] >= {"risk", "executor"}
    assert readers["OTHER_SECRET"] == set()


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


def test_what_libraries_read_themselves_is_seen_by_whoever_needs_it() -> None:
    given = dict.fromkeys(("WSS_PROXY", "socks_proxy", "LD_LIBRARY_PATH", "LC_CTYPE", "PGSSLROOTCERT", "OTHER"), "x")
    everywhere = {"WSS_PROXY", "socks_proxy", "LD_LIBRARY_PATH", "LC_CTYPE"}
    assert set(visible_variables((), given)) == everywhere
    assert set(visible_variables(("DATABASE_URL",), given)) == everywhere | {"PGSSLROOTCERT"}
