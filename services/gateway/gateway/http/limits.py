"""How much of the gateway one client may take at once: connections, and answers that take long."""

import ipaddress
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from gateway.http.errors import ApiError


class Shares:
    """At most `most` at once, of which one address has at most `most_per_address`. Used from one event loop only."""

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most, self._most_per_address = most, most_per_address
        self._taken: Counter[str] = Counter()

    def take(self, address: str) -> Callable[[], None]:
        """Takes a share; what it returns gives it back, once. Raises ApiError 503 when there is none."""
        if self._taken[address] >= self._most_per_address or self._taken.total() >= self._most:
            raise ApiError(503, "BUSY", "too many of these are being sent at the moment; try again")
        self._taken[address] += 1
        is_taken = True

        def give_back() -> None:
            nonlocal is_taken
            if is_taken:
                is_taken = False
                self._taken[address] -= 1
                if not self._taken[address]:
                    del self._taken[address]

        return give_back


def in_networks(address: str, networks: str) -> bool:
    """Whether an address is in one of the networks of a comma list; a name is in none."""
    with suppress(ValueError):
        own = ipaddress.ip_address(address)
        return any(own in ipaddress.ip_network(part) for part in filter(None, map(str.strip, networks.split(","))))
    return False
