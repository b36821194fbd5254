"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from parallel import GroupScheduling, sort_for_workers
from xdist.remote import Producer

from aicoin_local.testing import Arena

# A busy machine is no defect: no test may fail for being slow.
settings.register_profile("aicoin", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("aicoin")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling:
    return GroupScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    sort_for_workers(items)


@pytest.fixture(scope="session")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    """The running arena, started as `make run` does; it must stop cleanly and not ask for rights that it lacks."""
    arena = Arena(tmp_path_factory.mktemp("arena") / "data")
    try:
        arena.start()
        yield arena
        refused = arena.refused_operations()
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]
    assert refused == []
