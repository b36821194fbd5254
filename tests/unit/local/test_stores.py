"""Redis starts in any folder, and a store that doesn't start names its setting or its log."""

from pathlib import Path

import pytest

from aicoin_local.stores import StoreError, Throwaway, free_port, redis_store, wait_for_redis


@pytest.mark.parametrize("name", ["plain", "ein Haus für αβγ", 'quotes " and \\ backslashes'])
def test_redis_starts_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    server = Throwaway(store := redis_store(folder, free_port()), tmp_path / "log")
    try:
        wait_for_redis(store.url, 60)
    finally:
        server.stop()
    assert (folder / "appendonlydir").is_dir()


def test_unreachable_external_redis_names_its_setting() -> None:
    with pytest.raises(StoreError, match="Redis does not answer; check REDIS_URL"):
        wait_for_redis("redis://127.0.0.1:1/0", 0)


def test_own_redis_that_does_not_start_names_its_log(tmp_path: Path) -> None:
    log = tmp_path / "redis.log"
    with pytest.raises(StoreError, match="Redis does not start; its log is ") as failed:
        wait_for_redis("redis://127.0.0.1:1/0", 0, log)
    assert str(log) in str(failed.value)
    assert "REDIS_URL" not in str(failed.value)
