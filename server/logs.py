"""JSON logs, one line per event, with the request's id. Secrets have no place in them."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# Whatever a caller passes under such a name is not written down.
_SECRETS: Final = ("token", "cookie", "authorization", "secret", "password", "credential", "headers", "query")
_SHARED: Final[list[Any]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: values under telling names become `***`."""
    for name in event:
        if any(secret in name.lower() for secret in _SECRETS):
            event[name] = "***"
    return event


def set_up(level: int = logging.INFO) -> None:
    """Send our events and those of the libraries to standard error as JSON. Called once per process."""
    last: list[Any] = [structlog.processors.format_exc_info, hide_secrets, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.stdlib.add_logger_name, *_SHARED,
                    structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )  # fmt: skip
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line per connection and per request of theirs would drown ours; aioice's tell where people are.
    for name in ("uvicorn.error", "uvicorn.access", "websockets", "alembic", "stripe", "httpx", "aioice", "aiortc"):
        logging.getLogger(name).setLevel(logging.WARNING)
