"""Compressed texts come back as they were, resemble their base cheaply, and any damage is found by text or error."""

import hashlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.runtime.record.compression import RECORD_DICTIONARY, DamagedContent, compress, decompress

TEXTS = st.binary(max_size=200) | st.binary(min_size=1, max_size=40).map(lambda part: part * 1_200)


@given(text=TEXTS, base=st.none() | TEXTS)
def test_a_text_comes_back_with_its_base(text: bytes, base: bytes | None) -> None:
    assert decompress(compress(text, base), base) == text


@given(text=TEXTS, base=st.none() | TEXTS, data=st.data())
def test_a_flipped_bit_is_an_error(text: bytes, base: bytes | None, data: st.DataObject) -> None:
    content = bytearray(compress(text, base))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(DamagedContent):
        decompress(bytes(content), base)


def test_every_bit_of_stored_texts_counts() -> None:
    """Also those after a stream's end, and those of a repetition that can be copied from two places."""
    texts = [b"Follow the trend. " * 70, b'{"limit": 1, ' * 100, b" ".join(b"%d" % (n * n % 97) for n in range(900))]
    for text, base in zip(texts, [None, *texts], strict=False):
        content = compress(text, base)
        for bit in range(len(content) * 8):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << bit % 8
            with pytest.raises(DamagedContent):
                decompress(bytes(flipped), base)


def test_a_long_text_that_resembles_its_base_takes_up_little() -> None:
    rng = random.Random(1)
    words = [str(rng.random()) for _ in range(8_000)]
    base = " ".join(words).encode()
    for place in range(0, len(words), 400):
        words[place] = str(rng.random())
    text = " ".join(["inserted at the start", *words]).encode()
    assert len(text) > 4 * 32_768, "longer than deflate looks back"
    assert len(compress(text, base)) < len(compress(text)) / 20


def with_crc(content: bytes) -> bytes:
    """What the CRC does not find must be found without it."""
    return zlib.crc32(content).to_bytes(4, "big") + content


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 7, with_crc(b"\xff\xff\xff\xff" + compress(b"x")[8:]), with_crc(compress(b"x")[4:] + b"x")],
)
def test_content_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedContent):
        decompress(content)


def test_a_text_of_another_length_than_stated_is_refused() -> None:
    bomb = compress(b"\0" * 10_000_000)
    with pytest.raises(DamagedContent):
        decompress(with_crc(b"\0\0\0\x10" + bomb[8:]))


def test_the_dictionary_of_stored_records_never_changes() -> None:
    found = hashlib.sha256(RECORD_DICTIONARY).hexdigest()
    assert found == "c32be21c7ccd5217a51f2073277234955d08480637e8a73ee362781592815ca1"
