"""How the suite is spread over pytest-xdist's workers: what shares a costly fixture stays together, the longest first.

Every worker has stores of its own (session fixtures are per worker). Two things remain to be arranged. The running
arena is one per session, so all tests that use it form one group and run on one worker. And a group that takes minutes
has to begin at once: begun last, it would run alone while the other workers idle.
"""

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

ARENA = "arena"
LONG_GROUPS = (
    ARENA,
    "tests/system/test_crash_sweep.py",
    "tests/system/test_roster.py",
    "tests/contract/test_executor_trading.py",
    "tests/property/test_risk_exchange_state.py",
    "tests/property/test_simulator_properties.py",
)
"""Groups that take a minute or more, longest first."""
FOLDERS = ("browser", "contract", "property", "simulation", "system", "unit", "architecture")
"""The order of the rest: what waits on processes and sockets before what only computes."""


def group_of(node_id: str) -> str:
    """The group of a test: the shared arena, or its own file."""
    path, _, _ = node_id.partition("::")
    parts = PurePosixPath(path).parts
    shares_arena = parts[1:2] == ("browser",) or path in ("tests/system/test_arena.py", "tests/system/test_canary.py")
    return ARENA if shares_arena else path


def start_place(node_id: str) -> tuple[int, int]:
    """Sorts tests by when their group should begin; equal places keep the order of collection."""
    group = group_of(node_id)
    place = LONG_GROUPS.index(group) if group in LONG_GROUPS else len(LONG_GROUPS)
    folder = PurePosixPath(node_id.partition("::")[0]).parts[1:2]
    return place, FOLDERS.index(folder[0]) if folder and folder[0] in FOLDERS else len(FOLDERS)


class GroupScheduling(LoadScopeScheduling):
    """Gives each worker a whole group at a time."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def sort_for_workers(items: list[pytest.Item]) -> None:
    """The longest groups first."""
    items.sort(key=lambda item: start_place(item.nodeid))
