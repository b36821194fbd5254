"""The counts that are kept as things happen are those that one would find by going through all that happened."""

from hypothesis import given
from hypothesis import strategies as st

from common.trading.symbols import SYMBOLS
from risk.pace import KEPT_DAYS, MINUTE_MS, Pace
from risk.watch import DAY_MS

IDS = st.sampled_from("abcd")
START_MS = 20_000 * DAY_MS - 3_000
STEPS_MS = st.sampled_from([1, 59_999, 60_000, DAY_MS // 2, DAY_MS, 2 * DAY_MS])


@given(st.lists(st.tuples(STEPS_MS, IDS, st.booleans())), st.sets(IDS), IDS)
def test_entries_of_a_day(steps: list[tuple[int, str, bool]], under_way: set[str], but: str) -> None:
    pace, sent, now_ms = Pace(), dict[str, int](), START_MS
    for step_ms, intent_id, is_sent in steps:
        now_ms += step_ms
        if is_sent:
            pace.note_sent(intent_id, now_ms)
            sent.setdefault(intent_id, now_ms)
            sent = {key: at_ms for key, at_ms in sent.items() if now_ms // DAY_MS - at_ms // DAY_MS <= KEPT_DAYS}
        else:
            pace.was_not_sent(intent_id)
            sent.pop(intent_id, None)
        assert pace.sent == set(sent)
        today = now_ms // DAY_MS
        for day in (today - 1, today):
            counted = {key for key, at_ms in sent.items() if at_ms // DAY_MS == day} | under_way
            assert pace.entries_on(day, under_way, but) == len(counted - {but})


@given(st.lists(st.tuples(STEPS_MS, st.sampled_from(SYMBOLS), st.booleans())))
def test_approvals(steps: list[tuple[int, str, bool]]) -> None:
    pace, approved, now_ms = Pace(), [], START_MS
    for step_ms, symbol, is_entry in steps:
        now_ms += step_ms
        pace.note_approval(now_ms, symbol, is_entry=is_entry)
        approved.append((now_ms, symbol, is_entry))
        since_ms = now_ms - MINUTE_MS
        assert pace.orders_since(since_ms) == sum(at_ms > since_ms for at_ms, _, _ in approved)
        for coin in SYMBOLS:
            entries = [at_ms for at_ms, of, was_entry in approved if was_entry and of is coin]
            assert pace.last_entry_ms(coin) == max(entries, default=None)
    assert pace.last_entry_ms(None) is None


def test_only_a_few_approvals_and_days_are_kept() -> None:
    pace = Pace()
    for number in range(1_000):
        pace.note_approval(START_MS + number * 10_000, SYMBOLS[0], is_entry=True)
        pace.note_sent(str(number), START_MS + number * DAY_MS)
    assert pace.orders_since(0) == 2 * 6 + 1
    assert pace.sent == {"997", "998", "999"}
