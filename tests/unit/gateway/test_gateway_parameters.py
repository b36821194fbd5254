"""Query parameters: a wrong one is a 400 that names it."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import parameters
from gateway.errors import ApiError


@pytest.mark.parametrize(
    ("call", "query", "name"),
    [
        (parameters.model_of, {"model": "gpt"}, "model"),
        (parameters.symbol_of, {"symbol": "PEPE"}, "symbol"),
        (parameters.interval_of, {"interval": "2m"}, "interval"),
        (lambda query: parameters.limit_of(query, 50), {"limit": "0"}, "limit"),
        (lambda query: parameters.limit_of(query, 50), {"limit": "1e3"}, "limit"),
        (lambda query: parameters.limit_of(query, 50), {"limit": "²"}, "limit"),
        (lambda query: parameters.limit_of(query, 50), {"limit": "99999"}, "limit"),
        (lambda query: parameters.limit_of(query, 50), {"limit": "9" * 5000}, "limit"),
        (parameters.cursor_of, {"before": "!!"}, "before"),
        (parameters.cursor_of, {"before": "YWJj"}, "before"),
        (lambda query: parameters.choice_of(query, "range", ("72h", "all")), {"range": "1y"}, "range"),
    ],
)
def test_a_wrong_parameter_is_named(call: Any, query: dict[str, str], name: str) -> None:
    with pytest.raises(ApiError, match=f"^{name}: ") as caught:
        call(query)
    assert caught.value.status == 400


def test_what_is_left_out_has_its_default() -> None:
    assert parameters.model_of({}) is None
    assert parameters.cursor_of({}) is None
    assert parameters.interval_of({}) == "1m"
    assert parameters.limit_of({}, 50) == 50


@given(st.integers(0, 2**62 - 1), st.text(alphabet="0123456789abcdef", min_size=1, max_size=32))
def test_a_cursor_survives_its_round_trip(time_ms: int, row_id: str) -> None:
    assert parameters.cursor_of({"before": parameters.cursor_text(time_ms, row_id)}) == (time_ms, row_id)


@given(st.text(max_size=60))
def test_no_cursor_text_breaks_the_server(text: str) -> None:
    with contextlib.suppress(ApiError):
        parameters.cursor_of({"before": text})
