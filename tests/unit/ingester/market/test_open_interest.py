"""A coin's open interest over the last day."""

import pytest

from common.trading.durations import DAY_MS, HOUR_MS, MINUTE_MS
from ingester.market.open_interest import KEPT_MINUTES, OpenInterestHistory, OpenInterestSamples

NOW_MS = 1_790_000_040_000


def history(samples: dict[int, float]) -> OpenInterestHistory:
    """Samples by minutes before now."""
    built = OpenInterestHistory()
    for minutes in sorted(samples, reverse=True):
        built.add(samples[minutes], NOW_MS - minutes * MINUTE_MS)
    return built


def test_the_first_value_of_each_minute_counts() -> None:
    own = OpenInterestHistory()
    assert own.average_coin is None
    for after_ms, coins in ((0, 100.0), (30_000, 900.0), (60_000, 200.0)):
        own.add(coins, NOW_MS + after_ms)
    assert own.average_coin == 150.0


def test_the_average_covers_the_last_four_hours() -> None:
    assert history({240: 1_000.0, 239: 10.0, 0: 20.0}).average_coin == 15.0


def test_nothing_is_taken_before_the_first_market_time() -> None:
    own = history({0: 4.0})
    own.add(5.0, 0)
    assert own.average_coin == 4.0


def test_changes_are_percent_of_the_earlier_figure() -> None:
    own = history({24 * 60: 80.0, 60: 125.0, 0: 100.0})
    assert own.change_1h_percent(100.0, NOW_MS) == -20.0
    assert own.change_24h_percent(100.0, NOW_MS) == 25.0


def test_a_change_is_unknown_without_a_sample_near_its_beginning() -> None:
    assert history({0: 100.0}).change_1h_percent(100.0, NOW_MS) is None
    assert OpenInterestHistory().change_24h_percent(1.0, NOW_MS) is None
    assert history({66: 90.0, 54: 90.0, 0: 100.0}).change_1h_percent(100.0, NOW_MS) is None
    assert history({65: 80.0, 54: 90.0, 0: 100.0}).change_1h_percent(100.0, NOW_MS) == 25.0
    assert history({55: 80.0, 0: 100.0}).change_1h_percent(100.0, NOW_MS) == 25.0
    assert history({63: 50.0, 62: 80.0, 0: 100.0}).change_1h_percent(100.0, NOW_MS) == 25.0


def test_an_open_interest_of_zero_has_no_change() -> None:
    assert history({60: 0.0, 0: 100.0}).change_1h_percent(100.0, NOW_MS) is None
    assert history({60: 100.0, 0: 0.0}).change_1h_percent(0.0, NOW_MS) == -100.0


@pytest.mark.parametrize("pause_ms", [2 * DAY_MS, 10**15])
def test_an_outage_of_any_length_leaves_no_old_sample(pause_ms: int) -> None:
    own = history({60: 50.0, 0: 100.0})
    own.add(70.0, NOW_MS + pause_ms)
    assert own.change_24h_percent(70.0, NOW_MS + pause_ms) is None
    assert own.average_coin == 70.0


def test_a_market_that_jumps_back_forgets_what_came_after() -> None:
    own = history({60: 50.0, 30: 70.0, 0: 100.0})
    own.add(40.0, NOW_MS - 45 * MINUTE_MS)
    assert own.change_1h_percent(100.0, NOW_MS) == -100.0 + 200.0
    assert own.average_coin == 45.0


def test_stored_samples_continue_after_a_restart() -> None:
    own = history({60: 50.0, 0: 100.0})
    stored = own.pop_changed()
    assert stored is not None
    assert own.pop_changed() is None
    again = OpenInterestHistory()
    again.restore(stored)
    assert again.pop_changed() is None
    again.add(75.0, NOW_MS + 2 * MINUTE_MS)
    assert again.change_1h_percent(75.0, NOW_MS + 2 * MINUTE_MS) == 50.0


def test_stored_samples_replace_no_newer_ones() -> None:
    own = history({0: 100.0})
    own.restore(OpenInterestSamples(NOW_MS // MINUTE_MS - 60, [1.0]))
    assert own.average_coin == 100.0


def test_a_day_and_an_hour_are_kept() -> None:
    own = history(dict.fromkeys(range(KEPT_MINUTES + 10), 1.0))
    stored = own.pop_changed()
    assert stored is not None
    assert len(stored.samples) == KEPT_MINUTES == (DAY_MS + HOUR_MS) // MINUTE_MS
