"""The halt files: a name halts whatever stands in it, and what can't be read halts everything."""

import os
from pathlib import Path

import pytest

from executor.domain.halt import UNKNOWN_AUTHOR, HaltRecord
from executor.storage.halts import STARTED, FolderUse, HaltFiles, folder_use, hold_folder, note_start

KILL = HaltRecord("qwen", "kill switch", 5, "test", is_local=True)
KILL_ALL = HaltRecord(None, "kill switch", 6, "test", is_local=True)
COMMAND = HaltRecord("qwen", "gateway", 7, "by a person")


def test_a_halt_file_halts_one_account_or_all(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path / "executor")
    halts.write(KILL)
    assert (halts.is_halted("qwen"), halts.is_halted("deepseek")) == (True, False)
    halts.write(KILL_ALL)
    halts.resume_local("qwen")
    assert halts.is_halted("qwen")
    halts.resume_local(None)
    assert not halts.is_halted("deepseek")
    (tmp_path / "executor" / "halt").touch()
    assert HaltFiles(tmp_path / "executor").is_halted("deepseek")


def test_a_resume_of_all_also_ends_the_halts_of_single_accounts(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.write(KILL)
    assert halts.resume_local(None) == ([tmp_path / "halt-qwen"], [])
    assert not halts.is_halted("qwen")


def test_a_file_says_who_has_halted_when_and_why(tmp_path: Path) -> None:
    HaltFiles(tmp_path).write(KILL)
    assert HaltFiles(tmp_path).local_halts() == (KILL,)


@pytest.mark.parametrize("content", ["kill switch\n", "", "{}", "[1]", "{", "\x00\xff"])
def test_a_file_of_any_other_content_halts_as_well(tmp_path: Path, content: str) -> None:
    (tmp_path / "halt").write_text(content, encoding="utf-8")
    halts = HaltFiles(tmp_path)
    assert halts.is_halted("qwen")
    [found] = halts.local_halts()
    assert (found.author, found.model, found.is_local) == (UNKNOWN_AUTHOR, None, True)
    assert found.time_ms > 1_700_000_000_000


@pytest.mark.parametrize("time_ms", ["1e999", "1" + "0" * 30, "-5", "[" * 100_000])
def test_whatever_a_file_holds_can_be_recorded(tmp_path: Path, time_ms: str) -> None:
    text = f'{{"author": "a\\u0000\\ud800", "reason": "\\ud800\\u0000", "is_local": true, "time_ms": {time_ms}}}'
    (tmp_path / "halt").write_text(text, encoding="utf-8")
    (tmp_path / "halt-\udcff").touch()
    found = HaltFiles(tmp_path).local_halts()
    assert len(found) == 2
    for halt in found:
        assert "\0" not in str(halt).encode().decode()
        assert 0 <= halt.time_ms < 2**48


def test_a_name_without_a_readable_file_halts(tmp_path: Path) -> None:
    (tmp_path / "halt-qwen").mkdir()
    (tmp_path / "halt-deepseek").symlink_to(tmp_path / "nowhere")
    halts = HaltFiles(tmp_path)
    assert halts.is_halted("qwen")
    assert halts.is_halted("deepseek")
    assert len(halts.local_halts()) == 2


def test_a_folder_that_cannot_be_read_halts(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path / "executor")
    (tmp_path / "executor").rmdir()
    assert halts.is_halted("qwen")
    (tmp_path / "executor").write_text("no folder", encoding="utf-8")
    assert halts.is_halted("qwen")


def test_a_commanded_halt_holds_without_a_file(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path / "executor")
    (tmp_path / "executor").rmdir()
    (tmp_path / "executor").touch()
    [problem] = [text for text in halts.mirror([COMMAND]) if "not written" in text]
    assert problem.startswith("halt file not written")
    assert halts.is_halted("qwen")


def test_commanded_files_follow_the_commands_and_leave_the_local_one(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.write(KILL_ALL)
    assert halts.mirror([COMMAND]) == []
    assert halts.commanded_files() == (COMMAND,)
    assert halts.mirror([]) == []
    assert halts.commanded_files() == ()
    assert halts.local_halts() == (KILL_ALL,)


def test_the_kill_switch_takes_the_place_of_a_command_and_keeps_it(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.mirror([COMMAND])
    halts.write(KILL)
    assert halts.mirror([COMMAND]) == []
    assert halts.mirror([]) == []
    assert halts.local_halts() == (KILL,)
    assert halts.resume_local(None) == ([tmp_path / "halt-qwen"], [])


def test_a_newer_command_is_written_over_an_older_one(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.mirror([COMMAND])
    newer = HaltRecord("qwen", "gateway", 9, "again")
    halts.mirror([COMMAND, newer])
    assert halts.commanded_files() == (newer,)


def test_resuming_locally_leaves_the_files_of_commands(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.mirror([COMMAND])
    assert halts.resume_local(None) == ([], [])
    assert halts.is_halted("qwen")


def test_before_the_table_is_read_everything_is_halted(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.is_loaded = False
    assert halts.is_halted("qwen")


def test_the_lock_says_whether_an_executor_reads_the_folder(tmp_path: Path) -> None:
    assert folder_use(tmp_path) is FolderUse.NEVER
    held = hold_folder(tmp_path)
    assert held is not None
    assert folder_use(tmp_path) is FolderUse.RUNNING
    second = hold_folder(tmp_path)
    os.close(held)
    assert folder_use(tmp_path) is FolderUse.RUNNING
    assert second is not None
    os.close(second)
    assert folder_use(tmp_path) is FolderUse.STOPPED
    assert hold_folder(tmp_path / "missing") is None


def test_the_start_before_is_known_by_its_file(tmp_path: Path) -> None:
    assert note_start(tmp_path, 1_000_000) == float("inf")
    assert note_start(tmp_path, 1_007_500) == 7.5
    assert note_start(tmp_path, 1_000_000) == float("inf")  # The clock was set back.
    (tmp_path / STARTED).write_text("?")
    assert note_start(tmp_path, 1_020_000) == float("inf")
    assert note_start(tmp_path / "missing", 1) == float("inf")
