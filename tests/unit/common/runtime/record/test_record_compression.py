"""Compressed texts come back as they were, resemble their base cheaply, and any damage is found by text or error."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.runtime.record.compression import RECORD_DICTIONARY, DamagedContent, compress, decompress

TEXTS = st.binary(max_size=200) | st.binary(min_size=1, max_size=40).map(lambda part: part * 1_200)


@given(text=TEXTS, base=st.none() | TEXTS)
def test_a_text_comes_back_with_its_base(text: bytes, base: bytes | None) -> None:
    assert decompress(compress(text, base), base) == text


@given(text=TEXTS, base=st.none() | TEXTS, data=st.data())
def test_a_flipped_bit_shows_in_the_text_or_as_an_error(text: bytes, base: bytes | None, data: st.DataObject) -> None:
    content = bytearray(compress(text, base))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decompress(bytes(content), base)
    except DamagedContent:
        return
    # Bits after a stream's end are padding, and a match may be written in two ways: then the text is the same.
    assert found == text or hashlib.sha256(found).digest() != hashlib.sha256(text).digest()


def test_a_long_text_that_resembles_its_base_takes_up_little() -> None:
    rng = random.Random(1)
    words = [str(rng.random()) for _ in range(8_000)]
    base = " ".join(words).encode()
    for place in range(0, len(words), 400):
        words[place] = str(rng.random())
    text = " ".join(["inserted at the start", *words]).encode()
    assert len(text) > 4 * 32_768, "longer than deflate looks back"
    assert len(compress(text, base)) < len(compress(text)) / 20


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"\xff\xff\xff\xff" + compress(b"x")[4:], compress(b"x") + b"x"])
def test_content_of_another_form_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedContent):
        decompress(content)


def test_a_text_of_another_length_than_stated_is_refused() -> None:
    bomb = compress(b"\0" * 10_000_000)
    with pytest.raises(DamagedContent):
        decompress(b"\0\0\0\x10" + bomb[4:])


def test_the_dictionary_of_stored_records_never_changes() -> None:
    found = hashlib.sha256(RECORD_DICTIONARY).hexdigest()
    assert found == "c32be21c7ccd5217a51f2073277234955d08480637e8a73ee362781592815ca1"
