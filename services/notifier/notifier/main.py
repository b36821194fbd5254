"""Notifier: notifies people of alerts, trades and standings where they are, and keeps a dead man's switch from firing.

Reads    system.alert, order.filled; account:, memory:, risk:day:, service: in Redis
Writes   system.alert, when a message was given up
State    in memory: what was sent of late, who leads, and which troubles last
Failure  a receiver that is away is tried again for ten minutes; without Redis only its absence is sent
Stop     messages on their way may be accepted within the drain limit; past it their events stay pending
"""

import asyncio
import random
from collections.abc import Sequence
from functools import partial

from common.events import OrderFilled, SystemAlert
from common.events.catalog import services_of
from common.runtime.roster import load_roster
from common.runtime.service import Service, run_service
from common.runtime.settings import load_settings
from common.trading.roster import Roster
from notifier import metrics
from notifier.config import NotifierSettings
from notifier.domain.alerts import AlertFilter
from notifier.domain.notices import Notice, NoticeKind
from notifier.domain.troubles import Troubles
from notifier.domain.words import Message, compose
from notifier.handlers import NoticeHandlers
from notifier.outside.apprise_targets import targets_of
from notifier.outside.deadman import Deadman
from notifier.tasks.certificate import watch_certificate
from notifier.tasks.delivery import Delivery
from notifier.tasks.outbox import Outbox
from notifier.tasks.watch import watch_services, watch_standings, why_unwell

SERVICE = "notifier"
PING_EVERY_S = 60.0
LOOK_EVERY_S = 2.0


def build_outbox(service: Service, settings: NotifierSettings, roster: Roster) -> Outbox:
    """The outbox with a delivery for each address, each of them a task of the service."""
    names = {contender.id: contender.name for contender in roster.contenders}

    def put(notices: Sequence[Notice], left_out: int) -> Message:
        return compose(notices, left_out, language=settings.notify_language, names=names, url=settings.notify_link)

    rng = random.Random()
    deliveries = [Delivery(target, service.clock, rng) for target in targets_of(settings.targets, service.log)]
    for place, delivery in enumerate(deliveries):
        service.spawn(f"delivery-{place}", delivery.run)
    outbox = Outbox(deliveries, put, service.clock, messages_per_hour=settings.notify_messages_per_hour)
    service.spawn("outbox", outbox.run)
    return outbox


async def keep_deadman(service: Service, url: str, services: Sequence[str]) -> None:
    """Pings once a minute while all is well, for ever; after a trouble as soon as it has passed."""
    deadman, was_unwell = Deadman(url), ""
    due_s = service.clock.monotonic()
    try:
        while True:
            if service.clock.monotonic() >= due_s:
                unwell = await why_unwell(service.redis, service.clock, services) or ""
                if unwell and not was_unwell:
                    service.log.warning("not all is well: the dead man's switch is not pinged", reason=unwell)
                if unwell:
                    metrics.DEADMAN_PINGS.labels("withheld").inc()
                else:
                    due_s = service.clock.monotonic() + PING_EVERY_S
                    await _ping(service, deadman)
                was_unwell = unwell
            await service.clock.sleep(LOOK_EVERY_S)
    finally:
        await asyncio.shield(deadman.close())


async def _ping(service: Service, deadman: Deadman) -> None:
    problem = await deadman.ping()
    metrics.DEADMAN_PINGS.labels("failed" if problem else "answered").inc()
    if problem:
        service.log.warning("the dead man's switch did not answer; check DEADMAN_URL", reason=problem)


async def main() -> None:
    roster = load_roster(SERVICE)
    settings = load_settings(SERVICE, NotifierSettings)
    async with Service.open(SERVICE, settings) as service:
        if settings.targets:
            outbox = build_outbox(service, settings, roster)
            handlers = NoticeHandlers(service, outbox.add, AlertFilter(settings.notify_least_severity), settings.kinds)
            service.on_deferred(SystemAlert, handlers.on_alert)
            service.on_deferred(OrderFilled, handlers.on_fill)
            if NoticeKind.ALERTS in settings.kinds:
                names, troubles = services_of(roster.ids), Troubles(settings.notify_least_severity)
                task = partial(watch_services, service.redis, service.clock, names, troubles, outbox.add)
                service.spawn("services", task)
            if settings.kinds & {NoticeKind.LEAD, NoticeKind.SUMMARY}:
                wanted = settings.kinds

                def add(notice: Notice) -> None:
                    if notice.kind in wanted:
                        outbox.add(notice)

                service.spawn("standings", lambda: watch_standings(service.redis, service.clock, roster.ids, add))
        else:
            service.on(SystemAlert, lambda event, now_ms: ())
            service.on(OrderFilled, lambda event, now_ms: ())
            service.log.info("no notifications are sent; NOTIFY_URLS names where they go")
        if settings.deadman_url is not None:
            url = settings.deadman_url.get_secret_value()
            service.spawn("deadman", lambda: keep_deadman(service, url, services_of(roster.ids)))
        if settings.certificate_url is not None:
            watch = partial(watch_certificate, settings.certificate_url, service.clock, service.log)
            service.spawn("certificate", watch)
        await service.run()


if __name__ == "__main__":
    run_service(main)
