"""Watches how long the certificate of the page's public address is still valid."""

from typing import Final

from structlog.typing import FilteringBoundLogger

from common.runtime.clock import Clock
from notifier import metrics
from notifier.outside.certificate import NoCertificate, certificate_end_s

LOOK_EVERY_S: Final = 3_600.0
AGAIN_AFTER_S: Final = 300.0


async def watch_certificate(url: str, clock: Clock, log: FilteringBoundLogger) -> None:
    """Sets the metric once an hour until cancelled. While nothing answers, the certificate seen last counts on."""
    end_s: float | None = None
    while True:
        pause_s = LOOK_EVERY_S
        try:
            end_s = await certificate_end_s(url)
        except NoCertificate as error:
            log.warning("no certificate seen; check CERTIFICATE_URL", reason=str(error))
            pause_s = AGAIN_AFTER_S
        if end_s is not None:
            metrics.CERTIFICATE_LEFT_S.set(end_s - clock.now_ms() / 1000)
        await clock.sleep(pause_s)
