"""The simulator's settings: an invalid value ends the start with one line in the form that the launcher parses."""

import re

import pytest

from simulator.config import SimulatorSettings, load_settings

FREE_TEXT = {"bind_host", "simulator_data_dir", "simulator_market_path"}
CASES = [({name.upper(): "nonsense – 74f1"}, name) for name in SimulatorSettings.model_fields if name not in FREE_TEXT]
CASES += [
    ({"SIMULATOR_SPEED": "5"}, "simulator_speed"),
    ({"SIMULATOR_MARKET": "capture"}, "simulator_market_path"),
    ({"SIMULATOR_UPSTREAM_URL": "http://127.0.0.1:99999"}, "simulator_upstream_url"),
    ({"SIMULATOR_UPSTREAM_URL": "http://127.0.0.1:0"}, "simulator_upstream_url"),
    ({"SIMULATOR_UPSTREAM_URL": "http://:3001"}, "simulator_upstream_url"),
    ({"SIMULATOR_COINS": "BTC,BTC2"}, "simulator_coins"),
    ({"SIMULATOR_COINS": " , "}, "simulator_coins"),
    ({"PAPER_START_BALANCE": "NaN"}, "paper_start_balance"),
    ({"SIMULATOR_REDATED": "true"}, "simulator_redated"),
]


@pytest.mark.parametrize(("environment", "named"), CASES)
def test_an_invalid_setting_ends_the_start_with_its_name(
    environment: dict[str, str],
    named: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in SimulatorSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as ended:
        load_settings()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.match(rf"simulator: {named.upper()}: ", line)
