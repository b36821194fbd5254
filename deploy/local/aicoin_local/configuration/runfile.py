"""`.aicoin/run.json`: where everything really listens, private, and kept current."""

import json
from pathlib import Path
from typing import Any

from aicoin_local.stores import write_private


def write_run(folder: Path, content: dict[str, Any]) -> None:
    """Replaces the file, if its content changed."""
    if read_run(folder) != content:
        write_private(folder / "run.json", json.dumps(content, indent=2) + "\n")


def read_run(folder: Path) -> dict[str, Any] | None:
    """The file's content, or None when there is none that can be read."""
    try:
        content: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content


def remove_run(folder: Path) -> None:
    (folder / "run.json").unlink(missing_ok=True)
