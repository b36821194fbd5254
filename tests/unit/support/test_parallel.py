"""How tests are spread over workers: tests of the running arena together, files together, long groups first."""

from pathlib import Path

from parallel import ARENA, LONG_GROUPS, group_of, start_place

TESTS = Path(__file__).parents[2]


def test_tests_of_the_arena_are_one_group() -> None:
    assert group_of("tests/browser/test_pages.py::test_x[live]") == ARENA
    assert group_of("tests/system/test_arena.py::test_x") == ARENA
    assert group_of("tests/system/test_crash_sweep.py::test_x") != ARENA


def test_other_tests_are_grouped_by_file() -> None:
    assert group_of("tests/unit/risk/test_x.py::TestY::test_z[a::b]") == "tests/unit/risk/test_x.py"


def test_long_groups_begin_first() -> None:
    ids = [
        "tests/browser/c.py::t",
        "tests/unit/a.py::t",
        "tests/contract/b.py::t",
        "tests/system/test_crash_sweep.py::t",
    ]
    assert [node_id.partition("::")[0] for node_id in sorted(ids, key=start_place)] == [
        "tests/browser/c.py",
        "tests/system/test_crash_sweep.py",
        "tests/contract/b.py",
        "tests/unit/a.py",
    ]


def test_long_groups_exist() -> None:
    assert [group for group in LONG_GROUPS if group != ARENA and not (TESTS.parent / group).is_file()] == []
