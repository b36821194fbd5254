"""A backup wants an arena that is there, and not what a killed launcher has left running."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aicoin_local.process.backup.backup import BackupError, make_backup
from aicoin_local.process.backup.places import stores_of
from aicoin_local.process.backup.restore import restore
from aicoin_local.settings import LocalSettings, load_settings
from aicoin_local.stores import StoreError


def settings_of(folder: Path, **given: str) -> LocalSettings:
    return load_settings({"AICOIN_DATA_DIR": str(folder), **given})


@contextlib.contextmanager
def left_over(folder: Path) -> Iterator[None]:
    """A program of a launcher that was killed."""
    environment = os.environ | {"AICOIN_DATA_DIR": str(folder), "AICOIN_PROGRAM": "redis"}
    command = [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.send_signal(signal.SIGTERM)


def test_nothing_is_copied_or_moved_under_a_killed_arena(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "data")
    with left_over(settings.data_dir):
        with pytest.raises(StoreError, match="make stop"), stores_of(settings):
            pass
        with pytest.raises(StoreError, match="make stop"):
            restore(settings, tmp_path / "backup.zip", None, (), ())
    assert [path.name for path in settings.data_dir.iterdir()] == ["lock"]


def test_no_backup_of_an_arena_that_is_not_there(tmp_path: Path, database_url: str) -> None:
    for settings in (settings_of(tmp_path / "data"), settings_of(tmp_path / "data", DATABASE_URL=database_url)):
        with pytest.raises(BackupError, match="no arena"):
            make_backup(settings, (), tmp_path / "backup.zip", None)
    assert list(tmp_path.iterdir()) == []
