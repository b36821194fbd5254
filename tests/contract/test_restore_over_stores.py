"""A restore over stores of the user's own: what they held is in a file, and in them again when it fails."""

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from aicoin_local.process.backup.archive import ArchiveReader, ArchiveWriter
from aicoin_local.process.backup.backup import REDIS, make_backup
from aicoin_local.process.backup.redis_copy import HEADER
from aicoin_local.process.backup.restore import RestoreError, restore
from aicoin_local.settings import LocalSettings, load_settings
from common.runtime.database import migrate, open_pool

CONTENDERS = ("deepseek", "qwen")
BAD_KEY = HEADER.pack(3, 4, -1) + b"bad" + b"dump"
WRITE = """INSERT INTO risk_state (kind, model, value) VALUES ('halt', '*', to_jsonb(%(value)s::text))
ON CONFLICT (kind, model, key) DO UPDATE SET value = excluded.value"""


async def make_tables(database_url: str) -> None:
    pool = await open_pool(database_url)
    await migrate(pool, "risk")
    await pool.close()


def write(settings: LocalSettings, value: str) -> None:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(WRITE, {"value": value})
    with contextlib.closing(redis.Redis.from_url(settings.redis_url)) as client:
        client.flushdb()
        client.set("kept", value)


def held(settings: LocalSettings) -> tuple[object, object]:
    assert settings.database_url is not None
    assert settings.redis_url is not None
    with psycopg.connect(settings.database_url) as connection:
        rows = connection.execute("SELECT value FROM risk_state").fetchall()
    with contextlib.closing(redis.Redis.from_url(settings.redis_url, decode_responses=True)) as client:
        return rows, {str(key): client.get(key) for key in client.scan_iter()}


def with_keys(source: Path, target: Path, before: bytes = b"", after: bytes = b"") -> Path:
    """The same backup with other keys before or after its own."""
    reader, writer = ArchiveReader(source), ArchiveWriter(target)
    for name in reader.parts:
        with reader.open(name) as part, writer.part(name) as copy:
            copy.write(before + part.read() + after if name == REDIS else part.read())
    writer.close(reader.manifest | {"redis_keys": 2})
    reader.close()
    return target


def test_stores_of_the_user_are_never_lost(tmp_path: Path, database_url: str, redis_url: str) -> None:
    given = {"AICOIN_DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    settings, backup = load_settings(given), tmp_path / "backup.zip"
    over = (database_url.rpartition("/")[2], "redis")
    asyncio.run(make_tables(database_url))
    write(settings, "new")
    make_backup(settings, CONTENDERS, backup, None)
    new = held(settings)
    write(settings, "old")
    old = held(settings)

    refused = with_keys(backup, tmp_path / "refused.zip", before=BAD_KEY)
    with pytest.raises(redis.ResponseError):
        restore(settings, refused, None, CONTENDERS, over)
    assert held(settings) == old
    assert list(settings.data_dir.glob("before-restore-*")) == []

    failing = with_keys(backup, tmp_path / "failing.zip", after=BAD_KEY)
    with pytest.raises(RestoreError) as failed:
        restore(settings, failing, None, CONTENDERS, over)
    assert "hold again what they held" in str(failed.value)
    assert held(settings) == old
    [kept] = settings.data_dir.glob("before-restore-*.zip")
    assert str(kept) in str(failed.value)
    kept.unlink()

    _, before = restore(settings, backup, None, CONTENDERS, over)
    assert held(settings) == new
    [kept] = before
    restore(settings, kept, None, CONTENDERS, over)
    assert held(settings) == old


def test_a_backup_says_whose_and_how_new_it_is(tmp_path: Path, database_url: str, redis_url: str) -> None:
    async def record_a_decision() -> None:
        pool = await open_pool(database_url)
        await migrate(pool, "recorder")
        async with pool.connection() as connection:
            await connection.execute(
                """INSERT INTO ai_decisions (id, model, cycle_id, time_ms, outcome, provider_model, stand_in, attempts,
                    recorded_ms, created_at)
                VALUES ('d', 'qwen', 'c', 1, 'failed', 'm', true, 1, 1, to_timestamp(60))"""
            )
        await pool.close()

    asyncio.run(record_a_decision())
    given = {"AICOIN_DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url, "REDIS_URL": redis_url}
    command = [sys.executable, "-m", "aicoin_local", "backup", str(tmp_path / "backup.zip")]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Of deepseek, qwen on paper; newest decision: 1970-01-01T00:01:00+00:00." in done.stdout
