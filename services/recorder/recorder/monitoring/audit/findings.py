"""What an audit finds. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

MAX_FINDINGS: Final = 1_000
"""Kept of one audit; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: where it is (`sequence` and `cycle_id` where they are known), in which column or text, and what."""

    chain: str
    sequence: int | None
    cycle_id: str | None
    place: str
    fault: str

    def __str__(self) -> str:
        link = "" if self.sequence is None else f" link {self.sequence}"
        cycle = "" if self.cycle_id is None else f", cycle {self.cycle_id}"
        return f"{self.chain}{link}{cycle}: {self.place}: {self.fault}"


@dataclass(slots=True)
class Report:
    """The result of an audit. What is not kept was dropped as the record itself says; it is no fault."""

    links: int = 0
    rows: int = 0
    texts: int = 0
    rows_not_kept: int = 0
    texts_not_kept: int = 0
    faults: int = 0
    findings: list[Finding] = field(default_factory=list)
    heads: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    on_finding: Callable[[Finding], None] = lambda finding: None
    on_progress: Callable[[str, int, int], None] = lambda chain, sequence, last: None
    """Called with a chain, the link reached in it, and its last one."""

    def add(self, chain: str, sequence: int | None, cycle_id: str | None, place: str, fault: str) -> None:
        finding = Finding(chain, sequence, cycle_id, place, fault)
        self.faults += 1
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
            self.on_finding(finding)
