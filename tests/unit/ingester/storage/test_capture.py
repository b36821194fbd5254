"""What the recording holds when it ends: everything that came, in a file that is whole."""

import asyncio
import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

from structlog import get_logger

from common.runtime.clock import SystemClock
from ingester.storage.capture import Capture


def recorded(folder: Path) -> list[dict[str, Any]]:
    """The lines of the only file. Raises EOFError when its end is missing."""
    [path] = folder.iterdir()
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


async def test_what_came_within_the_last_second_is_written_at_the_end(tmp_path: Path) -> None:
    capture = Capture(tmp_path, "http://exchange", SystemClock(), get_logger(), file_bytes=1_000_000, files=2)
    running = asyncio.create_task(capture.run())
    await asyncio.sleep(0)
    capture.add_frame(b'{"channel":\n"pong"}')
    capture.add_answer({"type": "meta"}, b"[1]")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    head, *lines = recorded(tmp_path)
    assert head == {"capture": 1, "url": "http://exchange"}
    for line in lines:
        assert line.pop("received_ms") > 0
    assert lines == [{"frame": {"channel": "pong"}}, {"request": {"type": "meta"}, "answer": [1]}]
