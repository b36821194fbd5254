"""A market that replays captured Hyperliquid messages, each at its market time.

The files' format is in docs/simulated-market.md: gzip, one JSON object a line, in the order of receipt; a
truncated last line or block ends its file.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simulator.market.coin_market import Trade
from simulator.market.listing import DEFAULT_LISTING, Listing
from simulator.market.recorded.candle_files import InvalidFiles
from simulator.market.recorded.redating import moved
from simulator.market.relay import InvalidMessage, RelayMarket

PATTERN = "*.jsonl.gz"
VERSION = 1
PAST_WITHIN_MS = 30 * 60_000
"""How long after the start past candles are looked for: a recorder requests them at a limited rate."""

Record = tuple[int, dict[str, Any]]
"""(market time in ms, the message or answer received then)."""


def is_captured(path: Path) -> bool:
    """Whether a path is or holds recorded messages, rather than candles."""
    return path.match(PATTERN) if path.is_file() else any(path.glob(PATTERN))


def read_records(path: Path, shift_ms: int = 0) -> Iterator[Record]:
    """All records in order, their times moved, each with the newest exchange time so far. Raises InvalidFiles."""
    latest_ms = 0
    for file in [path] if path.is_file() else sorted(path.glob(PATTERN)):
        for number, content in enumerate(_objects(file)):
            if number == 0:
                if content.get("capture") != VERSION:
                    raise InvalidFiles(
                        f"{file.name}: the first line must say that it is a capture of version {VERSION}"
                    )
                continue
            played = moved(content, shift_ms)
            latest_ms = max(latest_ms, _time_of(played))
            yield latest_ms, played


def last_time_ms(path: Path) -> int:
    """The newest exchange time of a recording; its last file is read. Raises InvalidFiles."""
    files = [path] if path.is_file() else sorted(path.glob(PATTERN))
    return max((at_ms for at_ms, _ in read_records(files[-1])), default=0)


def _objects(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(file, "rb") as lines:
            for line in lines:
                try:
                    content = json.loads(line)
                except ValueError:
                    if not line.endswith(b"\n"):
                        return
                    raise InvalidFiles(f"{file.name}: a line is not JSON: {line[:60]!r}") from None
                if isinstance(content, dict):
                    yield content
    except EOFError:
        return
    except (OSError, zlib.error) as error:
        raise InvalidFiles(f"{file.name}: {error}") from error


def _time_of(content: dict[str, Any]) -> int:
    """The exchange's time in a message; 0 for one without."""
    data = content.get("frame", {}).get("data")
    rows = data if isinstance(data, list) else [data]
    times = [row["time"] for row in rows if isinstance(row, dict) and isinstance(row.get("time"), int)]
    return max(times, default=0)


class CaptureMarket(RelayMarket):
    """Starts where every coin is complete and halts at the end. Skips and counts unreadable messages."""

    def __init__(self, seed: int, path: Path, listing: Listing = DEFAULT_LISTING, *, shift_ms: int = 0) -> None:
        """Plays the records with all times moved by `shift_ms`."""
        self._path, self._shift_ms = path, shift_ms
        self.skipped = 0
        self._records = read_records(path, shift_ms)
        self._next = next(self._records, None)
        super().__init__(seed, 0, listing)
        while self.missing_coins() and self._take_next():
            pass
        if self.missing_coins():
            raise InvalidFiles(f"{path}: nothing is recorded of {', '.join(self.missing_coins())}")
        self._take_past()
        self.open_at(self.latest_ms)

    @property
    def end_ms(self) -> int:
        """The time of the last message, once it is reached."""
        return self.time_ms if self._next is None else super().end_ms

    @property
    def halt_reason(self) -> str | None:
        return "the recorded messages have ended" if self._next is None else None

    def _advance(self, now_ms: int) -> dict[str, list[Trade]]:
        while self._next is not None and self._next[0] <= now_ms:
            self._take_next()
        if self._next is None:
            now_ms = min(now_ms, max(self.latest_ms, self.time_ms))
        return super()._advance(now_ms)

    def _take_next(self) -> bool:
        """Processes the next message; False when there is none."""
        if self._next is None:
            return False
        self._take(self._next[1])
        self._next = next(self._records, None)
        return True

    def _take(self, content: dict[str, Any]) -> None:
        try:
            if "frame" in content:
                self.receive(str(content["frame"].get("channel")), content["frame"].get("data"))
            elif content.get("request", {}).get("type") == "candleSnapshot":
                self.receive_past(content.get("answer"))
        except (InvalidMessage, AttributeError):
            self.skipped += 1

    def _take_past(self) -> None:
        """Adds the past candles that were requested after the start, without those that open later."""
        began_ms = self.latest_ms
        for at_ms, content in read_records(self._path, self._shift_ms):
            if at_ms > began_ms + PAST_WITHIN_MS:
                return
            if content.get("request", {}).get("type") == "candleSnapshot" and isinstance(content.get("answer"), list):
                past = [row for row in content["answer"] if isinstance(row, dict) and row.get("T", at_ms) < began_ms]
                self._take({"request": content["request"], "answer": past})

    def load(self, saved: dict[str, Any], closed: dict[tuple[str, str], list[list[float]]]) -> None:
        super().load(saved, closed)
        self._records = read_records(self._path, self._shift_ms)
        self._next = next((record for record in self._records if record[0] > self.time_ms), None)
