"""The file beside the tables: what protects one account's positions when the executor starts without PostgreSQL."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from structlog.typing import FilteringBoundLogger

from common.events import Event, SystemAlert
from common.trading.orders import OrderRole
from executor.domain.intent import Intent
from executor.domain.protection import ProtectiveAction


@dataclass(frozen=True, slots=True)
class SavedMemory:
    """The entries behind what is held, the roles of the open orders that are the arena's, and what the protector has
    done that the tables don't have yet. `account` is environment and address: those of another one mean nothing."""

    account: str
    last_nonce: int = 0
    entries: tuple[Intent, ...] = ()
    roles: dict[str, OrderRole] = field(default_factory=dict)
    actions: tuple[ProtectiveAction, ...] = ()
    alerts: tuple[Event[SystemAlert], ...] = ()


_CONTENT = TypeAdapter(SavedMemory)


class ProtectionFile:
    """One account's file, replaced as a whole. A disk that refuses it is logged once and changes nothing else."""

    def __init__(self, path: Path, account: str, log: FilteringBoundLogger) -> None:
        self._path, self._account, self._log = path, account, log
        self._is_refused = False

    def read(self) -> SavedMemory:
        """The saved memory; an empty one where there is none of this account that can be read."""
        try:
            saved = _CONTENT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return SavedMemory(self._account)
        except (OSError, ValidationError) as error:
            self._log.warning("the protection file can't be read", file=str(self._path), reason=str(error)[:200])
            return SavedMemory(self._account)
        return saved if saved.account == self._account else SavedMemory(self._account)

    def write(self, saved: SavedMemory) -> bool:
        """Whether the file holds it now."""
        unfinished = self._path.with_suffix(".new")
        try:
            unfinished.write_bytes(_CONTENT.dump_json(saved))
            os.replace(unfinished, self._path)
        except OSError as error:
            if not self._is_refused:
                self._log.error("protection is kept in memory only; check EXECUTOR_DATA_DIR", reason=str(error))
            self._is_refused = True
            return False
        self._is_refused = False
        return True
