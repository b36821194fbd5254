"""What can go wrong between the executor and the exchange."""

UNREADABLE = (KeyError, TypeError, ValueError, ArithmeticError)
"""What an answer raises here that isn't what we know."""


class VenueAway(Exception):
    """The exchange could not be asked: no connection, no answer in time, or an answer that can't be read."""


class UnknownOutcome(Exception):
    """An action was sent and no answer says what became of it. Not a rejection."""


class NotPosted(Exception):
    """No whole answer came: the request may have arrived or not."""


class NoCertificates(ValueError):
    """The environment names certificates that aren't there; the message names the variable."""


class NotAKey(ValueError):
    """What should be a private key isn't one."""
