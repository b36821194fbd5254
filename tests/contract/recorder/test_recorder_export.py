"""A copy of the record is verified by its own script, in a process of its own, and a changed copy is not."""

import json
import lzma
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from recorded_cycles import cycles

from common.runtime.record.links import MARKET
from recorder.handlers import Recorder
from recorder.monitoring.audit.export import export_record
from recorder.monitoring.audit.findings import Report
from recorder.monitoring.audit.verify import chains_of


@pytest.fixture
async def copy(recorder: Recorder, database_url: str, tmp_path: Path) -> Path:
    await recorder.store(cycles(2), 5_000)
    folder = tmp_path / "copy"
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await export_record(connection, Report(), folder, await chains_of(connection))
    return folder


def run(copy: Path, *arguments: str) -> tuple[int, str]:
    """The script's exit code and what it prints; it sees nothing but the standard library."""
    command = [sys.executable, "-I", "-S", str(copy / "verify.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout + done.stderr


def heads(copy: Path) -> dict[str, str]:
    found = json.loads((copy / "manifest.json").read_text("utf-8"))["heads"]
    return {chain: f"{chain}:{head['sequence']}:{head['link']}" for chain, head in found.items()}


def test_a_copy_is_sound_and_has_its_heads(copy: Path) -> None:
    code, output = run(copy, *(f"--head={head}" for head in heads(copy).values()))
    assert code == 0, output
    assert "0 faults" in output
    assert set(heads(copy)) == {MARKET, "deepseek", "qwen"}
    assert all(head in output for head in heads(copy).values())


def change_lines(path: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = lzma.decompress(path.read_bytes()).decode().splitlines(keepends=True)
    path.write_bytes(lzma.compress("".join(change(lines)).encode()))


def swap(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], *lines[3:]]


@pytest.mark.parametrize(
    ("file", "change", "fault"),
    [
        (
            "links/qwen.jsonl.xz",
            lambda lines: [*lines[:3], *lines[4:]],
            "missing or reordered: this is link 5",
        ),
        ("links/qwen.jsonl.xz", lambda lines: lines[:-1], "the chain ends with"),
        ("links/qwen.jsonl.xz", swap, "missing or reordered"),
        (
            "links/qwen.jsonl.xz",
            lambda lines: [line.replace("LONG", "HOLD") for line in lines],
            "record or link changed",
        ),
        ("texts/qwen/{day}.jsonl.xz", lambda lines: [line.replace("trend", "tread") for line in lines], "was changed"),
        ("texts/qwen/{day}.jsonl.xz", lambda lines: lines[1:], "the text is missing"),
        ("texts/_market/{day}.jsonl.xz", lambda lines: [], "data.coins: the text is missing"),
    ],
)
def test_a_changed_copy_is_found(copy: Path, file: str, change: Callable[[list[str]], list[str]], fault: str) -> None:
    [day] = [path.name.partition(".")[0] for path in (copy / "texts" / "qwen").iterdir()]
    change_lines(copy / file.format(day=day), change)
    code, output = run(copy)
    assert code == 1
    assert fault in output
    assert "Traceback" not in output


def flip_middle(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def test_damaged_files_are_faults_and_no_tracebacks(copy: Path) -> None:
    links, manifest = "links/qwen.jsonl.xz", "manifest.json"
    [texts] = [str(path.relative_to(copy)) for path in (copy / "texts" / "qwen").iterdir()]
    nested = lzma.compress(json.dumps({"sequence": 1, "link": "00", "record": "[" * 100_000}).encode())
    damages: list[tuple[str, Callable[[bytes], bytes | None]]] = [
        (manifest, lambda content: None),
        (manifest, lambda content: b"[]"),
        (manifest, lambda content: b'{"heads": [1]}'),
        (manifest, lambda content: b'{"heads": {"qwen": 7}}'),
        (manifest, lambda content: json.dumps({"heads": {}}).encode()),
        (links, lambda content: None),
        (links, lambda content: content[:-40]),
        (links, lambda content: b"no xz"),
        (links, flip_middle),
        (links, lambda content: nested),
        (texts, flip_middle),
        (texts, lambda content: lzma.compress(b"[1]\n")),
    ]
    for name, damage in damages:
        path, whole = copy / name, (copy / name).read_bytes()
        content = damage(whole)
        path.unlink() if content is None else path.write_bytes(content)
        code, output = run(copy)
        assert (code, "Traceback" in output) == (1, False), (name, output)
        path.write_bytes(whole)
    assert run(copy)[0] == 0


def test_a_noted_head_that_the_copy_lacks_is_found(copy: Path) -> None:
    noted = heads(copy)["qwen"]
    code, output = run(copy, f"--head={noted[:-1]}{'0' if noted[-1] != '0' else '1'}", f"--head=qwen:99:{'0' * 64}")
    assert code == 1
    assert output.count("noted") == 2


async def test_a_folder_with_files_is_refused(copy: Path, database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        with pytest.raises(FileExistsError):
            await export_record(connection, Report(), copy, ["qwen"])
