"""The incremental counters equal a count over all that happened."""

from hypothesis import given
from hypothesis import strategies as st

from common.runtime.roster import read_roster
from common.trading.durations import DAY_MS, MINUTE_MS
from risk.state.entry_counters import KEPT_DAYS, EntryCounters

ROSTER = read_roster(None)
IDS = st.sampled_from("abcd")
START_MS = 20_000 * DAY_MS - 3_000
STEPS_MS = st.sampled_from([1, 59_999, 60_000, DAY_MS // 2, DAY_MS, 2 * DAY_MS])


@given(st.lists(st.tuples(STEPS_MS, IDS, st.booleans())), st.sets(IDS), IDS)
def test_entries_of_a_day_equal_a_recount(steps: list[tuple[int, str, bool]], unfinished: set[str], but: str) -> None:
    counters, sent, now_ms = EntryCounters(), dict[str, int](), START_MS
    for step_ms, intent_id, is_sent in steps:
        now_ms += step_ms
        if is_sent:
            counters.record_sent(intent_id, now_ms)
            sent.setdefault(intent_id, now_ms)
            sent = {key: at_ms for key, at_ms in sent.items() if now_ms // DAY_MS - at_ms // DAY_MS <= KEPT_DAYS}
        else:
            counters.withdraw_sent(intent_id)
            sent.pop(intent_id, None)
        assert counters.sent == set(sent)
        today = now_ms // DAY_MS
        for day in (today - 1, today):
            counted = {key for key, at_ms in sent.items() if at_ms // DAY_MS == day} | unfinished
            assert counters.entries_on(day, unfinished, but) == len(counted - {but})


@given(st.lists(st.tuples(STEPS_MS, st.sampled_from(ROSTER.coins), st.booleans())))
def test_approvals_equal_a_recount(steps: list[tuple[int, str, bool]]) -> None:
    counters, approved, now_ms = EntryCounters(), [], START_MS
    for step_ms, symbol, is_entry in steps:
        now_ms += step_ms
        counters.record_approval(now_ms, symbol, is_entry=is_entry)
        approved.append((now_ms, symbol, is_entry))
        since_ms = now_ms - MINUTE_MS
        assert len(counters.approvals_after(since_ms)) == sum(at_ms > since_ms for at_ms, _, _ in approved)
        for coin in ROSTER.coins:
            entries = [at_ms for at_ms, of, was_entry in approved if was_entry and of is coin]
            assert counters.last_entry_ms(coin) == max(entries, default=None)
    assert counters.last_entry_ms(None) is None


def test_only_a_few_approvals_and_days_are_kept() -> None:
    counters = EntryCounters()
    for number in range(1_000):
        counters.record_approval(START_MS + number * 10_000, ROSTER.coins[0], is_entry=True)
        counters.record_sent(str(number), START_MS + number * DAY_MS)
    assert len(counters.approvals_after(0)) == 2 * 6 + 1
    assert counters.sent == {"997", "998", "999"}
