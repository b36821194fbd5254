"""Settings of the notifier."""

import re
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from common.events import AlertSeverity
from common.runtime.outside.urls import HttpUrl
from common.runtime.settings import ServiceSettings
from notifier.domain.notices import NoticeKind
from notifier.outside.apprise_targets import unreadable_target

SEPARATOR = re.compile(r"[\s,]+(?=[a-z0-9+]+://)|\s+")


class NotifierSettings(ServiceSettings):
    """`notify_urls` are addresses as Apprise writes them, by blanks or commas; without any nothing is sent.

    `notify_about` is a comma list of what is sent. `notify_link` is the dashboard's address as its readers reach it.
    `deadman_url` is asked for (GET) once a minute while all is well; who waits for it there raises the alarm.
    `certificate_url` is the page's https address, whose certificate's end is watched.
    """

    notify_urls: SecretStr = SecretStr("")
    notify_about: str = ",".join(NoticeKind)
    notify_language: Literal["zh", "en"] = "en"
    notify_least_severity: AlertSeverity = AlertSeverity.WARNING
    notify_messages_per_hour: int = Field(60, ge=1, le=3_600)
    notify_link: HttpUrl | None = None
    deadman_url: SecretStr | None = None
    certificate_url: HttpUrl | None = None

    @field_validator("notify_about")
    @classmethod
    def _are_kinds(cls, value: str) -> str:
        known = ", ".join(NoticeKind)
        for name in filter(None, map(str.strip, value.split(","))):
            if name not in tuple(NoticeKind):
                raise ValueError(f"{name[:40]!r} is unknown; name some of {known}")
        return value

    @field_validator("notify_urls")
    @classmethod
    def _can_be_read(cls, value: SecretStr) -> SecretStr:
        """An address that Apprise can't read would be left out, and its owner would hear nothing."""
        for place, target in enumerate(_split(value), 1):
            if problem := unreadable_target(target):
                raise ValueError(f"address {place}: {problem}")
        return value

    @field_validator("deadman_url")
    @classmethod
    def _is_http(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.match(r"https?://[^/\s]+\S*$", value.get_secret_value()):
            raise ValueError("can't be read; it must be the http(s) address that the watching service gave you")
        return value

    @field_validator("certificate_url")
    @classmethod
    def _is_https(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("https://"):
            raise ValueError("must be an https address: others have no certificate")
        return value

    @property
    def targets(self) -> tuple[str, ...]:
        """The addresses, one by one."""
        return _split(self.notify_urls)

    @property
    def kinds(self) -> frozenset[NoticeKind]:
        return frozenset(NoticeKind(name.strip()) for name in self.notify_about.split(",") if name.strip())


def _split(value: SecretStr) -> tuple[str, ...]:
    """A comma may stand inside an address, so that only one before the next address, or a blank, separates."""
    return tuple(filter(None, SEPARATOR.split(value.get_secret_value().strip())))
