"""Each rule of the tidy test finds what it forbids, and nothing in code that keeps it."""

import pytest
from tidy.dead import find_dead_names
from tidy.forms import find_star_displays, find_untyped_parts
from tidy.glossary import HEADING, BannedWord, banned_words, parse_glossary
from tidy.shape import (
    find_complex_functions,
    find_full_folders,
    find_long_functions,
    find_long_modules,
    find_long_test_names,
    find_wide_markdown,
)
from tidy.sources import Finding, Rule, Source, read_sources
from tidy.structure import find_crowded_packages, find_import_circles
from tidy.words import find_banned_words

PATH = "services/risk/risk/example.py"


def found(rule: Rule, text: str, path: str = PATH) -> list[Finding]:
    return list(rule([Source(path, text)]))


def words(text: str, *banned: BannedWord, path: str = PATH) -> list[int]:
    """The lines in which a banned word is found."""
    return [finding.line for finding in find_banned_words([Source(path, text)], banned)]


ZORK = BannedWord("zork", "term", "everywhere", ("zork oil",))
SNARK = BannedWord("snark", "term", "names", ())
BOOJUM = BannedWord("Boojum", "term", "exact", ())


@pytest.mark.parametrize("word", banned_words(), ids=lambda word: word.word)
def test_every_word_of_the_glossary_is_found(word: BannedWord) -> None:
    name = word.word.replace(" ", "_")
    assert words(f"class {name}: ...\n", word) == [1]
    assert words(f'"""About {word.word} here."""\n', word) == ([1] if word.scope == "everywhere" else [])


@pytest.mark.parametrize(
    "text",
    [
        '"""A docstring\n\nwith a zork."""\n',
        "\n\nVALUE = 1  # the zork\n",
        "\n\nlog.info('the zork ended', reason='')\n",
        "\n\nraise ValueError(f'the zork of {name}')\n",
        "\n\ndef zork_of() -> None: ...\n",
        "\n\nclass ZorkState: ...\n",
        "\n\nself._zork = 1\n",
        "\n\ndef send(zork: int) -> None: ...\n",
        "\n\nfrom a import b as zork\n",
    ],
)
def test_a_word_is_found_in_prose_and_in_names(text: str) -> None:
    assert words(text, ZORK) == [3]


def test_a_word_is_found_in_scripts_documents_and_file_names() -> None:
    assert words("const total = 1;\n// a zork\n", ZORK, path="services/gateway/web/src/a.ts") == [2]
    assert words("const snark = 1;\n// a snark\n", SNARK, path="services/gateway/web/src/a.ts") == [1]
    assert words("type Boojum = 1;\n", BOOJUM, path="services/gateway/web/src/a.ts") == []
    assert words("# Title\n\nA zork.\n", ZORK, path="docs/page.md") == [3]
    assert words("", ZORK, path="services/risk/risk/zork_state.py") == [1]


def test_a_word_in_an_allowed_phrase_or_another_word_is_left_alone() -> None:
    assert words("# zork oil, zorkmid\nzorks = 1\n", ZORK) == []
    assert words("# the snark, the Boojum\nboojum = 1\n", SNARK, BOOJUM) == []
    assert words("client = connect(zork=True)\nprint(client.zork)\n", ZORK) == []


def test_what_can_no_longer_change_is_not_searched() -> None:
    assert words("-- a zork\n", ZORK, path="services/risk/risk/migrations/0001_state.sql") == []
    assert words("-- a zork\n", ZORK, path="services/risk/risk/views/state.sql") == [1]


@pytest.mark.parametrize("row", ["| a | b | here | |", "| a | b | names |"])
def test_a_malformed_row_of_the_glossary_is_refused(row: str) -> None:
    with pytest.raises(ValueError, match="not a row"):
        list(parse_glossary(f"{HEADING}\n\n{row}\n"))


@pytest.mark.parametrize(
    ("text", "dead"),
    [
        ("LIMIT = 1\n", "constant LIMIT"),
        ("LIMIT: int = 1\n", "constant LIMIT"),
        ("def close(): ...\n", "function close"),
        ("class State: ...\n", "class State"),
        ("__all__ = ['close']\ndef close(): ...\n", "function close"),
        ("def close():\n    close()\n", "function close"),
        ("class State:\n    def close(self): ...\nState\n", "function of State: close"),
        ("@dataclass\nclass State:\n    size: int\nState(size=1)\n", "field of State: size"),
    ],
)
def test_a_name_that_nothing_refers_to_is_dead(text: str, dead: str) -> None:
    assert [finding.message for finding in found(find_dead_names, text)] == [dead]


@pytest.mark.parametrize(
    "text",
    [
        "LIMIT = 1\nprint(LIMIT)\n",
        "@app.get('/')\ndef close(): ...\n",
        "class Closing(asyncio.Protocol):\n    def close(self): ...\nClosing\n",
        "def close(): ...\ngetattr(module, 'close')\n",
        "class State(BaseModel):\n    size: int\nState\n",
        "def main(): ...\n",
    ],
)
def test_a_name_that_is_used_or_registered_is_alive(text: str) -> None:
    assert found(find_dead_names, text) == []


def test_a_use_in_another_file_keeps_a_name_alive() -> None:
    sources = [Source(PATH, "def close(): ...\n"), Source("pyproject.toml", 'run = "risk.example:close"\n')]
    assert list(find_dead_names(sources)) == []


def branches(count: int) -> str:
    return "def act(x):\n" + "".join(f"    if x == {number}: return\n" for number in range(count))


def test_a_function_of_too_many_branches_is_found() -> None:
    assert found(find_complex_functions, branches(14)) == []
    assert len(found(find_complex_functions, branches(15))) == 1
    chained = "def act(x):\n    return " + " or ".join(f"x == {number}" for number in range(16)) + "\n"
    assert len(found(find_complex_functions, chained)) == 1


def test_a_function_module_or_folder_that_is_too_large_is_found() -> None:
    assert found(find_long_functions, "def act():\n" + "    x = 1\n" * 69) == []
    assert len(found(find_long_functions, "def act():\n" + "    x = 1\n" * 70)) == 1
    assert found(find_long_modules, "x = 1\n" * 350) == []
    assert len(found(find_long_modules, "x = 1\n" * 351)) == 1
    assert len(found(find_long_modules, "\n" * 351, "services/gateway/web/src/a.tsx")) == 1
    assert found(find_long_modules, "\n" * 351, "services/gateway/web/src/a.gen.ts") == []
    folder = [Source(f"services/risk/risk/m{number}.py", "") for number in range(12)]
    tests = [Source(f"services/risk/risk/test_{number}.py", "") for number in range(12)]
    assert list(find_full_folders([*folder, *tests])) == []
    assert len(list(find_full_folders([*folder, Source(PATH, "")]))) == 1


def test_a_package_with_too_many_entries_is_found() -> None:
    modules = [Source(f"services/risk/risk/m{number}.py", "") for number in range(7)]
    room = [Source(f"services/risk/risk/gate/m{number}.py", "") for number in range(5)]
    inits = [Source("services/risk/risk/__init__.py", "")]
    assert list(find_crowded_packages([*modules, *room, *inits])) == []
    assert len(list(find_crowded_packages([*modules, *room, *inits, Source(PATH, "")]))) == 1


def test_the_launcher_may_have_eight_entries_beside_its_command() -> None:
    entries = [Source(f"deploy/local/aicoin_local/{name}.py", "") for name in ("cli", *"abcdefgh")]
    assert list(find_crowded_packages(entries)) == []
    assert len(list(find_crowded_packages([*entries, Source("deploy/local/aicoin_local/i.py", "")]))) == 1


def circles(**modules: str) -> list[str]:
    """The circles among modules of `risk`, by name and text."""
    sources = [Source(f"services/risk/risk/{name.replace('__', '/')}.py", text) for name, text in modules.items()]
    return [finding.message for finding in find_import_circles(sources)]


@pytest.mark.parametrize(
    "text", ["import risk.a", "from risk.a import X", "from risk import a", "def act():\n    from risk.a import X"]
)
def test_modules_that_import_each_other_are_found(text: str) -> None:
    assert circles(a="from risk.b import Y\n", b=text + "\n") != []
    assert circles(a="from risk.b import Y\n", b="from risk.c import Z\n", c=text + "\n") != []


def test_relative_imports_count_in_a_circle() -> None:
    assert circles(a="from .gate.b import Y\n", gate__b="from ..a import X\n") != []


def test_modules_that_import_downwards_are_left_alone() -> None:
    assert circles(a="from risk import b, c\nimport os\n", b="from risk.c import Z\n", c="import asyncio\n") == []


def test_a_test_name_that_is_too_long_is_found() -> None:
    assert found(find_long_test_names, f"def test_{'a' * 65}(): ...\n") == []
    assert len(found(find_long_test_names, f"async def test_{'a' * 66}(): ...\n")) == 1


def test_markdown_that_is_too_wide_is_found() -> None:
    page, wide = "docs/page.md", "word " * 30
    assert len(found(find_wide_markdown, f"{wide}\n", page)) == 1
    for allowed in (f"| {wide} |", f"```\n{wide}\n```", f"- [page](https://example.org/{'a' * 120})"):
        assert found(find_wide_markdown, f"{allowed}\n", page) == []


@pytest.mark.parametrize("text", ["act(*(a, b), c)\n", "x = [*(1, 2), 3]\n", "x = {*[a, b]}\n"])
def test_an_unpacked_display_is_found(text: str) -> None:
    assert len(found(find_star_displays, text)) == 1


def test_an_unpacked_name_or_comprehension_is_left_alone() -> None:
    assert found(find_star_displays, "act(*parts, *(x for x in parts))\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "def act(log: Any): ...\n",
        "class A:\n    redis: Any\n",
        "self._redis: Any = x\n",
        "def redis(self) -> Any: ...\n",
    ],
)
def test_a_part_without_a_type_is_found(text: str) -> None:
    assert len(found(find_untyped_parts, text)) == 1


def test_the_whole_tree_is_read() -> None:
    paths = {source.path for source in read_sources()}
    assert {"README.md", "Makefile", "docs/glossary.md", "libs/common/common/events/catalog.py"} <= paths
    assert not any("node_modules" in path or "/dist/" in path for path in paths)
