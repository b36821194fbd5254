"""Compressed texts. A text that resembles an earlier one, its base, takes up little more than what is new in it. Pure.

Layout: the CRC-32 of what follows, the text's length (4 bytes each, big-endian), then one raw deflate stream a piece.
Pieces are equal shares of the text of at most `PIECE_BYTES`; without a base there is one. A piece's dictionary is the
base around the same place, since deflate looks back 32 KiB and no farther. The CRC finds what the text can't show: a
stream's last bits mean nothing, and a repetition can be copied from several places.
"""

import zlib
from importlib.resources import files
from typing import Final

PIECE_BYTES: Final = 10_240
MARGIN_BYTES: Final = 10_240
MAX_TEXT_BYTES: Final = 16 * 1024 * 1024
"""More than any text of an event has."""
RECORD_DICTIONARY: Final = files("common.runtime.record").joinpath("dictionary_1.txt").read_bytes()
"""The base of all records of format 1: one of each kind, made up. Stored records can't be read with another one."""
_CRC_BYTES: Final = 4
_HEAD_BYTES: Final = _CRC_BYTES + 4
_RAW: Final = -15


class DamagedContent(Exception):
    """Bytes that `compress` has not made, or not with this base."""


def compress(text: bytes, base: bytes | None = None) -> bytes:
    """The text in its stored form."""
    streams = [len(text).to_bytes(_HEAD_BYTES - _CRC_BYTES, "big")]
    pieces = _pieces(len(text), base)
    for index in range(pieces):
        dictionary = _dictionary(base, index, pieces)
        compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW, 9, zlib.Z_DEFAULT_STRATEGY, dictionary)
        streams += [compressor.compress(text[_place(index, pieces, len(text))]), compressor.flush()]
    content = b"".join(streams)
    return zlib.crc32(content).to_bytes(_CRC_BYTES, "big") + content


def decompress(content: bytes, base: bytes | None = None) -> bytes:
    """The text that `compress` was given, with the same base. Raises DamagedContent.

    A wrong base, and damage with a CRC that fits, show in the text's hash alone, which the caller checks.
    """
    length, rest = int.from_bytes(content[_CRC_BYTES:_HEAD_BYTES], "big"), content[_HEAD_BYTES:]
    if len(content) < _HEAD_BYTES or length > MAX_TEXT_BYTES:
        raise DamagedContent(f"{len(content)} bytes that state a length of {length}")
    if zlib.crc32(content[_CRC_BYTES:]) != int.from_bytes(content[:_CRC_BYTES], "big"):
        raise DamagedContent("the stored bytes do not have their CRC-32")
    pieces, text = _pieces(length, base), bytearray()
    for index in range(pieces):
        place = _place(index, pieces, length)
        try:
            decompressor = zlib.decompressobj(_RAW, _dictionary(base, index, pieces))
            text += decompressor.decompress(rest, place.stop - place.start or 1)
            # What is left of a stream after its last byte of text is its end.
            text += decompressor.decompress(decompressor.unconsumed_tail, 1)
        except zlib.error as error:
            raise DamagedContent(str(error)) from None
        if not decompressor.eof or len(text) != place.stop:
            raise DamagedContent(f"piece {index + 1} of {pieces} does not have its length")
        rest = decompressor.unused_data
    if rest:
        raise DamagedContent(f"{len(rest)} bytes follow the text")
    return bytes(text)


def _pieces(length: int, base: bytes | None) -> int:
    return 1 if base is None else max(1, -(-length // PIECE_BYTES))


def _place(index: int, pieces: int, length: int) -> slice:
    return slice(index * length // pieces, (index + 1) * length // pieces)


def _dictionary(base: bytes | None, index: int, pieces: int) -> bytes:
    if base is None:
        return b""
    place = _place(index, pieces, len(base))
    return base[max(0, place.start - MARGIN_BYTES) : place.stop + MARGIN_BYTES]
