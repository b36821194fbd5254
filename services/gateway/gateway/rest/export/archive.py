"""One ZIP of every CSV, made page by page, with a SHA-256 of each file and the heads of the record."""

import asyncio
import hashlib
import io
import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from common.version import VERSION
from gateway.rest.export.csv_file import UNLIMITED, csv_text, row_pages
from gateway.rest.export.tables import EXPORTS
from gateway.storage.queries import Queries

SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"


class _Sink(io.RawIOBase):
    """A file that can't be sought: what is written waits until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


@dataclass
class _File:
    """What is known of a file once it is written."""

    name: str
    rows: int = 0
    size: int = 0
    hash: Any = field(default_factory=hashlib.sha256)

    def add(self, data: bytes, rows: int) -> None:
        self.rows += rows
        self.size += len(data)
        self.hash.update(data)


async def archive_parts(
    model: str | None,
    queries: Queries,
    now_ms: int,
    reading: AbstractAsyncContextManager[None] = UNLIMITED,
) -> AsyncIterator[bytes]:
    """The archive in parts. Memory holds one page of rows, and the packing runs beside the event loop.

    `sha256sum -c SHA256SUMS` checks the files in it; `manifest.json` names rows, hashes, and the record's heads at the
    beginning, which `aicoin audit` verifies. Rows that are recorded meanwhile may be in one file and not in another.
    """
    sink = _Sink()
    archive = ZipFile(sink, "w", ZIP_DEFLATED)
    files: list[_File] = []
    heads = await queries.record_heads()
    for name, export in EXPORTS.items():
        files.append(file := _File(f"{name}.csv"))
        header: tuple[str, ...] | None = export.all_columns
        with archive.open(file.name, "w", force_zip64=True) as entry:
            async for rows in row_pages(export, model, queries, reading=reading):
                data = csv_text(export, rows, header).encode()
                header = None
                file.add(data, len(rows))
                await asyncio.to_thread(entry.write, data)
                yield sink.take()
    manifest = {
        "version": VERSION,
        "created_ms": now_ms,
        "model": model,
        "record": heads,
        "files": [
            {"name": file.name, "rows": file.rows, "bytes": file.size, "sha256": file.hash.hexdigest()}
            for file in files
        ],
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=2) + "\n")
    archive.writestr(SUMS, "".join(f"{file.hash.hexdigest()}  {file.name}\n" for file in files))
    archive.close()
    yield sink.take()
