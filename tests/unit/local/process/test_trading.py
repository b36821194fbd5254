"""What `aicoin status` says of halts and of the clock."""

import pytest

from aicoin_local.process.trading import describe_status, trading_lines

HALT = {"model": None, "reason": "LOCAL", "author": "kill switch", "since_ms": 1_795_400_000_000, "detail": "used"}


def test_a_halt_says_whose_by_whom_since_when_and_what_ends_it() -> None:
    [line, _] = describe_status({"halts": [HALT], "clock_ahead_ms": 0})
    assert line == "halted: all, LOCAL by kill switch since 2026-11-23 02:13:20+00:00: used; `aicoin resume` ends it"


@pytest.mark.parametrize(
    ("ahead_ms", "line"),
    [
        (12_000, "clock: 12.0 s behind the exchange's; set it by NTP"),
        (-2_500, "clock: 2.5 s ahead of the exchange's; set it by NTP"),
        (150, "clock: 0.1 s behind the exchange's"),
        (None, "clock: how far it is off the exchange's is not known yet"),
    ],
)
def test_it_says_how_far_the_clock_is_off(ahead_ms: int | None, line: str) -> None:
    assert describe_status({"halts": [], "clock_ahead_ms": ahead_ms}) == [line]


def test_a_gateway_that_is_away_is_named() -> None:
    assert trading_lines({"gateway_url": "http://127.0.0.1:9"}) == ["halts and clock: the gateway does not answer"]
    assert trading_lines(None) == []
