"""The halt files."""

from pathlib import Path

from executor.storage.halts import HaltFiles


def test_a_halt_file_halts_one_account_or_all(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path / "executor")
    halts.halt("qwen", "test")
    assert (halts.is_halted("qwen"), halts.is_halted("deepseek")) == (True, False)
    halts.halt(None, "test")
    halts.resume("qwen")
    assert halts.is_halted("qwen")
    halts.resume(None)
    assert not halts.is_halted("deepseek")
    (tmp_path / "executor" / "halt").touch()
    assert HaltFiles(tmp_path / "executor").is_halted("deepseek")


def test_a_resume_of_all_also_ends_the_halts_of_single_accounts(tmp_path: Path) -> None:
    halts = HaltFiles(tmp_path)
    halts.halt("qwen", "test")
    halts.resume(None)
    assert not halts.is_halted("qwen")
