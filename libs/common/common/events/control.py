"""Commands by people, and alerts to people."""

from enum import StrEnum
from typing import ClassVar

from common.events.envelope import Payload


class Command(StrEnum):
    """halt: no new entries; resume: ends a halt; flatten: halts and closes every position."""

    HALT = "halt"
    RESUME = "resume"
    FLATTEN = "flatten"


class AlertSeverity(StrEnum):
    """critical: act now; warning: check soon; info: nothing to do."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class ControlCommand(Payload):
    """A person's command; `model` None means all of them. `requested_by` names the command line or API it came by."""

    TYPE: ClassVar[str] = "control.command"

    command: Command
    model: str | None
    reason: str
    requested_by: str


class SystemAlert(Payload):
    """Something a person should know: a short code, a sentence, figures by name."""

    TYPE: ClassVar[str] = "system.alert"

    code: str
    severity: AlertSeverity
    service: str
    model: str | None
    message: str
    figures: dict[str, str]
