"""The file of a backup: a zip archive whose last part, the manifest, has size and SHA-256 of every other part."""

import contextlib
import hashlib
import json
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
CHUNK_BYTES: Final = 1 << 20
UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    KeyError,
    ValueError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What reading a damaged archive raises; RuntimeError where a part seems to be encrypted or packed otherwise."""


class DamagedBackup(Exception):
    """The file is no backup, or not as it was written; the message names the part."""


class ArchiveWriter:
    """Writes parts one after another, then the manifest."""

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        self._parts: dict[str, dict[str, Any]] = {}

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator["HashingWriter"]:
        """A new part, open for writing."""
        with self._zip.open(name, "w", force_zip64=True) as file:
            writer = HashingWriter(file)
            yield writer
        self._parts[name] = {"bytes": writer.size, "sha256": writer.hexdigest()}

    def close(self, about: dict[str, Any]) -> dict[str, Any]:
        """Writes the manifest, `about` with the parts; returns it."""
        manifest = {"format": FORMAT, **about, "parts": self._parts}
        self._zip.writestr(MANIFEST, json.dumps(manifest, indent=2) + "\n")
        self._zip.close()
        return manifest


class HashingWriter:
    """Counts and hashes what it passes on."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0

    def write(self, data: bytes | bytearray | memoryview) -> int:
        self._hash.update(data)
        self.size += len(data)
        return self._file.write(data)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class ArchiveReader:
    """A backup, whose every part has been read and found to be what the manifest says. Raises DamagedBackup."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest: dict[str, Any] = json.loads(self._zip.read(MANIFEST))
        except UNREADABLE as error:
            raise DamagedBackup(f"it is no backup, or an encrypted one: {error}") from None
        if self.manifest.get("format") != FORMAT:
            raise DamagedBackup(f"it has format {self.manifest.get('format')}; this version reads {FORMAT}")
        self._check()

    @property
    def parts(self) -> list[str]:
        return list(self.manifest["parts"])

    def open(self, name: str) -> IO[bytes]:
        return self._zip.open(name)

    def close(self) -> None:
        self._zip.close()

    def _check(self) -> None:
        listed = {*self.parts, MANIFEST}
        if found := listed ^ set(self._zip.namelist()):
            raise DamagedBackup(f"the manifest and the parts differ: {', '.join(sorted(found))}")
        for name, expected in self.manifest["parts"].items():
            if self._fingerprint(name) != expected:
                raise DamagedBackup(f"{name} is not what was written")

    def _fingerprint(self, name: str) -> dict[str, Any]:
        digest, size = hashlib.sha256(), 0
        try:
            with self._zip.open(name) as file:
                while data := file.read(CHUNK_BYTES):
                    digest.update(data)
                    size += len(data)
        except UNREADABLE as error:
            raise DamagedBackup(f"{name} can't be read: {error}") from None
        return {"bytes": size, "sha256": digest.hexdigest()}
