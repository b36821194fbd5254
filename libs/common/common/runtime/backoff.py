"""Pauses between attempts: doubling, capped, with jitter so that peers don't retry at the same time."""

import random


class Backoff:
    """The next pause in seconds, between half and all of a doubling bound."""

    def __init__(self, base_s: float = 0.5, cap_s: float = 30.0, rng: random.Random | None = None) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._uniform = random.uniform if rng is None else rng.uniform
        self._attempt = 0

    def next_s(self) -> float:
        """The next pause in seconds; each call doubles the bound."""
        bound = min(self._cap_s, self._base_s * 2.0 ** min(self._attempt, 30))
        self._attempt += 1
        return bound * self._uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begins with the shortest pause again; call it after a success."""
        self._attempt = 0
