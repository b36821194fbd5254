"""Gaps in sequence numbers are found once, per producer and epoch."""

from recorder.domain.sequences import Gap, Sequences


def test_a_skipped_number_is_a_gap_of_the_numbers_missing() -> None:
    sequences = Sequences()
    assert sequences.see("s", "a", 1, 1) is None
    assert sequences.see("s", "a", 1, 2) is None
    gap = sequences.see("s", "a", 1, 5)
    assert gap == Gap(stream="s", source="a", epoch=1, first=3, last=4)
    assert gap.length == 2
    assert sequences.see("s", "a", 1, 6) is None


def test_first_numbers_of_a_stream_producer_or_epoch_are_no_gap() -> None:
    sequences = Sequences()
    assert sequences.see("s", "a", 1, 40) is None
    assert sequences.see("s", "b", 1, 7) is None
    assert sequences.see("s", "a", 2, 1) is None
    assert sequences.see("t", "a", 1, 3) is None


def test_numbers_seen_again_are_no_gap() -> None:
    sequences = Sequences()
    for number in (1, 2, 3, 1, 2, 3, 4):
        assert sequences.see("s", "a", 1, number) is None
