"""README.TXT of the dashboard, in both languages, from text files."""

from functools import cache
from importlib.resources import files


@cache
def readme_text(lang: str) -> str:
    """The text in `en` or `zh`."""
    return files("gateway").joinpath("texts", f"readme.{lang}.txt").read_text(encoding="utf-8")
