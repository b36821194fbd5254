#!/usr/bin/env python3
"""Verifies a copy of an AIcoin record: python3 verify.py [--head CHAIN:SEQUENCE:LINK ...]

Needs Python 3.9 or later and nothing else. See README.md for what is verified and what that proves.
Exit code 0: sound. 1: something was changed, is missing or is out of order; each fault is a line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import lzma
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FIRST = bytes(32)
DAY_MS = 86_400_000
Heads = dict[tuple[str, int], str]
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, RecursionError, EOFError, OSError, lzma.LZMAError)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def references(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """(place, SHA-256) of each text that a record refers to."""
    if isinstance(value, dict) and isinstance(value.get("sha256"), str) and isinstance(value.get("bytes"), int):
        yield place, value["sha256"]
    elif isinstance(value, dict):
        for name, each in value.items():
            yield from references(each, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from references(each, f"{place}.{index}")


class Verification:
    """What was found in a copy so far."""

    def __init__(self, folder: Path, noted: Heads) -> None:
        self.folder, self.noted = folder, noted
        self.faults = self.links = self.texts = self.not_kept = 0

    def fault(self, text: str) -> None:
        self.faults += 1
        say(text)

    def check_chain(self, chain: str, head: dict[str, Any]) -> None:
        """Follows a chain from its first link, then compares its end with the manifest's head."""
        before, sequence, day, dropped_before = FIRST, 0, -1, 0
        texts: set[str] = set()
        lacking: list[tuple[int, str]] = []
        for line in read_lines(self.folder / "links" / f"{chain}.jsonl.xz"):
            record = json.loads(line["record"])
            event = record["event"]
            where = f"{chain} link {sequence + 1}, cycle {event.get('cycle_id')}"
            self.check_link(chain, sequence + 1, before, line, record, where)
            before, sequence = bytes.fromhex(line["link"]), line["sequence"]
            if event["type"] == "record.dropped":
                dropped_before = max(dropped_before, event["before_day"])
            if day != event["recorded_ms"] // DAY_MS:
                day = event["recorded_ms"] // DAY_MS
                texts = self.sound_texts(chain, day)
            for place, wanted in references(event):
                self.texts += 1
                if wanted not in texts:
                    lacking.append((day, f"{where}: {place}: the text is missing"))
        for day_of_text, text in lacking:
            if day_of_text < dropped_before:
                self.not_kept += 1
            else:
                self.fault(text)
        if (sequence, before.hex()) != (head["sequence"], head["link"]):
            self.fault(f"{chain}: the manifest's head is link {head['sequence']}, the chain ends with {sequence}")
        say(f"{chain}: {sequence} links, head {chain}:{sequence}:{before.hex()}")

    def check_link(
        self, chain: str, sequence: int, before: bytes, line: dict[str, Any], record: dict[str, Any], where: str
    ) -> None:
        self.links += 1
        if hashlib.sha256(before + line["record"].encode()).hexdigest() != line["link"]:
            self.fault(f"{where}: record or link changed: it does not follow from the link before")
        if (record["chain"], record["sequence"], line["sequence"]) != (chain, sequence, sequence):
            self.fault(f"{where}: missing or reordered: this is link {record['sequence']} of {record['chain']}")
        noted = self.noted.pop((chain, line["sequence"]), line["link"])
        if noted != line["link"]:
            self.fault(f"{where}: the link is {line['link']}, noted {noted}")

    def sound_texts(self, chain: str, day: int) -> set[str]:
        """SHA-256 of a day's texts; a text that has another one is a fault."""
        path = self.folder / "texts" / chain / f"{day}.jsonl.xz"
        found = set()
        for line in read_lines(path) if path.exists() else ():
            if hashlib.sha256(line["text"].encode()).hexdigest() == line["sha256"]:
                found.add(line["sha256"])
            else:
                self.fault(f"{chain}: day {day}: the text {line['sha256']} was changed")
        return found


def noted_head(text: str) -> tuple[tuple[str, int], str]:
    chain, sequence, link = text.split(":")
    return (chain, int(sequence)), link.lower()


def main() -> int:
    parser = argparse.ArgumentParser(description="Verifies this copy of an AIcoin record.")
    parser.add_argument(
        "--head", type=noted_head, action="append", default=[], help="CHAIN:SEQUENCE:LINK, noted earlier"
    )
    folder = Path(__file__).resolve().parent
    found = Verification(folder, dict(parser.parse_args().head))
    try:
        heads = dict(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["heads"])
    except UNREADABLE as error:
        heads = {}
        found.fault(f"manifest.json can't be read: {error!r}")
    for chain, head in heads.items():
        try:
            found.check_chain(chain, head)
        except UNREADABLE as error:
            found.fault(f"{chain}: can't be read further: {error!r}")
    for path in sorted((folder / "links").glob("*.jsonl.xz")):
        if path.name[: -len(".jsonl.xz")] not in heads:
            found.fault(f"links/{path.name}: the manifest does not name this chain")
    for chain, sequence in found.noted:
        found.fault(f"{chain} link {sequence}: noted, but not in this copy")
    kept = f", {found.not_kept} of them no longer kept" if found.not_kept else ""
    say(f"{found.links} links, {found.texts} texts{kept}, {found.faults} faults")
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
