"""What can go wrong between the executor and the exchange.

ExchangeError
├── ExchangeUnavailable     a question got no answer that can be read
├── UnknownOutcome          an action was sent, and no answer reports its outcome
└── TransportError          no whole HTTP response came (inside this package only)
ValueError
├── InvalidKey              a setting holds no private key
└── MissingCertificates     the environment names certificates that don't exist
"""

from typing import Final

UNREADABLE: Final = (KeyError, TypeError, ValueError, ArithmeticError)
"""What parsing raises on an answer of another shape than the documented one; nothing is guessed."""


class ExchangeError(Exception):
    """The exchange, or the way to it, failed."""


class ExchangeUnavailable(ExchangeError):
    """The exchange could not be asked: no connection, no answer in time, or an answer that can't be read."""


class UnknownOutcome(ExchangeError):
    """An action was sent and no answer reports its outcome. Not a rejection."""


class TransportError(ExchangeError):
    """No whole response came: the request may have arrived or not."""


class InvalidKey(ValueError):
    """What should be a private key isn't one."""


class MissingCertificates(ValueError):
    """The environment names certificates that don't exist; the message names the variable."""
