"""Pauses between attempts."""

import random

from common.runtime.backoff import Backoff


def test_pauses_double_up_to_the_cap_with_half_jitter() -> None:
    pause = Backoff(base_s=1, cap_s=10, rng=random.Random(1))
    bounds = (1, 2, 4, 8, 10, 10)
    for bound, found in zip(bounds, [pause.next_s() for _ in bounds], strict=True):
        assert bound / 2 <= found <= bound


def test_a_reset_begins_with_the_shortest_pause() -> None:
    pause = Backoff(base_s=1, cap_s=10, rng=random.Random(1))
    for _ in range(50):
        pause.next_s()
    pause.reset()
    assert pause.next_s() <= 1
