"""The halt files: they stop entries with neither Redis nor PostgreSQL, and outlive restarts."""

from pathlib import Path
from typing import Final

NAME: Final = "halt"


class HaltFiles:
    """`halt` in the executor's data folder halts every account, `halt-<contender>` one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._global = folder, folder / NAME
        self._paths: dict[str, Path] = {}

    def is_halted(self, model: str) -> bool:
        """Whether the account may not enter; read before each send."""
        return self._global.exists() or self._path_of(model).exists()

    def halt(self, model: str | None, reason: str) -> None:
        """Halts one account, or all for None."""
        (self._path_of(model) if model else self._global).write_text(reason + "\n", encoding="utf-8")

    def resume(self, model: str | None) -> None:
        """Ends one account's halt; for None every halt."""
        if model:
            self._path_of(model).unlink(missing_ok=True)
            return
        for path in self._folder.glob(f"{NAME}*"):
            path.unlink()

    def _path_of(self, model: str) -> Path:
        """Kept once made: a send has no time to put paths together."""
        path = self._paths.get(model)
        if path is None:
            path = self._paths[model] = self._folder / f"{NAME}-{model}"
        return path
