"""Recipes are read from a page and applied to files; what can't be read or placed is refused."""

from pathlib import Path

import pytest
from recipes import RecipeError, Step, read_recipe

PAGE = """# Recipes

## A thing

Some prose.

1. `one.py` – before ``a `tick` ``:

   ```python
       first

       second
   ```

   `one.py` – at the end:

   ```python
   third
   ```

2. `two.txt` – new:

   ```text
   text
   ```

## Another

1. `one.py` – somewhere:

   ```python
   lost
   ```
"""


def test_a_recipe_is_read_with_its_places_and_indentation() -> None:
    assert read_recipe(PAGE, "A thing") == [
        Step("one.py", "before", "a `tick`", "    first\n\n    second\n"),
        Step("one.py", "at the end", "", "third\n"),
        Step("two.txt", "new", "", "text\n"),
    ]


@pytest.mark.parametrize(("title", "message"), [("Another", "0 steps for 1 blocks"), ("None", "no recipe")])
def test_a_block_without_a_place_or_an_unknown_recipe_is_refused(title: str, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        read_recipe(PAGE, title)


@pytest.mark.parametrize(
    ("place", "line", "result"),
    [
        ("before", "b", "a\nX\n  b\nc\n"),
        ("after", "b", "a\n  b\nX\nc\n"),
        ("in place of", "b", "a\nX\nc\n"),
        ("at the end", "", "a\n  b\nc\nX\n"),
    ],
)
def test_a_step_edits_at_its_place(tmp_path: Path, place: str, line: str, result: str) -> None:
    (tmp_path / "file").write_text("a\n  b\nc\n")
    Step("file", place, line, "X\n").apply(tmp_path)
    assert (tmp_path / "file").read_text() == result


@pytest.mark.parametrize(
    ("path", "place", "line", "message"),
    [
        ("file", "before", "z", "0 lines begin with z"),
        ("file", "before", "a", "2 lines begin with a"),
        ("file", "new", "", "exists already"),
        ("other", "at the end", "", "does not exist"),
    ],
)
def test_a_place_that_is_not_there_once_is_refused(
    tmp_path: Path, path: str, place: str, line: str, message: str
) -> None:
    (tmp_path / "file").write_text("a\na b\n")
    with pytest.raises(RecipeError, match=message):
        Step(path, place, line, "X\n").apply(tmp_path)
