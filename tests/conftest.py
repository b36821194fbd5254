"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest

from aicoin_local.testing import Arena


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The running arena, started as `make run` does; at the end it must stop cleanly."""
    arena = Arena(tmp_path_factory.mktemp("arena") / "data")
    try:
        arena.start()
        yield arena
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]
