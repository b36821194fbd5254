"""Why a consumer's session ended without a stop."""

from common.bus.port import Delivery


class SessionEnded(Exception):
    """A session ended without a stop; the subclass states what that means for the next one."""


class StateLost(SessionEnded):
    """What this process remembers may differ from what the bus recorded: the next session rebuilds it."""


class Refused(StateLost):
    """Another consumer, or an earlier commit whose reply was lost, had acknowledged entries: outputs were dropped."""


class HookFailed(StateLost):
    """The hook before a commit of several entries failed: the next session takes them one at a time to find the one."""


class HandlerFailed(SessionEnded):
    """A handler raised; its entry stays pending and is read again until its failures reach the limit."""

    def __init__(self, delivery: Delivery, cause: Exception | str) -> None:
        super().__init__(str(cause))
        self.delivery = delivery
        self.cause = cause


class TooManyDeadLetters(SessionEnded):
    """The cap on dead letters in the window is reached: the service ends rather than drain the stream."""
