"""Encryption by a passphrase: scrypt makes the key, ChaCha20-Poly1305 seals pieces whose order and end are sealed too.

Layout: the mark, 16 bytes of salt, then pieces of 64 KiB, each with its tag of 16 bytes. A piece's nonce is its number
and whether it is the last one (the STREAM construction), so that none can be left out, moved or added.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from aicoin_local.process.backup.archive import DamagedBackup

MARK: Final = b"aicoin backup, encrypted 1\n"
SALT_BYTES: Final = 16
PIECE_BYTES: Final = 65_536
TAG_BYTES: Final = 16
WORK: Final = 2**17
"""Scrypt's cost: 128 MB and about half a second per try."""


def is_encrypted(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MARK)) == MARK


def encrypt(source: Path, target: Path, passphrase: str) -> None:
    """Writes `source` encrypted into `target`, which only its owner may read."""
    salt = secrets.token_bytes(SALT_BYTES)
    cipher = _cipher(passphrase, salt)
    target.touch(mode=0o600)
    with source.open("rb") as plain, target.open("wb") as out:
        out.write(MARK + salt)
        for number, (piece, is_last) in enumerate(_pieces(plain, PIECE_BYTES)):
            out.write(cipher.encrypt(_nonce(number, is_last), piece, MARK))


def decrypt(source: Path, target: Path, passphrase: str) -> None:
    """Writes what was encrypted into `target`. Raises DamagedBackup for another passphrase or a changed file."""
    target.touch(mode=0o600)
    with source.open("rb") as sealed, target.open("wb") as out:
        sealed.read(len(MARK))
        cipher = _cipher(passphrase, sealed.read(SALT_BYTES))
        for number, (piece, is_last) in enumerate(_pieces(sealed, PIECE_BYTES + TAG_BYTES)):
            try:
                out.write(cipher.decrypt(_nonce(number, is_last), piece, MARK))
            except InvalidTag:
                raise DamagedBackup("another passphrase, or the file was changed") from None


def _cipher(passphrase: str, salt: bytes) -> ChaCha20Poly1305:
    return ChaCha20Poly1305(Scrypt(salt=salt, length=32, n=WORK, r=8, p=1).derive(passphrase.encode()))


def _nonce(number: int, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _pieces(file: IO[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Pieces of that size, and whether each is the last one; at least one, which may be empty."""
    piece = file.read(size)
    while True:
        following = file.read(size)
        yield piece, not following
        if not following:
            return
        piece = following
