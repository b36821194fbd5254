"""How tests are spread over workers: tests of arenas in two groups, others by file, long groups first."""

from pathlib import Path

from parallel import (
    BROWSER_TESTS_WITHOUT_ARENA,
    OWN_ARENAS,
    SHARED_ARENA,
    USERS_OF_SHARED_ARENA,
    group_of,
    start_place,
)

ROOT = Path(__file__).parents[3]


def test_tests_of_the_shared_arena_are_one_group() -> None:
    assert group_of("tests/browser/test_pages.py::test_x[live]") == SHARED_ARENA
    assert {group_of(f"{path}::test_x") for path in USERS_OF_SHARED_ARENA} == {SHARED_ARENA}
    assert all((ROOT / path).is_file() for path in USERS_OF_SHARED_ARENA)


def test_tests_with_own_arenas_are_one_group() -> None:
    assert group_of("tests/system/test_crash_sweep.py::test_x") == OWN_ARENAS
    assert group_of("tests/system/test_roster.py::test_x") == OWN_ARENAS


def test_browser_tests_are_grouped_by_whether_they_use_the_arena() -> None:
    for path in (ROOT / "tests" / "browser").glob("test_*.py"):
        uses_arena = "arena: Arena" in path.read_text(encoding="utf-8")
        node_id = f"tests/browser/{path.name}::test_x"
        assert (group_of(node_id) == SHARED_ARENA) == uses_arena, path.name
        assert (f"tests/browser/{path.name}" in BROWSER_TESTS_WITHOUT_ARENA) != uses_arena, path.name


def test_other_tests_are_grouped_by_file() -> None:
    assert group_of("tests/unit/risk/test_x.py::TestY::test_z[a::b]") == "tests/unit/risk/test_x.py"


def test_long_groups_begin_first() -> None:
    files = ["unit/a.py", "contract/b.py", "system/test_crash_sweep.py", "unit/c.py", "browser/d.py", "new/e.py"]
    ids = [f"tests/{file}::test_x" for file in files]
    assert [each.removeprefix("tests/").partition("::")[0] for each in sorted(ids, key=start_place)] == [
        "browser/d.py",
        "system/test_crash_sweep.py",
        "contract/b.py",
        "unit/a.py",
        "unit/c.py",
        "new/e.py",
    ]
