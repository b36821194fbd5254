"""No banned word in a name, a comment, a docstring, a text of a log, an error or an alert, or a document."""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tidy.glossary import BannedWord, banned_words
from tidy.sources import SCRIPTS, Finding, Source

RULE = "word"
NOT_SEARCHED = {
    "docs/glossary.md": "lists the words",
    "CHANGELOG.md": "names what was renamed",
}
NUMBERED_MIGRATION = re.compile(r"/migrations/\d{4}_[^/]+\.sql$")
"""An applied migration can't be changed any more."""
WORD_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
DECLARED = re.compile(r"\b(?:const|let|var|function|class|interface|type|enum|func)\s+([A-Za-z_]\w*)")


class WordSearch:
    """Looks for banned words; made once for a list of words."""

    def __init__(self, words: Sequence[BannedWord]) -> None:
        self._exact = {each.word: each for each in words if each.scope == "exact"}
        self._in_prose = _Pattern([each for each in words if each.scope == "everywhere"])
        self._in_names = _Pattern([each for each in words if each.scope != "exact"])

    def in_prose(self, text: str) -> Iterator[tuple[int, BannedWord]]:
        """Offset and word of each banned word of a text."""
        return self._in_prose.search(text)

    def in_name(self, name: str, *, is_python: bool = True) -> BannedWord | None:
        """The banned word that a name is (in Python) or has as a part."""
        if is_python and name in self._exact:
            return self._exact[name]
        parts = " ".join(part.lower() for part in WORD_PARTS.findall(name))
        return next((word for _, word in self._in_names.search(parts, name)), None)


class _Pattern:
    def __init__(self, words: Sequence[BannedWord]) -> None:
        self._words = {each.word.lower(): each for each in words}
        self._allowed = [phrase for each in words for phrase in each.allowed]
        longest_first = sorted(self._words, key=len, reverse=True)
        joined = "|".join(re.escape(word).replace(r"\ ", r"[\s#]+") for word in longest_first)
        self._regex = re.compile(rf"\b(?:{joined})\b", re.IGNORECASE) if joined else None

    def search(self, text: str, context: str = "") -> Iterator[tuple[int, BannedWord]]:
        if self._regex is None:
            return
        for phrase in self._allowed:
            if phrase.lower() in (context or text).lower():
                blank = " " * len(phrase)
                text = "" if context else re.sub(re.escape(phrase), blank, text, flags=re.IGNORECASE)
        for match in self._regex.finditer(text):
            yield match.start(), self._words[re.sub(r"[\s#]+", " ", match[0].lower())]


def find_banned_words(sources: list[Source], words: Sequence[BannedWord] | None = None) -> Iterator[Finding]:
    """Every banned word, once a line and place."""
    search = WordSearch(banned_words() if words is None else words)
    for source in sources:
        if source.path in NOT_SEARCHED or NUMBERED_MIGRATION.search(source.path):
            continue
        seen: set[tuple[int, str]] = set()
        for line, word in _hits(source, search):
            if (line, word.word) not in seen:
                seen.add((line, word.word))
                yield source.find(RULE, line, f"“{word.word}”: {word.instead}")


def _hits(source: Source, search: WordSearch) -> Iterator[tuple[int, BannedWord]]:
    if (word := search.in_name(Path(source.path).stem.replace("-", "_"))) is not None:
        yield 1, word
    if source.suffix == ".py":
        for line, name in _defined_names(source.tree):
            if (found := search.in_name(name)) is not None:
                yield line, found
        yield from _prose_hits([*_comments(source), *_strings(source.tree)], search)
        return
    if source.suffix in SCRIPTS:
        for number, text in enumerate(source.lines, 1):
            for name in DECLARED.findall(text):
                if (found := search.in_name(name, is_python=False)) is not None:
                    yield number, found
    yield from _prose_hits([(1, source.text)], search)


def _prose_hits(texts: Iterable[tuple[int, str]], search: WordSearch) -> Iterator[tuple[int, BannedWord]]:
    for first, text in texts:
        for offset, word in search.in_prose(text):
            yield first + text.count("\n", 0, offset), word


def _defined_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _strings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Docstrings and all texts of several words: those of logs, errors, alerts, help and prompts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.lineno, node.value
