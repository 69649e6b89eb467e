"""Running a statement as cheaply as the driver allows: bound on the server and prepared, one round trip.

Django's own cursor pastes values into the text, so the server plans every statement anew; the statements of this
engine are long, and planning them costs more than running them. When somebody counts or logs queries, or wraps
them, Django's cursor is used, so nothing is hidden from a test or a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Loader
from psycopg.types.numeric import Int8Dumper


class _Json(Loader):
    def load(self, data: Buffer) -> Any:
        """Return the value of a JSON column."""
        return orjson.loads(data)


_ADAPTERS = AdaptersMap(psycopg.adapters)
_ADAPTERS.register_dumper(
    int, Int8Dumper
)  # every whole number is a bigint: one plan a statement, not one a size
_ADAPTERS.register_loader("json", _Json)
_ADAPTERS.register_loader("jsonb", _Json)

_numbered: dict[str, bytes] = {}


def rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, [] if it gives none. Database errors are Django's."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as counted:
            counted.execute(statement, params)
            return list(counted.fetchall()) if counted.description else []
    connection.validate_no_broken_transaction()
    raw = connection.connection
    cursor = psycopg.RawCursor(raw)
    cursor._adapters = _ADAPTERS
    threshold, raw.prepare_threshold = raw.prepare_threshold, 1
    try:
        with connection.wrap_database_errors:
            cursor.execute(_numbered.get(statement) or _number(statement), params)
            result = cursor.pgresult
            return cursor.fetchall() if result is not None and result.nfields else []
    finally:
        raw.prepare_threshold = threshold
        cursor.close()


def _number(statement: str) -> bytes:
    """Return the statement with its places numbered, as the server wants them; remembered, for texts are few."""
    first, *rest = statement.split("%s")
    text = first + "".join(f"${place}{part}" for place, part in enumerate(rest, 1))
    if len(_numbered) > 1000:
        _numbered.clear()
    return _numbered.setdefault(statement, text.encode())


def json(value: Any) -> str:
    """Return a value as the text of a JSON parameter."""
    return orjson.dumps(value).decode()
