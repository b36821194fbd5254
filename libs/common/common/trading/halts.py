"""Which halts a person's RESUME ends. Pure."""

from typing import Final

FRESH_RESUME_MS: Final = 60_000


def does_resume_end(halted_ms: int, resumed_ms: int, now_ms: int) -> bool:
    """Whether a RESUME given at `resumed_ms` ends a halt of `halted_ms`, both wall times: only when it is younger.

    A RESUME that is delivered again, or late, says nothing about a halt that came after it. A halt from the future was
    made while the clock was wrong: a RESUME that was given just now is younger than that.
    """
    if halted_ms > now_ms:
        return now_ms - resumed_ms <= FRESH_RESUME_MS
    return halted_ms < resumed_ms
