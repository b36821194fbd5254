"""Replays a span of the record byte for byte, on several processes where it is long."""

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from typing import Final

import psycopg

from common.trading.durations import HOUR_MS
from replay.domain.differences import Difference
from replay.runs.exact import ExactResult, replay_exactly
from replay.runs.recorded_time import run_in_recorded_time
from replay.storage.cycles import Cycles, Span, read_cycles

PART_MS: Final = HOUR_MS
"""What one process replays at a time."""
KEPT_DIFFERENCES: Final = 500
PARTS_WORTH_PROCESSES: Final = 4


@dataclass(slots=True)
class ExactReport:
    """How many cycles came out as they are recorded, and the first places that did not."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)

    def add(self, result: ExactResult) -> None:
        self.counts[result.replayed.value] += 1
        self.differences += result.differences[: KEPT_DIFFERENCES - len(self.differences)]

    def join(self, other: "ExactReport") -> None:
        self.counts += other.counts
        self.differences += other.differences[: KEPT_DIFFERENCES - len(self.differences)]


def run_exactly(database_url: str, models: Sequence[str], span: Span, done: Callable[[int], None]) -> ExactReport:
    """Replays every decision in the span; `done` is called with the number of cycles of each finished part."""
    report, parts = ExactReport(), list(_parts(span))
    if len(parts) < PARTS_WORTH_PROCESSES:
        for part in parts:
            _join(report, _replay_part(database_url, models, part), done)
        return report
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        for future in as_completed([pool.submit(_replay_part, database_url, models, part) for part in parts]):
            _join(report, future.result(), done)
    report.differences.sort(key=lambda each: (each.cycle_id, each.model))
    return report


def _join(report: ExactReport, part: ExactReport, done: Callable[[int], None]) -> None:
    report.join(part)
    done(part.counts.total())


def _parts(span: Span) -> Iterator[tuple[int, int]]:
    """The span in whole hours of market time, both ends of each included."""
    begin = span.first_ms
    while begin <= span.last_ms:
        end = min((begin // PART_MS + 1) * PART_MS - 1, span.last_ms)
        yield begin, end
        begin = end + 1


def _replay_part(database_url: str, models: Sequence[str], part: tuple[int, int]) -> ExactReport:
    report = ExactReport()
    # Not as the coroutine's result: asyncio.run has Python 3.11 write out the repr of that, which takes seconds.
    pages: list[Cycles] = []
    asyncio.run(_read(database_url, models, part, pages))
    for page in pages:
        report.counts["incomplete"] += page.incomplete
        for result in run_in_recorded_time(replay_exactly(cycle) for cycle in page.found):
            report.add(result)
    return report


async def _read(database_url: str, models: Sequence[str], part: tuple[int, int], pages: list[Cycles]) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        pages.append(await read_cycles(connection, models, *part))
