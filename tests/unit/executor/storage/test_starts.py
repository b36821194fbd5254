"""When the executor was started last."""

from pathlib import Path

from executor.storage.starts import FILE, note_start

NEVER = float("inf")


def test_the_start_before_is_known_by_its_file(tmp_path: Path) -> None:
    assert note_start(tmp_path, 1_000_000) == NEVER
    assert note_start(tmp_path, 1_007_500) == 7.5
    assert note_start(tmp_path, 1_000_000) == NEVER  # The clock was set back.
    (tmp_path / FILE).write_text("?")
    assert note_start(tmp_path, 1_020_000) == NEVER
    assert note_start(tmp_path / "missing", 1) == NEVER
