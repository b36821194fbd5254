"""All rules by name."""

from tidy.dead import find_dead_names
from tidy.forms import find_star_displays, find_untyped_parts
from tidy.shape import (
    find_complex_functions,
    find_full_folders,
    find_long_functions,
    find_long_modules,
    find_long_test_names,
    find_wide_markdown,
)
from tidy.sources import Rule
from tidy.structure import find_crowded_packages, find_import_circles
from tidy.words import find_banned_words

RULES: dict[str, Rule] = {
    "word": find_banned_words,
    "dead": find_dead_names,
    "complexity": find_complex_functions,
    "function-length": find_long_functions,
    "module-length": find_long_modules,
    "folder": find_full_folders,
    "entries": find_crowded_packages,
    "circle": find_import_circles,
    "markdown": find_wide_markdown,
    "star-display": find_star_displays,
    "untyped": find_untyped_parts,
    "test-name": find_long_test_names,
}
