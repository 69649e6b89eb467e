"""Whether a document on somebody's table is one that a case issued: for anyone who holds it, nothing personal."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, from_json

from . import flow, sql
from .kinds import CaseType
from .numbers import document_code
from .record import json_of, titles

NOT_OURS = T(
    "没有查到这份文书。请核对核验码；如仍查不到，它可能不是本平台出具的",
    "No such document was found. Check the code; if it still is not found, the document may not be ours",
)


@dataclass(frozen=True, slots=True)
class DocumentCheck:
    """A document as it was issued, and how its case stands since. `newer`: documents issued in the case after it."""

    title: T
    number: str
    at: datetime
    organisation_label: str
    type_title: T
    state_title: T
    phase: str
    newer: tuple[tuple[T, str, datetime], ...]


def verify_document(case: str, n: int, code: str) -> DocumentCheck:
    """Return what event `n` of a case issued, for anyone who has the code that is printed on it.

    Args: case, its number; code, of `document_code`, in any letter case, hyphens or not. Raises Missing: one answer
    for whatever is wrong, given before the database is asked.
    """
    number = case.strip().upper()
    given = "".join(c for c in code.upper() if c.isalnum())
    expected = document_code(number, n).replace("-", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Missing(NOT_OURS)
    rows = sql.rows(
        "SELECT e.n, e.document, e.at, e.organisation_label, w.words, c.type_id, c.state, c.phase FROM cases_case c"
        " JOIN cases_event e ON e.case_id = c.id AND e.document <> '' AND e.n >= %s"
        " LEFT JOIN cases_wording w ON w.id = e.wording_id WHERE c.number = %s ORDER BY e.n",
        (n, number),
    )
    if not rows or rows[0][0] != n or registry.find(CaseType, rows[0][5]) is None:
        raise Missing(NOT_OURS)
    (_, document, at, organisation, words, type_id, state, phase), *later = rows
    type_title, state_title = titles(type_id, state)
    public = registry.get(CaseType, type_id).state(state).public
    return DocumentCheck(
        title=_title(words, type_title),
        number=document,
        at=at,
        organisation_label=organisation,
        type_title=type_title,
        state_title=public or state_title,
        phase=flow.PHASES[phase],
        newer=tuple((_title(row[4], type_title), row[1], row[2]) for row in later),
    )


def _title(words: object, otherwise: T) -> T:
    found = (json_of(words) or {}).get("document")
    return from_json(found) if found else otherwise
