"""Declared case types as the verbs need them: looked up by id, with what an event must remember of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from django.db import connection, transaction

from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T

from .drawn import living
from .kinds import APPLICANT, SYSTEM, CaseType, Field, Move


def case_type(type_id: str) -> CaseType:
    """Return the declared type. Raises Missing."""
    if living.drawn(type_id):
        living.refresh()
    found = registry.find(CaseType, type_id)
    if found is None:
        raise Missing(T("没有这种事项类型", "There is no such case type"))
    return found


def all_types() -> dict[str, CaseType]:
    """Return every declared type by its id, the drawn ones too."""
    living.refresh()
    return registry.of(CaseType)


@dataclass(frozen=True, slots=True)
class Words:
    """What an event must remember of the declaration it was made under; `id` names the content itself."""

    id: int
    text: str


_words: dict[tuple[int, str, str, str], tuple[CaseType, Words]] = {}
"""By the declaration's identity, which is kept alive beside it: hashing a whole case type would cost more."""


def words_of(case_type: CaseType, move: Move | None, target: str, title: T | None = None) -> Words:
    """Return the wording of an opening (`move` None), a move, or another event with a `title` of its own."""
    key = (id(case_type), move.name if move else "", target, title.zh if title else "")
    found = _words.get(key)
    if found is None:
        found = _words[key] = (case_type, _wording(case_type, move, target, title))
    return found[1]


def _wording(case_type: CaseType, move: Move | None, target: str, title: T | None) -> Words:
    named = move.title if move else title or T("提交", "Submitted")
    content: dict[str, Any] = {
        "title": named.to_json(),
        "to": case_type.state(target).title.to_json(),
        "basis": (move.basis if move else case_type.basis).to_json(),
    }
    if title is not None:
        content["basis"] = {"zh": "", "en": ""}
    document = move.document if move else case_type.document
    if document is not None and title is None:
        content["document"] = document.to_json()
    if move and move.form:
        content["fields"] = [described(field) for field in move.form]
    text = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return Words(int.from_bytes(sha256(text).digest()[:8], "big") >> 1, text.decode())


def described(field: Field) -> dict[str, Any]:
    """Return what must be known of an entry to show its value years later."""
    body: dict[str, Any] = {"name": field.name, "title": field.title.to_json(), "kind": field.kind}
    if field.personal:
        body["personal"] = True
    if field.choices:
        body["choices"] = [[name, title.to_json()] for name, title in field.choices]
    return body


def field_of(body: Mapping[str, Any]) -> Field:
    """Return the entry that `described` described."""
    return Field(
        name=str(body["name"]),
        title=T(body["title"]["zh"], body["title"]["en"]),
        kind=str(body["kind"]),
        personal=bool(body.get("personal")),
        choices=tuple((name, T(t["zh"], t["en"])) for name, t in body.get("choices", ())),
    )


_rules: dict[int, tuple[CaseType, str]] = {}
_kinds: dict[int, tuple[CaseType, tuple[tuple[str, tuple[str, ...]], ...]]] = {}


def rules_of(case_type: CaseType) -> str:
    """Return a short mark of the declared rules, so that an old case tells which it was judged by."""
    found = _rules.get(id(case_type))
    if found is None:
        mark = sha256(repr(case_type).encode()).hexdigest()[:12]
        found = _rules[id(case_type)] = (case_type, mark)
    return found[1]


def kinds_of_work(case_type: CaseType) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each open state with the actions that permit some move from it."""
    found = _kinds.get(id(case_type))
    if found is None:
        found = _kinds[id(case_type)] = (case_type, _states(case_type))
    return found[1]


EXTENSION, SUPERVISED, SUPERVISOR = "+extension", "+supervised", "+supervisor"
"""Kinds of work beside the states of a type: deciding on an extension, answering a supervision, confirming one."""


def _states(case_type: CaseType) -> tuple[tuple[str, tuple[str, ...]], ...]:
    deciders = {move.by for move in case_type.moves if move.clock in ("allow", "deny")}
    workers = {move.by for move in case_type.moves} - {APPLICANT, SYSTEM}
    extra: tuple[tuple[str, tuple[str, ...]], ...] = (
        (SUPERVISED, tuple(sorted(workers))),
        *(((EXTENSION, tuple(sorted(deciders))),) if deciders else ()),
    )
    return (
        extra
        + tuple(
            (
                state.name,
                tuple(
                    sorted(
                        {
                            move.by
                            for move in case_type.moves
                            if state.name in move.source and move.by not in (APPLICANT, SYSTEM)
                        }
                    )
                ),
            )
            for state in case_type.states
            if state.phase != "closed"
        )
        + tuple((f"+{part.name}", (part.does,)) for part in case_type.subtasks)
    )


_known: set[tuple[str, int]] = set()


def unknown(words: Words) -> bool:
    """Tell whether this process has not yet seen the wording safely in the database."""
    return (str(connection.settings_dict["NAME"]), words.id) not in _known


def now_known(words: Words) -> None:
    """Remember, once the transaction has committed, that the wording is in the database."""
    key = (str(connection.settings_dict["NAME"]), words.id)
    transaction.on_commit(lambda: _known.add(key))


def forget() -> None:
    """Forget which wordings are in the database: for a test whose database was made anew."""
    _known.clear()
