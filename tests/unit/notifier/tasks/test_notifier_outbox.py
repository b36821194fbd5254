"""Gathering, rate and delivery, on a clock that moves only when it is slept on."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from manual_clock import ManualClock

from common.events import AlertSeverity
from common.trading.orders import OrderRole, OrderSide
from notifier.domain.notices import AlertNotice, Notice, TradeNotice
from notifier.domain.words import Message
from notifier.tasks.delivery import GIVE_UP_AFTER_S, Delivery
from notifier.tasks.outbox import CRITICAL_GATHERED_S, GATHERED_S, MOST_LINES, Outbox

D = Decimal


class Receiver:
    """A target that refuses the first `refusals` messages."""

    name = "receiver"

    def __init__(self, clock: ManualClock, refusals: int = 0) -> None:
        self._clock, self.refusals = clock, refusals
        self.accepted: list[tuple[float, str]] = []

    async def send(self, message: Message) -> bool:
        if self.refusals:
            self.refusals -= 1
            return False
        self.accepted.append((self._clock.monotonic(), message.body))
        return True


def put(notices: Sequence[Notice], left_out: int) -> Message:
    shown = [each.code if isinstance(each, AlertNotice) else str(each) for each in notices]
    return Message("", "|".join([*shown, f"+{left_out}"]), AlertSeverity.INFO)


def alert(code: str, severity: AlertSeverity = AlertSeverity.WARNING) -> AlertNotice:
    return AlertNotice(code, severity, False, None, "risk", "")


class Bench:
    """An outbox with receivers, its tasks running."""

    def __init__(self, *refusals: int, messages_per_hour: int = 3_600) -> None:
        self.clock = ManualClock()
        self.receivers = [Receiver(self.clock, each) for each in refusals or (0,)]
        deliveries = [Delivery(each, self.clock, random.Random(1)) for each in self.receivers]
        self.outbox = Outbox(deliveries, put, self.clock, messages_per_hour=messages_per_hour)
        self.tasks = [asyncio.ensure_future(each.run()) for each in (*deliveries, self.outbox)]

    async def pass_s(self, seconds: float) -> None:
        until = self.clock.monotonic() + seconds
        while self.clock.monotonic() < until:
            await asyncio.sleep(0)

    async def close(self) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_what_comes_together_is_one_message() -> None:
    bench = Bench()
    first, second = bench.outbox.add(alert("A")), bench.outbox.add(alert("B"))
    began = bench.clock.monotonic()
    assert await first
    assert await second
    ((at, body),) = bench.receivers[0].accepted
    assert body == "A|B|+0"
    assert at - began >= GATHERED_S
    await bench.close()


async def test_a_critical_alert_does_not_wait_and_comes_first() -> None:
    bench = Bench()
    bench.outbox.add(alert("A"))
    began = bench.clock.monotonic()
    await bench.outbox.add(alert("B", AlertSeverity.CRITICAL))
    ((at, body),) = bench.receivers[0].accepted
    assert body == "B|A|+0"
    assert at - began < CRITICAL_GATHERED_S + 1
    await bench.close()


async def test_the_hour_s_messages_bound_what_is_sent_but_not_what_is_critical() -> None:
    bench = Bench(messages_per_hour=2)
    for number in range(4):
        bench.outbox.add(alert(f"N{number}"))
        await bench.pass_s(GATHERED_S + 1)
    assert [body for _, body in bench.receivers[0].accepted] == ["N0|+0", "N1|+0"]
    bench.outbox.add(alert("C", AlertSeverity.CRITICAL))
    await bench.pass_s(CRITICAL_GATHERED_S + 1)
    assert bench.receivers[0].accepted[-1][1] == "C|N2|N3|+0", "what was held back goes with it"
    await bench.close()


async def test_more_than_fits_is_counted() -> None:
    bench = Bench()
    sent = [bench.outbox.add(alert(f"N{number}")) for number in range(MOST_LINES + 5)]
    assert all([await each for each in sent])
    assert bench.receivers[0].accepted[0][1].endswith("|+5")
    await bench.close()


async def test_fills_of_one_order_are_one_notice() -> None:
    bench = Bench()
    part = TradeNotice("qwen", 7, "BTC", OrderRole.ENTRY, OrderSide.BUY, D(1), D(10), D(1), D(0))
    bench.outbox.add(part)
    await bench.outbox.add(part)
    assert bench.receivers[0].accepted[0][1] == f"{part.joined(part)}|+0"
    await bench.close()


async def test_an_unavailable_receiver_gets_it_later_and_delays_no_other() -> None:
    bench = Bench(0, 3)
    assert await bench.outbox.add(alert("A"))
    (prompt, _), (late, _) = bench.receivers[0].accepted[0], bench.receivers[1].accepted[0]
    assert prompt < late
    await bench.close()


async def test_a_message_is_given_up_in_the_end_and_the_next_one_is_sent() -> None:
    bench = Bench(10_000)
    began = bench.clock.monotonic()
    assert await bench.outbox.add(alert("A")) is False
    assert bench.clock.monotonic() - began <= GIVE_UP_AFTER_S + GATHERED_S + 1
    bench.receivers[0].refusals = 0
    assert await bench.outbox.add(alert("B"))
    assert [body for _, body in bench.receivers[0].accepted] == ["B|+0"]
    await bench.close()
