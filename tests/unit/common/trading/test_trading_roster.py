"""The roster: what a file may say, and how a wrong one is refused."""

from importlib.resources import files
from pathlib import Path

import pytest

from common.runtime.roster import RosterError, load_roster, read_roster

CONTENDER = """
[[contenders]]
id = "{id}"
name = "{id}"
provider = "deepseek"
strategy = "trend-v2"
color = "{color}"
color_dark = "#7C9BFF"
mark = "circle"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "arena.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_built_in_roster_is_the_two_models_and_six_coins() -> None:
    roster = read_roster(None)
    assert roster.ids == ("deepseek", "qwen")
    assert roster.coins == ("BTC", "ETH", "SOL", "BNB", "DOGE", "XRP")
    assert roster.contender("qwen").agent == "agent-qwen"


def test_a_third_contender_and_a_seventh_coin_are_read(tmp_path: Path) -> None:
    rows = "".join(CONTENDER.format(id=name, color=f"#00000{n}") for n, name in enumerate(("a", "b", "c")))
    roster = read_roster(written(tmp_path, f'coins = ["BTC", "HYPE"]\n{rows}'))
    assert roster.ids == ("a", "b", "c")
    assert roster.coins == ("BTC", "HYPE")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('coins = ["BTC"', "is no TOML"),
        ('coins = ["PEPE"]\n' + CONTENDER.format(id="a", color="#000000"), "coins.0"),
        ('coins = ["BTC", "BTC"]\n' + CONTENDER.format(id="a", color="#000000"), "a coin is listed twice"),
        ('coins = ["BTC"]\n' + CONTENDER.format(id="A b", color="#000000"), "contenders.0.id"),
        ('coins = ["BTC"]\n' + 2 * CONTENDER.format(id="a", color="#000000"), "the same id: a"),
        ('coins = ["BTC"]\ncontenders = []\n', "contenders"),
        ('coins = ["BTC"]\ncolor = 3\n' + CONTENDER.format(id="a", color="#000000"), "color"),
    ],
)
def test_a_wrong_roster_is_refused_by_place(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(RosterError, match=named):
        read_roster(written(tmp_path, text))


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path, built_in = tmp_path / "arena.toml", files("common.runtime").joinpath("arena.toml")
    path.write_text(built_in.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert read_roster(path) == read_roster(None)


def test_a_missing_file_ends_the_start_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.toml"
    with pytest.raises(SystemExit):
        load_roster("risk", {"ARENA_FILE": str(missing)})
    assert f"ARENA_FILE: {missing} can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('thinking = "loud"', r"contenders.0.thinking: Input should be 'off', 'on', 'low', 'medium', 'high', 'max' or"),
        ("thinking_budget = 50", "contenders.0.thinking_budget: Input should be greater than or equal to 100"),
        ('max_answer_tokens = "500"', "contenders.0.max_answer_tokens: Input should be a valid integer"),
        ("temperature = 2.0", "contenders.0.temperature: Input should be less than 2"),
        ("temperature = nan", "contenders.0.temperature"),
        ("temperature = true", "contenders.0.temperature: Input should be a valid number"),
        ("seed = -1", "contenders.0.seed: Input should be greater than or equal to 0"),
        ('response_format = "json"', "contenders.0.response_format: Input should be a valid boolean"),
    ],
)
def test_a_wrong_parameter_is_refused_with_what_is_allowed(tmp_path: Path, line: str, named: str) -> None:
    with pytest.raises(RosterError, match=named):
        read_roster(written(tmp_path, 'coins = ["BTC"]\n' + CONTENDER.format(id="a", color="#000000") + line))


def test_parameters_are_read_and_thinking_is_also_true_or_false(tmp_path: Path) -> None:
    row = CONTENDER.format(id="a", color="#000000")
    more = "thinking = true\nthinking_budget = 500\ntemperature = 1\nseed = 7\nresponse_format = false\n"
    [read] = read_roster(written(tmp_path, f'coins = ["BTC"]\n{row}{more}')).contenders
    assert (read.thinking, read.thinking_budget, read.temperature, read.seed) == ("on", 500, 1, 7)
    assert not read.response_format
    assert read_roster(None).contenders[0].thinking == "off"
