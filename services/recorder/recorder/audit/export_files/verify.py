#!/usr/bin/env python3
"""Verifies a copy of an AIcoin record: python3 verify.py [--head CHAIN:SEQUENCE:LINK ...]

Needs Python 3.8 or later and nothing else. See README.md for what is verified and what that proves.
Exit code 0: sound. 1: something was changed, is missing or is out of order; each fault is a line.
"""

import argparse
import hashlib
import json
import lzma
import sys
from pathlib import Path

FIRST = bytes(32)
DAY_MS = 86400000


def lines(path):
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def references(value, place=""):
    """(place, SHA-256) of each text that a record refers to."""
    if isinstance(value, dict):
        if isinstance(value.get("sha256"), str) and isinstance(value.get("bytes"), int):
            yield place, value["sha256"]
            return
        for name, each in value.items():
            yield from references(each, (place + "." + name).lstrip("."))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from references(each, place + "." + str(index))


class Copy:
    def __init__(self, folder):
        self.folder, self.faults, self.links, self.texts, self.not_kept = folder, 0, 0, 0, 0

    def fault(self, text):
        self.faults += 1
        print(text)

    def texts_of(self, chain, day):
        """SHA-256 of each sound text of a day; a text that has another one is a fault."""
        found = set()
        path = self.folder / "texts" / chain / (str(day) + ".jsonl.xz")
        if path.exists():
            for line in lines(path):
                if hashlib.sha256(line["text"].encode()).hexdigest() == line["sha256"]:
                    found.add(line["sha256"])
                else:
                    self.fault("{}: day {}: the text {} was changed".format(chain, day, line["sha256"]))
        return found

    def check_chain(self, chain, head, noted):
        before, sequence, days, dropped = FIRST, 0, {}, 0
        lacking = []
        for line in lines(self.folder / "links" / (chain + ".jsonl.xz")):
            sequence += 1
            record = line["record"].encode()
            link = hashlib.sha256(before + record).digest()
            content = json.loads(record)
            event = content["event"]
            where = "{} link {}, cycle {}".format(chain, sequence, event.get("cycle_id"))
            if link.hex() != line["link"]:
                self.fault(where + ": record or link changed: it does not follow from the link before")
            if line["sequence"] != sequence or (content["chain"], content["sequence"]) != (chain, sequence):
                self.fault(where + ": missing or reordered: this is link {}".format(content["sequence"]))
                sequence = line["sequence"]
            before = bytes.fromhex(line["link"])
            self.check_noted(chain, sequence, line["link"], noted)
            if event["type"] == "record.dropped":
                dropped = max(dropped, event["before_day"])
            day = event["recorded_ms"] // DAY_MS
            if day not in days:
                days.clear()
                days[day] = self.texts_of(chain, day)
            for place, wanted in references(event):
                self.texts += 1
                if wanted not in days[day]:
                    lacking.append((day, where + ": " + place + ": the text is missing"))
            self.links += 1
        for day, text in lacking:
            if day < dropped:
                self.not_kept += 1
            else:
                self.fault(text)
        if (sequence, before.hex()) != (head["sequence"], head["link"]):
            self.fault(
                "{}: the manifest's head is link {}, the chain ends with {}".format(chain, head["sequence"], sequence)
            )
        print("{}: {} links, head {}:{}:{}".format(chain, sequence, chain, sequence, before.hex()))

    def check_noted(self, chain, sequence, link, noted):
        expected = noted.pop((chain, sequence), link)
        if expected != link:
            self.fault("{} link {}: is {}, noted {}".format(chain, sequence, link, expected))


def noted_head(text):
    chain, sequence, link = text.split(":")
    return (chain, int(sequence)), link.lower()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--head", type=noted_head, action="append", default=[], help="a head noted earlier")
    noted = dict(parser.parse_args().head)
    copy = Copy(Path(__file__).resolve().parent)
    manifest = json.loads((copy.folder / "manifest.json").read_text(encoding="utf-8"))
    for chain, head in manifest["heads"].items():
        try:
            copy.check_chain(chain, head, noted)
        except (ValueError, KeyError, TypeError, EOFError, OSError, lzma.LZMAError) as error:
            copy.fault("{}: can't be read further: {!r}".format(chain, error))
    for chain, sequence in noted:
        copy.fault("{} link {}: noted, but not in this copy".format(chain, sequence))
    print(
        "{} links, {} texts, {} of them no longer kept, {} faults".format(
            copy.links, copy.texts, copy.not_kept, copy.faults
        )
    )
    return 1 if copy.faults else 0


if __name__ == "__main__":
    sys.exit(main())
