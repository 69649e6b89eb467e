"""Reading versions from their tables, and writing what is checked about them as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from django.db import connection

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.text import T, from_json

from .kinds import Finding, Outcome
from .views import DefinitionView, VersionView

LARGEST_ID = 2**63 - 1
DEFINITION = "d.id, d.kind, d.key, d.title_zh, d.title_en, d.organisation_id, d.region"
_COLUMNS = (
    f"{DEFINITION}, v.id, v.number, v.state, {{content}}, v.sha256, v.based_on_id, b.number, v.note, v.made_label,"
    " v.made_at, v.changed_label, v.changed_at, v.touched, v.decided_by, v.decided_label, v.decided_at, v.reason,"
    " v.effective_from, v.lock, v.findings::text, v.outcomes::text"
)
_FROM = (
    " FROM definitions_version v JOIN definitions_definition d ON d.id = v.definition_id"
    " LEFT JOIN definitions_version b ON b.id = v.based_on_id"
)
WHOLE = f"SELECT {_COLUMNS.format(content='v.content')}{_FROM}"
LISTED = f"SELECT {_COLUMNS.format(content=chr(39) * 2)}{_FROM}"


def rows(sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows, none if it gives none."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall()) if cursor.description else []


def definition_of(row: Sequence[Any]) -> DefinitionView:
    """Return the definition that a row of DEFINITION stands for."""
    id, kind, key, zh, en, organisation, region = row
    return DefinitionView(id, kind, key, T(zh, en), organisation, region)


def version_of(row: Sequence[Any]) -> VersionView:
    """Return the version that a row of WHOLE or LISTED stands for."""
    findings, outcomes = row[26:]
    values: list[Any] = [
        row[7],
        definition_of(row[:7]),
        *row[8:19],
        tuple(row[19]),
        *row[20:26],
        tuple(Finding(one["level"], one["place"], from_json(one["words"])) for one in orjson.loads(findings)),
        tuple(
            Outcome(**{**one, "title": from_json(one["title"]), "words": from_json(one["words"])})
            for one in orjson.loads(outcomes)
        ),
    ]
    return VersionView(*values)


def one_version(id: int, *, lock: bool = False) -> VersionView:
    """Return a version with its content; `lock` holds it for this transaction. Raises Missing."""
    found = (
        rows(f"{WHOLE} WHERE v.id = %s{' FOR UPDATE OF v' if lock else ''}", (id,))
        if 0 < id <= LARGEST_ID
        else []
    )
    if not found:
        raise Missing(T("没有这个版本", "There is no such version"))
    return version_of(found[0])


def one_definition(kind: str, key: str, *, lock: bool = False) -> DefinitionView:
    """Return a definition. Raises Missing."""
    found = (
        []
        if "\0" in kind + key
        else rows(
            f"SELECT {DEFINITION} FROM definitions_definition d WHERE d.kind = %s AND d.key = %s"  # noqa: S608
            + (" FOR UPDATE" if lock else ""),
            (kind, key),
        )
    )
    if not found:
        raise Missing(T("没有这个定义", "There is no such definition"))
    return definition_of(found[0])


def findings_json(found: Iterable[Finding]) -> str:
    """Return findings as they are kept."""
    return _json(found)


def outcomes_json(found: Iterable[Outcome]) -> str:
    """Return outcomes as they are kept."""
    return _json(found)


def _json(found: Iterable[Any]) -> str:
    text = orjson.dumps([asdict(one) for one in found]).decode()
    return text.replace("\\u0000", "\\ufffd")  # what jsonb cannot hold
