"""Writes a copy of the record that can be verified without PostgreSQL and without this project.

The folder's layout is described in its own README.md, which is copied from `export_files/` beside this module.
"""

import json
from importlib.resources import files
from io import TextIOWrapper
from lzma import LZMAFile
from pathlib import Path
from typing import IO, Any, Final, Self

from common.runtime.record.compression import RECORD_DICTIONARY, decompress
from common.runtime.record.links import read_record
from common.runtime.record.reader import read_texts
from common.version import VERSION
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.notes import dropped_before_day
from recorder.monitoring.audit.verify import LINKS, PAGE_LINKS
from recorder.storage.statements import Connection, Row, select

COPIED: Final = ("README.md", "verify.py")
PRESET: Final = 1
"""Of the compression: texts resemble each other so much that the fastest ones come within a tenth of the best."""


async def export_record(connection: Connection, report: Report, folder: Path, chains: list[str]) -> None:
    """Writes chains from their first link to their last one. The connection's transaction is to be of one state.

    Raises FileExistsError when the folder has files, and DamagedContent or UnreadableRecord for a record that can't be
    read. Whether links and texts are sound is left to the reader of the copy: texts that can't be read are left out.
    """
    _prepare(folder)
    heads = {}
    for chain in chains:
        heads[chain] = await _export_chain(connection, report, folder, chain)
    manifest = {"format": 1, "version": VERSION, "heads": {chain: head for chain, head in heads.items() if head}}
    _write(folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")


def _prepare(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    originals = files("recorder.monitoring.audit").joinpath("export_files")
    for name in COPIED:
        _write(folder / name, originals.joinpath(name).read_text(encoding="utf-8"))


async def _export_chain(connection: Connection, report: Report, folder: Path, chain: str) -> dict[str, Any] | None:
    """Writes one chain's links and texts; returns its head, or None when it has no link."""
    query = "SELECT coalesce(max(sequence), 0) AS last FROM record_links WHERE chain = %s"
    [row] = await select(connection, query, chain)
    last, sequence, link = row["last"], 0, b""
    with _Texts(folder / "texts" / chain) as texts, _open(folder / "links" / f"{chain}.jsonl.xz") as links:
        while sequence < last:
            rows = await select(connection, LINKS, chain, sequence + 1, last, PAGE_LINKS)
            await _export_page(connection, report, rows, links, texts)
            sequence, link = rows[-1]["sequence"], rows[-1]["link"]
            report.on_progress(chain, sequence, last)
    if not sequence:
        return None
    kept_from = await dropped_before_day(connection, chain)
    return {"sequence": sequence, "link": link.hex(), "texts_kept_from_day": kept_from}


async def _export_page(
    connection: Connection, report: Report, rows: list[Row], links: IO[str], texts: "_Texts"
) -> None:
    records = [decompress(row["record"], RECORD_DICTIONARY) for row in rows]
    contents = [read_record(record) for record in records]
    kept = await read_texts(connection, contents)
    for row, record, content in zip(rows, records, contents, strict=True):
        line = {"sequence": row["sequence"], "link": row["link"].hex(), "record": record.decode()}
        links.write(json.dumps(line, ensure_ascii=False) + "\n")
        report.links += 1
        for reference in content.references:
            report.texts += 1
            if reference.hash in kept:
                texts.write(content.day, reference.hash, kept[reference.hash])
            else:
                report.texts_not_kept += 1


class _Texts:
    """The texts of one chain: a file a day, each text once in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._day: int | None = None
        self._file: IO[str] | None = None
        self._written: set[bytes] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, day: int, text_hash: bytes, content: bytes) -> None:
        if day != self._day or self._file is None:
            self._close()
            # A later link may be of an earlier day: then the day's file goes on.
            self._day, self._file = day, _open(self._folder / f"{day}.jsonl.xz")
        if text_hash not in self._written:
            self._written.add(text_hash)
            line = {"sha256": text_hash.hex(), "text": content.decode()}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
        self._file = None
        self._written.clear()


def _open(path: Path) -> IO[str]:
    """To be appended to."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return TextIOWrapper(LZMAFile(path, "a", preset=PRESET), encoding="utf-8")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
