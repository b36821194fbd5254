"""The gateway's settings: `<ID>_MODEL` of each contender, and origins in a form that browsers send."""

from typing import Any

import pytest
from gateway_server import THREE_AND_SEVEN
from pydantic import ValidationError

from common.runtime.roster import read_roster
from gateway.config import GatewaySettings, gateway_settings

NEEDED: dict[str, Any] = {"metrics_port": 0, "database_url": "postgresql://unused"}


def test_a_contenders_model_comes_from_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_MODEL", "qwen-plus")
    monkeypatch.delenv("DEEPSEEK_MODEL", raising=False)
    settings = gateway_settings(read_roster(None))(**NEEDED)
    assert (settings.configured_model("qwen"), settings.configured_model("deepseek")) == ("qwen-plus", None)


def test_without_the_variable_the_rosters_model_is_used() -> None:
    assert gateway_settings(THREE_AND_SEVEN)(**NEEDED).configured_model("llama") == "llama-4-70b"


@pytest.mark.parametrize("origins", ["arena.example", "https://arena.example/", "https://a.example, ftp://b.example"])
def test_an_origin_that_no_browser_sends_is_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="comma list of origins"):
        GatewaySettings(**NEEDED, allowed_origins=origins)
