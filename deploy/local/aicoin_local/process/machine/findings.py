"""What a check found, and how it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from rich.console import Console


class Level(StrEnum):
    """How much it matters; a problem keeps an arena from running as it should."""

    GOOD = "ok"
    WARNING = "warning"
    PROBLEM = "PROBLEM"


STYLES = {Level.GOOD: "green", Level.WARNING: "yellow", Level.PROBLEM: "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked; `remedy` says what to do, unless all is well."""

    level: Level
    subject: str
    text: str
    remedy: str = ""


def good(subject: str, text: str) -> Finding:
    return Finding(Level.GOOD, subject, text)


def warning(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.WARNING, subject, text, remedy)


def problem(subject: str, text: str, remedy: str) -> Finding:
    return Finding(Level.PROBLEM, subject, text, remedy)


def print_findings(findings: Iterable[Finding], console: Console) -> int:
    """Prints each as it comes, with what to do below it; the number of problems."""
    problems = 0
    for each in findings:
        problems += each.level is Level.PROBLEM
        style = STYLES[each.level]
        console.print(f"  [{style}]{each.level.value:<8}[/{style}] {each.subject:<12} ", end="")
        console.print(each.text, markup=False)
        if each.remedy:
            console.print(f"{'':24}→ {each.remedy}", markup=False)
    return problems
