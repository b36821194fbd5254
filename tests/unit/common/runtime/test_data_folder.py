"""A folder that can't be written is a line to report, not the end of a start."""

from pathlib import Path

from common.runtime.settings import folder_problem


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    assert folder_problem("EXECUTOR_DATA_DIR", tmp_path / "made") is None
    (tmp_path / "file").touch()
    problem = folder_problem("EXECUTOR_DATA_DIR", tmp_path / "file" / "below")
    assert problem is not None
    assert problem.startswith("EXECUTOR_DATA_DIR: ")
