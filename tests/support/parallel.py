"""How the suite is spread over pytest-xdist's workers: what shares a costly fixture stays together, the longest first.

Every worker has stores of its own (session fixtures are per worker). Two things remain to be arranged. The running
arena is one per session, so all tests that use it form one group and run on one worker; tests that start arenas of
their own form a second one, so that no more than two arenas run at a time. And a group that takes minutes has to begin
at once: begun last, it would run alone while the other workers idle.
"""

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED_ARENA = "shared arena"
OWN_ARENAS = "own arenas"
USERS_OF_SHARED_ARENA = ("tests/system/test_arena.py", "tests/system/test_canary.py")
BROWSER_TESTS_WITHOUT_ARENA = (
    "tests/browser/test_duel.py",
    "tests/browser/test_replay.py",
    "tests/browser/test_roster.py",
    "tests/browser/test_trades.py",
)
ORDER = (SHARED_ARENA, OWN_ARENAS, "recipes", "browser", "property", "simulation", "contract", "unit", "architecture")
"""Groups and folders by when they begin: minutes of waiting, minutes of computing, and many short files to fill up."""


def group_of(node_id: str) -> str:
    """The group of a test: one of the two groups of arenas, or its own file."""
    path = node_id.partition("::")[0]
    folder = _folder(path)
    if path in USERS_OF_SHARED_ARENA or (folder == "browser" and path not in BROWSER_TESTS_WITHOUT_ARENA):
        return SHARED_ARENA
    return OWN_ARENAS if folder == "system" else path


def start_place(node_id: str) -> int:
    """Sorts tests by when their group begins; equal places keep the order of collection."""
    group = group_of(node_id)
    place = group if group in ORDER else _folder(group)
    return ORDER.index(place) if place in ORDER else len(ORDER)


def _folder(path: str) -> str:
    """The folder of tests/ in which a file lies."""
    parts = PurePosixPath(path).parts
    return parts[1] if len(parts) > 1 else ""


class GroupScheduling(LoadScopeScheduling):
    """Gives each worker a whole group at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def sort_for_workers(items: list[pytest.Item]) -> None:
    """The longest groups first."""
    items.sort(key=lambda item: start_place(item.nodeid))
