"""Logs: one JSON object a line on stdout, with the service and, inside a handler, the cycle."""

import logging
import sys
from collections import deque
from typing import Any, Final

import structlog
from structlog.typing import EventDict, FilteringBoundLogger

LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO, "WARNING": logging.WARNING, "ERROR": logging.ERROR}

KEPT_LINES: Final = 20
MAX_LINE_CHARS: Final = 1_000
latest_lines: Final[deque[str]] = deque(maxlen=KEPT_LINES)
"""The last lines of this process, the newest last; of a long one the beginning, which then is no JSON."""

_render: Final = structlog.processors.JSONRenderer()


def render_and_keep(logger: object, method: str, event: EventDict) -> str | bytes:
    """A line as JSON, which is kept among the latest ones too."""
    line = _render(logger, method, event)
    latest_lines.append(str(line)[:MAX_LINE_CHARS])
    return line


def configure_logs(service: str, level: str) -> FilteringBoundLogger:
    """Configures structlog, and routes the libraries' standard logging through the same renderer."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, render_and_keep],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, render_and_keep],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(service=service)
    log: FilteringBoundLogger = structlog.get_logger()
    return log
