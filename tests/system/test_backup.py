"""A backup, restored into an empty place, is the same arena: identical figures, and it goes on."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from arena_checks import unprotected_positions
from harness import wait_until

from aicoin_local.testing import Arena

pytestmark = pytest.mark.system

PASSPHRASE = "a passphrase with blanks"
FIGURES = {
    "trades": "SELECT * FROM api_trades WHERE status <> 'OPEN' ORDER BY id",
    "fills": "SELECT * FROM api_fills ORDER BY id",
    "decisions": "SELECT * FROM api_decisions ORDER BY id",
    "heads": "SELECT chain, sequence, encode(link, 'hex') AS link FROM record_heads ORDER BY chain",
}
TROUBLES = "SELECT code, message FROM alerts WHERE code IN ('SEQUENCE_GAP', 'PNL_RESIDUAL', 'UNREADABLE_ROW')"


def aicoin(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "aicoin_local", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def manifest_of(path: Path) -> dict[str, Any]:
    with ZipFile(path) as archive:
        content: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return content


@dataclass
class BackedUp:
    """An arena that was backed up while it ran, and again after its stop; its figures at the two moments."""

    environment: dict[str, str]
    running: Path
    stopped: Path
    figures_before: dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> BackedUp:
    folder = tmp_path_factory.mktemp("backup")
    arena = Arena(folder / "data")
    running, stopped = folder / "running.zip.enc", folder / "stopped.zip"
    try:
        arena.start()
        wait_until("fills", lambda: arena.rows("SELECT 1 FROM fills LIMIT 1"), limit_s=180)
        figures = {name: arena.rows(query) for name, query in FIGURES.items()}
        made = aicoin(arena.environment | {"BACKUP_PASSPHRASE": PASSPHRASE}, "backup", str(running))
        assert made.returncode == 0, made.stderr
        alive = {name: arena.pid(name) for name in arena.run["services"]}
        wait_until(
            "a decision after the backup", lambda: len(arena.rows(FIGURES["decisions"])) > len(figures["decisions"])
        )
        assert {name: arena.pid(name) for name in alive} == alive
    finally:
        arena.stop()
    made = aicoin(arena.environment, "backup", str(stopped))
    assert made.returncode == 0, made.stderr
    return BackedUp(arena.environment, running, stopped, figures)


def environment_of(backed_up: BackedUp, folder: Path) -> dict[str, str]:
    return backed_up.environment | {"AICOIN_DATA_DIR": str(folder)}


def test_a_restored_arena_is_backed_up_as_the_same(backed_up: BackedUp, tmp_path: Path) -> None:
    environment = environment_of(backed_up, tmp_path / "data")
    restored = aicoin(environment, "restore", str(backed_up.stopped))
    assert restored.returncode == 0, restored.stderr
    again = tmp_path / "again.zip"
    assert aicoin(environment, "backup", str(again)).returncode == 0
    one, other = manifest_of(backed_up.stopped), manifest_of(again)
    for manifest in (one, other):
        del manifest["made_at"]
        # The order of keys, and what has expired since, are no part of what is the same.
        del manifest["parts"]["redis"], manifest["redis_keys"]
        # SQLite counts its changes in the file's header.
        del manifest["parts"]["files/simulator/simulator.sqlite"]
    assert other == one
    assert (tmp_path / "data" / "paper_keys.json").stat().st_mode & 0o077 == 0

    refused = aicoin(environment, "restore", str(backed_up.stopped))
    assert refused.returncode == 1
    assert "--over data" in refused.stderr
    over = aicoin(environment, "restore", str(backed_up.stopped), "--over", "data")
    assert over.returncode == 0, over.stderr
    [before] = (tmp_path / "data").glob("before-restore-*")
    assert {path.name for path in before.iterdir()} >= {"redis", "postgres", "executor", "simulator", "paper_keys.json"}


def test_a_backup_of_a_running_arena_goes_on_elsewhere(backed_up: BackedUp, tmp_path: Path) -> None:
    arena = Arena(tmp_path / "data")
    assert "passphrase" in aicoin(arena.environment, "restore", str(backed_up.running)).stderr
    secret = tmp_path / "passphrase"
    secret.write_text(PASSPHRASE + "\n", encoding="utf-8")
    restored = aicoin(arena.environment, "restore", str(backed_up.running), "--passphrase-file", str(secret))
    assert restored.returncode == 0, restored.stderr
    try:
        arena.start()
        figures = {name: arena.rows(query) for name, query in FIGURES.items() if name != "heads"}
        for name, rows in figures.items():
            known = {row["id"]: row for row in rows}
            for row in backed_up.figures_before[name]:
                # A verdict may have been on its way when these were read, and what it led to.
                assert known[row["id"]] == row or (name == "decisions" and not row["executed"])
        wait_until(
            "a new decision", lambda: len(arena.rows(FIGURES["decisions"])) > len(figures["decisions"]), limit_s=90
        )
        noted = [f"{row['chain']}:{row['sequence']}:{row['link']}" for row in backed_up.figures_before["heads"]]
        heads = [word for head in noted for word in ("--head", head)]
        audit = aicoin(arena.environment | {"DATABASE_URL": arena.run["database_url"]}, "audit", "verify", *heads)
        assert audit.returncode == 0, audit.stdout + audit.stderr
        assert arena.rows(TROUBLES) == []
        wait_until("every position to be protected", lambda: not unprotected_positions(arena), limit_s=60)
    finally:
        code = arena.stop()
    assert code == 0, arena.output.read_text(encoding="utf-8")[-3000:]
