"""Log set-up: structured lines on standard error, and the removal of secrets from every one of them."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Final

import structlog

_HIDDEN: Final = "•••"

# Names under which a secret could travel, and the forms that keys of our sources and our own keys have.
_SECRET_NAMES: Final = frozenset(
    {"authorization", "x-apikey", "key", "x-openrouter-key", "x-vt-key", "x-abuseipdb-key", "x-polyswarm-key", "cookie"}
)
_SECRET_TEXT: Final = re.compile(
    r"(?i)\b(?:bearer\s+|api-key\s+)[^\s'\",;]+|\bsk-[a-z0-9_-]{8,}|\b(?:cv|cbr)_(?:live|test|read)_[a-z0-9_]{8,}"
    r"|(?<=[?&])(?:key|apikey|api_key|token)=[^&\s]+"
)


def without_secrets(text: str) -> str:
    """`text` with everything that looks like a key replaced."""
    return _SECRET_TEXT.sub(_HIDDEN, text)


def _remove_secrets(_logger: object, _method: str, entry: MutableMapping[str, object]) -> MutableMapping[str, object]:
    for name, value in entry.items():
        if name.lower() in _SECRET_NAMES:
            entry[name] = _HIDDEN
        elif isinstance(value, str):
            entry[name] = without_secrets(value)
    return entry


class _NoSecrets(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True


def set_up_logs(level: str, *, as_json: bool | None = None) -> None:
    """Send structured lines to standard error: for people on a terminal, JSON otherwise."""
    for_machines = not sys.stderr.isatty() if as_json is None else as_json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _remove_secrets,
            structlog.processors.JSONRenderer(ensure_ascii=False)
            if for_machines
            else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_NoSecrets())
    logging.basicConfig(level=level, handlers=[handler], force=True)
