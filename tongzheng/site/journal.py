"""The program's log on standard error: one JSON object a line, or plain lines when a person reads at a terminal.

Every line carries the id of the request it belongs to.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("tongzheng_request_id", default="")


class JsonLines(logging.Formatter):
    """Formats a record as JSON. Values given as `extra={"data": {...}}` become fields of the line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "log": record.name,
            "message": record.getMessage(),
        }
        if found := request_id.get():
            line["request_id"] = found
        data = getattr(record, "data", None)
        if isinstance(data, dict):
            line.update(data)
        if record.exc_info:
            line["trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """Formats a record for a person: time, level, where, what, then the values."""

    def format(self, record: logging.LogRecord) -> str:
        data = getattr(record, "data", None) or {}
        values = " ".join(f"{key}={value}" for key, value in data.items() if value not in (None, ""))
        found = request_id.get()
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower():<7} {record.name.removeprefix('tongzheng.')}"
        line = f"{line}: {record.getMessage()} {values}{f' [{found[:8]}]' if found else ''}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure() -> None:
    """Send the log to standard error, once, unless the operator has configured logging already."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PlainLines() if sys.stderr.isatty() else JsonLines())
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("tongzheng").setLevel(logging.INFO)
    # While the database is away the pool would say so many times a second; whoever needs it says so once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    # Django repeats what `requests` and `faults` already say, without the request id.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
