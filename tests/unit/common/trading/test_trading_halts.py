"""A RESUME ends the halts that are older than itself."""

import pytest

from common.trading.halts import does_resume_end

NOW = 1_790_000_000_000
DAY = 86_400_000


@pytest.mark.parametrize(
    ("halted_ms", "resumed_ms", "ends"),
    [
        (NOW - 10, NOW - 5, True),
        (NOW - 5, NOW - 5, False),
        (NOW - 5, NOW - 10, False),
        (NOW - 5, NOW - DAY, False),
        (NOW + 3 * DAY, NOW - 5, True),
        (NOW + 3 * DAY, NOW - DAY, False),
    ],
)
def test_only_a_younger_resume_ends_a_halt(halted_ms: int, resumed_ms: int, ends: bool) -> None:
    assert does_resume_end(halted_ms, resumed_ms, NOW) is ends
