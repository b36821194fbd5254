"""The halt file: stops entries with neither Redis nor PostgreSQL; only `resume` removes it."""

from pathlib import Path

from common.trading.symbols import MODELS

GLOBAL = "halt"


class HaltFile:
    """`halt` in the executor's data folder halts everything, `halt-<model>` one model."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._global = folder, folder / GLOBAL
        self._of = {model: folder / f"{GLOBAL}-{model}" for model in MODELS}

    def is_halted(self, model: str) -> bool:
        """Looked for twice before each entry: the paths are there already."""
        return self._global.exists() or self._of[model].exists()

    def halt(self, model: str | None, reason: str) -> None:
        (self._of[model] if model else self._global).write_text(reason + "\n", encoding="utf-8")

    def resume(self, model: str | None) -> None:
        """Resuming everything also resumes each model."""
        if model:
            self._of[model].unlink(missing_ok=True)
            return
        for path in self._folder.glob(f"{GLOBAL}*"):
            path.unlink()
