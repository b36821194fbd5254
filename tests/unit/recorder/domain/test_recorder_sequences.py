"""Sequence gaps are found once, per producer and epoch."""

from recorder.gaps import Gap, Sequences


def test_a_gap_names_what_is_missing() -> None:
    sequences = Sequences()
    assert sequences.see("s", "a", 1, 1) is None
    assert sequences.see("s", "a", 1, 2) is None
    assert sequences.see("s", "a", 1, 5) == Gap("s", "a", 1, 3, 4)
    assert sequences.see("s", "a", 1, 6) is None


def test_a_trimmed_past_another_producer_and_a_new_epoch_are_no_gaps() -> None:
    sequences = Sequences()
    assert sequences.see("s", "a", 1, 40) is None
    assert sequences.see("s", "b", 1, 7) is None
    assert sequences.see("s", "a", 2, 1) is None
    assert sequences.see("t", "a", 1, 3) is None


def test_reading_again_from_the_start_finds_no_gap() -> None:
    sequences = Sequences()
    for number in (1, 2, 3, 1, 2, 3, 4):
        assert sequences.see("s", "a", 1, number) is None
