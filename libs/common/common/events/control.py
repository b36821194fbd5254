"""Commands by people, and alerts to people."""

from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from common.events.envelope import Payload
from common.trading.instruments import Symbol
from common.trading.orders import Side


class Command(StrEnum):
    """halt: no new entries; resume: ends a halt; flatten: halts and closes every position; close: closes one."""

    HALT = "halt"
    RESUME = "resume"
    FLATTEN = "flatten"
    CLOSE = "close"


class AlertSeverity(StrEnum):
    """critical: act now; warning: check soon; info: nothing to do."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class ControlCommand(Payload):
    """A person's command; `model` None means all of them. `requested_by` names the command line or API it came by.

    A CLOSE names the model and the coin (`symbol`) whose position is meant; the other commands leave the coin out. Its
    `side` and `entry_cycle_id` name the very position: one that was opened since stays open. `entry_cycle_id` is empty
    for a position that no entry explains; None names none, as a command from before these fields.
    """

    TYPE: ClassVar[str] = "control.command"

    command: Command
    model: str | None
    reason: str
    requested_by: str
    symbol: Symbol | None = Field(default=None, exclude_if=lambda symbol: symbol is None)
    """Absent on the wire where None: a reader from before CLOSE refuses a field that it doesn't know."""
    side: Side | None = Field(default=None, exclude_if=lambda side: side is None)
    entry_cycle_id: str | None = Field(default=None, exclude_if=lambda entry: entry is None)


class SystemAlert(Payload):
    """Something a person should know: a short code, a sentence, figures by name."""

    TYPE: ClassVar[str] = "system.alert"

    code: str
    severity: AlertSeverity
    service: str
    model: str | None
    message: str
    figures: dict[str, str]
