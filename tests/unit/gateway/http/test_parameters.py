"""Query parameters: a wrong one is a 400 that names it."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.runtime.roster import read_roster
from gateway.http import parameters
from gateway.http.errors import ApiError

ROSTER = parameters.RosterParameters(read_roster(None))


@pytest.mark.parametrize(
    ("call", "query", "name"),
    [
        (ROSTER.model_filter, {"model": "gpt"}, "model"),
        (ROSTER.symbol_filter, {"symbol": "PEPE"}, "symbol"),
        (ROSTER.symbol_filter, {"symbol": "HYPE"}, "symbol"),
        (parameters.parse_interval, {"interval": "2m"}, "interval"),
        (lambda query: parameters.parse_limit(query, 50), {"limit": "0"}, "limit"),
        (lambda query: parameters.parse_limit(query, 50), {"limit": "1e3"}, "limit"),
        (lambda query: parameters.parse_limit(query, 50), {"limit": "²"}, "limit"),
        (lambda query: parameters.parse_limit(query, 50), {"limit": "99999"}, "limit"),
        (lambda query: parameters.parse_limit(query, 50), {"limit": "9" * 5000}, "limit"),
        (parameters.parse_cursor, {"before": "!!"}, "before"),
        (parameters.parse_cursor, {"before": "YWJj"}, "before"),
        (lambda query: parameters.parse_choice(query, "range", ("72h", "all")), {"range": "1y"}, "range"),
    ],
)
def test_a_wrong_parameter_is_named(call: Any, query: dict[str, str], name: str) -> None:
    with pytest.raises(ApiError, match=f"^{name}: ") as caught:
        call(query)
    assert caught.value.status == 400


def test_a_parameter_left_out_has_its_default() -> None:
    assert ROSTER.model_filter({}) is None
    assert parameters.parse_cursor({}) is None
    assert parameters.parse_interval({}) == "1m"
    assert parameters.parse_limit({}, 50) == 50


@given(st.integers(0, 2**62 - 1), st.text(alphabet="0123456789abcdef", min_size=1, max_size=32))
def test_a_cursor_survives_its_round_trip(time_ms: int, row_id: str) -> None:
    assert parameters.parse_cursor({"before": parameters.format_cursor(time_ms, row_id)}) == (time_ms, row_id)


@given(st.text(max_size=60))
def test_no_format_cursor_breaks_the_server(text: str) -> None:
    with contextlib.suppress(ApiError):
        parameters.parse_cursor({"before": text})
