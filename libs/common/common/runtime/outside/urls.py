"""URLs as settings hold them."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field


def check_http_url(value: str) -> str:
    """The URL, if its host and its port can be read as clients read them. Raises ValueError."""
    try:
        parts = urlsplit(value)
        is_usable = parts.scheme in ("http", "https") and parts.hostname is not None and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or any(character.isspace() for character in value):
        raise ValueError("can't be read; it must be http(s)://host or http(s)://host:port")
    return value


HttpUrl = Annotated[str, AfterValidator(check_http_url)]
HttpOrigin = Annotated[str, Field(pattern=r"^https?://[^/]+$"), AfterValidator(check_http_url)]
"""A URL without a path."""
