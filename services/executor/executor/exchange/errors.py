"""What can go wrong between the executor and the exchange.

ExchangeError
├── ExchangeUnavailable     a question got no answer that can be read
│   ├── RateLimited         it was not asked, or refused, as this address has asked too much
│   └── Unreachable         it was not asked, as there is no connection
├── UnknownOutcome          an action was sent, and no answer reports its outcome
│   └── NotSent             it was not sent, but another instance may send it
└── TransportError          no whole HTTP response came (inside this package only)
    └── NoConnection        the request was never sent
ValueError
├── InvalidKey              a setting holds no private key
└── UnusableEnvironment     the environment's certificates or proxy can't be used
    ├── MissingCertificates
    └── UnusableProxy
"""

from typing import ClassVar, Final

HTTP_TOO_MANY: Final = 429

UNREADABLE: Final = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError)
"""What parsing raises on an answer of another shape than the documented one; nothing is guessed."""

NOT_OWNER: Final = "another process may own the account"


class ExchangeError(Exception):
    """The exchange, or the way to it, failed."""


class ExchangeUnavailable(ExchangeError):
    """The exchange could not be asked: no connection, no answer in time, or an answer that can't be read."""


class RateLimited(ExchangeUnavailable):
    """The budget of request weight has no room for a question, here or at the exchange."""


class Unreachable(ExchangeUnavailable):
    """No connection was made, so the exchange has counted nothing."""


class UnknownOutcome(ExchangeError):
    """An action was sent and no answer reports its outcome. Not a rejection. `known` begins its line of a log."""

    known: ClassVar[str] = "unknown"


class NotSent(UnknownOutcome):
    """The lease was lost before the action's first byte left; its next owner may send it."""

    known: ClassVar[str] = "not sent"


class TransportError(ExchangeError):
    """No whole response came: the request may have arrived or not."""


class NoConnection(TransportError):
    """No connection was made: the request was never sent."""


class InvalidKey(ValueError):
    """What should be a private key isn't one."""


class UnusableEnvironment(ValueError):
    """A variable of the environment stands in the way of every request; the message names it."""


class UnusableProxy(UnusableEnvironment):
    """The environment names a proxy that needs a package which is not installed; the message names both."""


class MissingCertificates(UnusableEnvironment):
    """The environment names certificates that don't exist; the message names the variable."""


def unanswered(kind: str, error: Exception) -> ExchangeUnavailable:
    """What a question of that kind ended by, when no answer came or none that can be read."""
    failure = Unreachable if isinstance(error, NoConnection) else ExchangeUnavailable
    return failure(f"{kind}: {type(error).__name__}: {error}")


def refused(kind: str, status: int, text: str) -> ExchangeUnavailable:
    """What a question of that kind ended by, when it was answered with that HTTP status, not 200."""
    failure = RateLimited if status == HTTP_TOO_MANY else ExchangeUnavailable
    return failure(f"HTTP {status} to {kind}: {text[:120]}")
