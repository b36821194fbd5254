"""Logs are one JSON object a line, from structlog and from libraries alike."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from common.runtime.logs import configure_logs


@pytest.fixture(autouse=True)
def _structlog() -> Iterator[None]:
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    yield
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_every_line_is_json_with_service_and_level(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logs("risk", "INFO")
    log.debug("hidden")
    log.warning("lease lost", lease="risk")
    logging.getLogger("library").warning("slow %s", "answer")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("lease lost", "warning"), ("slow answer", "warning")]
    assert {line["service"] for line in lines} == {"risk"}
    assert lines[0]["lease"] == "risk"


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    log = configure_logs("risk", "INFO")
    try:
        raise ValueError("no")
    except ValueError:
        log.exception("handler failed")
    [line] = capsys.readouterr().out.splitlines()
    assert "ValueError: no" in json.loads(line)["exception"]
