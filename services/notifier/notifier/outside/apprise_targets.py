"""Messages through Apprise: an address names the service and who receives it. Source: Apprise's wiki, URL basics.

The library takes a quarter of a second to import and is needed only where an address is set.
"""

import asyncio
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from structlog.typing import FilteringBoundLogger

from common.events import AlertSeverity
from notifier.domain.words import Message

SEND_LIMIT_S: Final = 30.0
TYPES: Final = {AlertSeverity.CRITICAL: "failure", AlertSeverity.WARNING: "warning", AlertSeverity.INFO: "info"}


def unreadable_target(address: str) -> str | None:
    """Why Apprise can't send to this address; None when it can. The text holds no more of it than its scheme."""
    from apprise import Apprise

    if Apprise.instantiate(address) is not None:
        return None
    scheme = urlsplit(address).scheme
    return f"Apprise can't read this {scheme or 'text'} address; compare it with https://appriseit.com/services/"


class AppriseTarget:
    """One address. `name` shows the service without what is secret."""

    def __init__(self, address: str, log: FilteringBoundLogger) -> None:
        from apprise import Apprise

        self._apprise, self._log = Apprise(), log
        self._apprise.add(address)
        self.name = f"{urlsplit(address).scheme}://…"

    async def send(self, message: Message) -> bool:
        """Whether the service has accepted the message, within the limit."""
        sending = self._apprise.async_notify(
            title=message.title, body=message.body, notify_type=TYPES[message.severity], body_format="text"
        )
        try:
            async with asyncio.timeout(SEND_LIMIT_S):
                return bool(await sending)
        except TimeoutError:
            return False
        except Exception as error:
            # A plugin may raise what it likes; its text may hold the address.
            self._log.warning("a message could not be sent", target=self.name, reason=type(error).__name__)
            return False


def targets_of(addresses: Sequence[str], log: FilteringBoundLogger) -> tuple[AppriseTarget, ...]:
    return tuple(AppriseTarget(address, log) for address in addresses)
