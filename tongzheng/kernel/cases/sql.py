"""Running a statement as cheaply as the driver allows: bound on the server and prepared, one round trip.

Django's own cursor pastes values into the text, so the server plans every statement anew; the statements of this
engine are long and planning them costs more than running them. When somebody counts or logs queries, or wraps
them, Django's cursor is used, so nothing is hidden from a test or a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.db import connection
from psycopg.adapt import AdaptersMap
from psycopg.types.numeric import Int8Dumper

_adapters: dict[int, AdaptersMap] = {}


def rows(statement: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, [] if it gives none. Database errors are Django's."""
    connection.ensure_connection()
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(statement, params)
            return list(cursor.fetchall()) if cursor.description else []
    connection.validate_no_broken_transaction()
    raw = connection.connection
    cursor = psycopg.Cursor(raw)
    cursor._adapters = _prepared_adapters(raw)
    threshold, raw.prepare_threshold = raw.prepare_threshold, 1
    try:
        with connection.wrap_database_errors:
            cursor.execute(statement, params)
            return cursor.fetchall() if cursor.description else []
    finally:
        raw.prepare_threshold = threshold
        cursor.close()


def _prepared_adapters(raw: Any) -> AdaptersMap:
    """Return adapters that send every whole number as bigint: one plan a statement, not one a size of number."""
    template = raw.adapters
    found = _adapters.get(id(template))
    if found is None:
        if len(_adapters) > 64:
            _adapters.clear()
        found = AdaptersMap(template)
        found.register_dumper(int, Int8Dumper)
        _adapters[id(template)] = found
    return found
