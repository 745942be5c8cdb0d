"""Logs are lines on stderr, for people on a terminal, JSON elsewhere; stdout is for results alone."""

import logging
import sys
from typing import Any

import structlog

ROOMS = ("core", "db", "collector", "classifier", "alerts", "exports", "api", "kle")


def configure(level: str) -> None:
    """One form for the lines of our rooms and for those of libraries, which speak only from `warning` on."""
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_ending()))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for library in ("apscheduler", "stamina", "trafilatura"):  # a tick still at work, a second try, a bare page
        logging.getLogger(library).setLevel(logging.ERROR)
    for room in ROOMS:
        logging.getLogger(room).setLevel(level.upper())


def _ending() -> list[Any]:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if sys.stderr.isatty():
        return [
            plain,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
    return [plain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
