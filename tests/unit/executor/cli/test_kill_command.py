"""What the kill switch says of the halt, and what `aicoin resume` ends."""

import os
from pathlib import Path

import pytest
import typer

from executor.cli.kill_command import halt_entries, resume
from executor.domain.halt import HaltRecord
from executor.storage.halts import HaltFiles, hold_folder


def test_a_running_executor_is_known_to_be_halted(tmp_path: Path) -> None:
    held = hold_folder(tmp_path)
    assert held is not None
    outcome = halt_entries(tmp_path, "qwen")
    os.close(held)
    assert outcome.is_certain
    assert outcome.message == f"halt file written: {tmp_path / 'halt-qwen'}; no entry is sent until `aicoin resume`"
    [halt] = HaltFiles(tmp_path).local_halts()
    assert (halt.model, halt.author, halt.reason) == ("qwen", "kill switch", "the kill switch was used")


def test_one_that_has_ended_finds_the_file_when_it_starts(tmp_path: Path) -> None:
    held = hold_folder(tmp_path)
    assert held is not None
    os.close(held)
    outcome = halt_entries(tmp_path, None)
    assert outcome.is_certain
    assert "no executor runs on that folder now" in outcome.message


@pytest.mark.parametrize("folder", ["elsewhere", "."])
def test_a_folder_that_no_executor_reads_is_no_halt(tmp_path: Path, folder: str) -> None:
    outcome = halt_entries(tmp_path / folder, None)
    assert not outcome.is_certain
    assert "but no executor has ever run on it: the executor may enter again; stop it" in outcome.message
    assert HaltFiles(tmp_path / folder).is_halted("qwen")


def test_a_file_that_is_not_written_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = halt_entries(tmp_path / "file" / "executor", None)
    assert not outcome.is_certain
    assert outcome.message.startswith("halt file not written: ")
    assert outcome.message.endswith("; the executor may enter again; stop it")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an executor that has run."""
    monkeypatch.setenv("EXECUTOR_DATA_DIR", str(tmp_path))
    held = hold_folder(tmp_path)
    assert held is not None
    os.close(held)
    return tmp_path


def test_resume_ends_the_local_halts_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    halt_entries(folder, None)
    HaltFiles(folder).mirror([HaltRecord("qwen", "gateway", 1, "test")])
    resume(None)
    assert f"halt file removed: {folder / 'halt'}" in capsys.readouterr().out
    assert HaltFiles(folder).is_halted("qwen")
    assert not HaltFiles(folder).is_halted("deepseek")


def test_resume_of_one_says_what_still_halts_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    halt_entries(folder, None)
    halt_entries(folder, "qwen")
    with pytest.raises(typer.Exit) as ended:
        resume("qwen")
    assert ended.value.exit_code == 1
    assert "still halted: all by kill switch at " in capsys.readouterr().err


def test_resume_in_a_folder_that_no_executor_reads_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXECUTOR_DATA_DIR", str(tmp_path))
    with pytest.raises(typer.Exit):
        resume(None)
    assert "no executor has ever run on it" in capsys.readouterr().err
