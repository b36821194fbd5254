"""The executor's keys are searched for in everything that a full run stores or answers: they are found nowhere."""

import base64
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import psycopg
import pytest

from aicoin_local.testing import Arena, wait_until

pytestmark = pytest.mark.system

KEY_FILE = "paper_keys.json"
CHUNK = 8 * 2**20
TRADED_LIMIT_S = 300


def keys_of(arena: Arena, *kinds: str) -> list[str]:
    """The keys of the executor's wallets and of the kill switch's, or of one kind only; without their 0x."""
    content = json.loads((arena.data_dir / KEY_FILE).read_text(encoding="utf-8"))
    return [row[kind].removeprefix("0x") for row in content.values() for kind in kinds or ("wallet_key", "kill_key")]


def spellings(key: str) -> dict[str, bytes]:
    """Every way in which a key could be written; hex without its 0x is part of hex with it."""
    raw = bytes.fromhex(key)
    return {
        "hex": key.lower().encode(),
        "upper-case hex": key.upper().encode(),
        "base64": base64.b64encode(raw).rstrip(b"="),
        "url-safe base64": base64.urlsafe_b64encode(raw).rstrip(b"="),
        "decimal": str(int(key, 16)).encode(),
        "raw bytes": raw,
    }


class Search:
    """Searches for all spellings of all keys at once."""

    def __init__(self, keys: list[str]) -> None:
        self._needles = {needle: name for key in keys for name, needle in spellings(key).items()}
        self._pattern = re.compile(b"|".join(re.escape(needle) for needle in self._needles))
        self._overlap = max(map(len, self._needles))
        self.found: list[str] = []
        self.places = 0

    def scan(self, place: str, content: bytes) -> None:
        self.places += 1
        self.found += [f"{place}: as {self._needles[each]}" for each in set(self._pattern.findall(content))]

    def file(self, path: Path) -> None:
        """A file of any size, in chunks; one that vanished meanwhile holds nothing."""
        self.places += 1
        tail = b""
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            while chunk := file.read(CHUNK):
                content = tail + chunk
                self.found += [f"{path}: as {self._needles[each]}" for each in set(self._pattern.findall(content))]
                tail = content[-self._overlap :]


@pytest.fixture(scope="module")
def search(arena: Arena) -> Search:
    """Once both models have traded."""
    for model in ("deepseek", "qwen"):
        first_fill = partial(arena.rows, "SELECT 1 FROM fills WHERE model = %s LIMIT 1", model)
        wait_until(f"a fill of {model}", first_fill, limit_s=TRADED_LIMIT_S)
    return Search(keys_of(arena))


@pytest.fixture(scope="module", autouse=True)
def kill_switch_output(arena: Arena, search: Search, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The kill switch's output: of the arena's own command, and with its keys in files, written without 0x."""
    by_command = arena.command("kill-switch", "--model", "qwen")
    folder = tmp_path_factory.mktemp("keys")
    variables = arena.environment | {
        "HYPERLIQUID_API_URL": arena.run["simulator_url"],
        "EXECUTOR_DATA_DIR": str(arena.data_dir / "executor"),
    }
    content = json.loads((arena.data_dir / KEY_FILE).read_text(encoding="utf-8"))
    for model, row in content.items():
        path = folder / model
        path.write_text(row["kill_key"].removeprefix("0x") + "\n", encoding="utf-8")
        variables[f"HYPERLIQUID_KILL_KEY_{model.upper()}_FILE"] = str(path)
        variables[f"HYPERLIQUID_ACCOUNT_ADDRESS_{model.upper()}"] = row["account_address"]
    by_file = subprocess.run(
        [sys.executable, "-m", "executor.cli.kill_command", "--model", "deepseek"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "qwen: OUT" in by_command.stdout, by_command.stdout + by_command.stderr
    assert "deepseek: OUT" in by_file.stdout, by_file.stdout + by_file.stderr
    assert arena.command("resume").returncode == 0
    return by_command.stdout + by_command.stderr + by_file.stdout + by_file.stderr


def test_search_finds_each_spelling_of_a_planted_key(tmp_path: Path) -> None:
    key = "0123456789abcdef" * 4
    for name, needle in spellings(key).items():
        search = Search(["ff" * 32, key])
        search.scan("text", b"before " + needle + b" after")
        path = tmp_path / "file"
        path.write_bytes(b"\x00" * (CHUNK - 10) + needle + b"\x00" * 50)
        search.file(path)
        assert len(search.found) == 2, name
        assert all(name in each for each in search.found), search.found


def test_kill_switch_prints_no_key(search: Search, kill_switch_output: str) -> None:
    search.scan("the kill switch's output", kill_switch_output.encode())
    assert search.found == []


def test_crash_leaves_no_core_file(arena: Arena, search: Search) -> None:
    pid = arena.pid("executor")
    limits = Path(f"/proc/{pid}/limits").read_text(encoding="utf-8")
    assert re.search(r"^Max core file size\s+0\s+0\s", limits, re.MULTILINE), limits
    os.kill(pid, signal.SIGABRT)
    wait_until(
        "the executor to come back",
        lambda: arena.pid("executor") not in (0, pid) and arena.is_ready_or_down("executor"),
        limit_s=180,
    )
    root = Path(__file__).parents[2]
    assert [path for path in (*root.glob("core*"), *arena.data_dir.rglob("core.*")) if path.is_file()] == []


def test_no_file_but_the_key_file_holds_a_key(arena: Arena, search: Search) -> None:
    with contextlib.closing(arena.redis()) as redis:
        redis.bgrewriteaof()
    with psycopg.connect(arena.run["database_url"], autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    before = search.places
    for path in arena.data_dir.rglob("*"):
        if path.is_file() and path.name != KEY_FILE:
            search.file(path)
    assert search.found == []
    assert search.places - before > 100
    own = Search(keys_of(arena))
    own.file(arena.data_dir / KEY_FILE)
    assert own.found


def test_no_table_holds_a_key(arena: Arena, search: Search) -> None:
    """Row by row as text: the files may hold them compressed. A bytea is shown as hex."""
    tables = [row["tablename"] for row in arena.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert {"intents", "intent_sends", "executor_outbox", "fills"} <= set(tables)
    for table in tables:
        for row in arena.rows(f'SELECT t::text AS line FROM "{table}" t'):
            search.scan(f"table {table}", row["line"].encode())
    for row in arena.rows(
        "SELECT convert_from(signed_action, 'UTF8') AS action FROM intents WHERE signed_action <> ''"
    ):
        search.scan("signed actions", row["action"].encode())
    assert search.found == []


def test_no_redis_value_holds_a_key(arena: Arena, search: Search) -> None:
    with contextlib.closing(arena.redis()) as redis:
        for name in redis.scan_iter(count=500):
            for content in redis_contents(redis, name):
                search.scan(f"Redis {name!r}", content)
    assert search.found == []


def redis_contents(redis: object, name: bytes) -> Iterator[bytes]:
    """A key's value in plain, whatever its type."""
    kind = redis.type(name)  # type: ignore[attr-defined]
    if kind == b"string":
        yield redis.get(name) or b""  # type: ignore[attr-defined]
    elif kind == b"stream":
        for _, fields in redis.xrange(name):  # type: ignore[attr-defined]
            yield b"\n".join(fields.values())
    else:
        yield redis.dump(name) or b""  # type: ignore[attr-defined]


def test_no_answer_of_any_service_holds_a_key(arena: Arena, search: Search) -> None:
    for name, service in arena.run["services"].items():
        base = service["metrics_url"].removesuffix("/metrics")
        for path in ("metrics", "healthz", "readyz"):
            search.scan(f"{name}/{path}", httpx.get(f"{base}/{path}", timeout=60).content)
    url = arena.run["gateway_url"]
    described = httpx.get(f"{url}/api/v1/openapi.json", timeout=60)
    paths = described.json()["paths"] if described.status_code == 200 else {}
    plain = [path for path, verbs in paths.items() if "get" in verbs and "{" not in path]
    assert plain, described.text[:300]
    for path in plain:
        full = path if path.startswith("/api") else f"/api/v1{path}"
        search.scan(f"GET {full}", httpx.get(url + full, timeout=60).content)
    search.scan("run file", json.dumps(arena.run).encode())
    assert search.found == []


def test_no_other_process_gets_a_key(arena: Arena, search: Search) -> None:
    """Neither in its environment nor on its command line; of the kill switch's not the executor either."""
    others = Search(keys_of(arena, "kill_key"))
    for name, service in arena.run["services"].items():
        for what in ("environ", "cmdline"):
            content = Path(f"/proc/{service['pid']}/{what}").read_bytes()
            if (name, what) != ("executor", "environ"):
                search.scan(f"{name}'s {what}", content)
            others.scan(f"{name}'s {what}", content)
    assert search.found == []
    assert others.found == []
