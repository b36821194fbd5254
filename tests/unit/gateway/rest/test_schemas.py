"""The schemas: what the small notation means, and that every reference of the document leads somewhere."""

import json
import re

from gateway_server import THREE_AND_SEVEN

from common.runtime.roster import read_roster
from gateway.rest.openapi import document
from gateway.rest.schemas import MONEY, components, ref, row, statistics_row


def test_a_row_has_exactly_its_fields_and_null_where_marked() -> None:
    schema = row("id:text pnl:money? side:Side")
    assert schema["required"] == ["id", "pnl", "side"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["pnl"] == {"anyOf": [MONEY, {"type": "null"}]}
    assert schema["properties"]["side"] == ref("Side")


def test_a_statistics_row_may_have_further_figures() -> None:
    assert statistics_row("rank:int")["additionalProperties"] == ref("Figure")


def test_contenders_and_coins_are_the_rosters() -> None:
    assert components(THREE_AND_SEVEN)["ContenderId"]["enum"] == ["deepseek", "qwen", "llama"]
    assert components(THREE_AND_SEVEN)["Coin"]["enum"][-1] == "HYPE"
    assert components(None)["ContenderId"] == {"type": "string"}


def test_every_reference_leads_to_a_component_and_each_is_used() -> None:
    whole = document(read_roster(None), has_control=True, has_alerts=True)
    named = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(whole)))
    # The WebSocket's messages have no path that could refer to them.
    assert named == set(whole["components"]["schemas"]) - {"Push", "Channel", "Hello", "Clock", "ClockReading"}
