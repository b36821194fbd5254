"""What has been tried for one unfinished intent, and when."""

from dataclasses import dataclass
from typing import Final

from common.trading.durations import NEVER
from common.trading.orders import CancelReason

ASK_AGAIN_S: Final = 2.0


@dataclass(slots=True)
class Tries:
    """`refused_s` and `asked_s` are monotonic times, `resent_ms` is a wall time; bytes that were sent again and refused
    can't be carried out any more. `kept_back` is why the bytes were stored and yet have never left this process."""

    refused_s: float = NEVER
    asked_s: float = NEVER
    resent_ms: int = 0
    are_bytes_refused: bool = False
    kept_back: CancelReason | None = None

    def may_ask(self, now_s: float) -> bool:
        """Not again within a few seconds, whatever wakes the worker; a yes counts as done."""
        if now_s - self.asked_s < ASK_AGAIN_S:
            return False
        self.asked_s = now_s
        return True
