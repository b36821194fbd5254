"""The halt file: stops entries with neither Redis nor PostgreSQL; only `resume` removes it."""

from pathlib import Path

GLOBAL = "halt"


class HaltFile:
    """`halt` in the executor's data folder halts everything, `halt-<model>` one model."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def is_halted(self, model: str) -> bool:
        return (self._folder / GLOBAL).exists() or self._path(model).exists()

    def halt(self, model: str | None, reason: str) -> None:
        (self._path(model) if model else self._folder / GLOBAL).write_text(reason + "\n", encoding="utf-8")

    def resume(self, model: str | None) -> None:
        """Resuming everything also resumes each model."""
        if model:
            self._path(model).unlink(missing_ok=True)
            return
        for path in self._folder.glob(f"{GLOBAL}*"):
            path.unlink()

    def _path(self, model: str) -> Path:
        return self._folder / f"{GLOBAL}-{model}"
