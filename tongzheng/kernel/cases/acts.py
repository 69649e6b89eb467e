"""Acts on a case that are not moves: a note, a file, personal entries revealed for a purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import unseal_json
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import people, sql
from .declarations import case_type, words_of
from .kinds import APPLICANT, SYSTEM
from .opening import SEALED
from .record import NO_CASE, Record, load, own_case
from .statement import Lost, Statement

_COUNT = "UPDATE cases_case SET events = events + 1 WHERE id = %s RETURNING id, events"
NOTED, ATTACHED, REVEALED = (
    T("备注", "Note"),
    T("补充附件", "File added"),
    T("查看个人信息", "Personal data seen"),
)
WORDLESS = T("请说明用途，至少 4 个字", "Say what for, in at least 4 characters")


def works_on(record: Record, actor: identity.Actor) -> identity.Verdict:
    """Return whether the actor may make some move of the case's type for its holder: whoever works on it."""
    declared = case_type(record.type_id)
    verdict = identity.Verdict(False, T("您不办理这个办件", "You do not work on this case"))
    for action in sorted({move.by for move in declared.moves} - {APPLICANT, SYSTEM}):
        verdict = identity.may(actor, action, organisation=record.organisation_id, region=record.region)
        if verdict:
            return verdict
    return verdict


def reads(record: Record, actor: identity.Actor) -> identity.Verdict:
    """Return whether the actor may read the case: by its holder and region, or by the office that opened it."""
    declared = case_type(record.type_id)
    for organisation in (record.organisation_id, record.opener_id, record.previous_id):
        found = identity.may(actor, declared.reads, organisation=organisation, region=record.region)
        if found and (organisation is not None or record.organisation_id is None):
            return found
    return identity.Verdict(False, NO_CASE)


def entry(
    act: str, record: Record, by: tuple[int | None, str], body: Mapping[str, Any], now: datetime
) -> ledger.Writing:
    """Return the ledger's entry of an act upon a case."""
    return ledger.writing(
        act=act, subject=f"case:{record.number}", actor=by[0], label=by[1], body=body, at=now
    )


def working(case: int | str, actor: identity.Actor) -> tuple[Record, int | None]:
    """Return a case and the post from which the actor works on it. Raises SignInNeeded, Refused, Missing."""
    if actor.kind == "nobody":
        raise SignInNeeded()
    record = load(case)
    verdict = works_on(record, actor)
    if verdict:
        return record, verdict.post_id
    if not reads(record, actor) and not own_case(record, actor):
        raise Missing(NO_CASE)
    raise Refused(verdict.why)


def add_note(case_id: int | str, *, actor: identity.Actor, note: str) -> None:
    """Add a note to a case, by who works on it. A note changes nothing else, so it disturbs nobody's move.

    Args: note, 1 to 4000 characters. Raises SignInNeeded, Refused, Invalid, Missing.
    """
    record, post_id = working(case_id, actor)
    if not 1 <= len(note.strip()) <= 4000 or "\0" in note:
        raise Invalid(fields={"note": T("请填写，最多 4000 个字", "Needed, at most 4000 characters")})
    body = {"note": sha256(note.strip().encode()).hexdigest()}
    write(record, actor, post_id, kind="note", title=NOTED, note=note.strip(), body=body)


def attach_file(case_id: int | str, *, actor: identity.Actor, file: ledger.FileView, field: str = "") -> None:
    """Attach a file that `ledger.api.keep_file` has kept, by who works on the case or is its applicant.

    Args: field, the entry of the form that it answers, "" for none. Attaching the same file twice is the same as
    once. Raises SignInNeeded, Refused, Missing, Invalid.
    """
    if actor.kind == "nobody":
        raise SignInNeeded()
    if len(field) > 60 or "\0" in field:
        raise Invalid(fields={"field": T("表单里没有这一项附件", "The form has no such file")})
    record = load(case_id)
    mine = own_case(record, actor)
    if mine and record.phase == 2:
        raise Refused(T("已办结，不能再补充附件", "The case is closed; no more files"))
    post_id = None if mine else working(record.id, actor)[1]
    there = "SELECT 1 FROM cases_file WHERE case_id = %s AND digest = %s AND field = %s"
    if sql.rows(there, (record.id, file.digest, field)):
        return
    body = {"files": [file.digest]}
    write(
        record, actor, post_id, kind="file", title=ATTACHED, note=file.name, body=body, files=((field, file),)
    )


def reveal_fields(
    case_id: int | str, *, actor: identity.Actor, fields: Iterable[str], purpose: str
) -> Mapping[str, Any]:
    """Return personal entries of a case in clear; who, what and what for go on the ledger and the timeline.

    Args: fields, names of entries, or "applicant.name", "applicant.phone", "applicant.id_number"; purpose, in
    words, 4 to 200 characters. Only who works on the case may. Entries that it has not are left out.
    Raises SignInNeeded, Refused, Invalid, Missing.
    """
    record, post_id = working(case_id, actor)
    names = sorted(set(fields))
    if not 4 <= len(purpose.strip()) <= 200 or "\0" in purpose:
        raise Invalid(fields={"purpose": WORDLESS})
    if not names or len(names) > 50:
        raise Invalid(fields={"fields": T("请选择要查看的内容", "Choose what to see")})
    held: dict[str, Any] = dict(unseal_json(record.sealed, use=SEALED))
    held |= {f"applicant.{k}": v for k, v in people.unsealed_applicant(record.applicant_sealed).items()}
    found = {name: held[name] for name in names if name in held}
    if found:
        body = {"fields": sorted(found), "purpose": purpose.strip()}
        write(record, actor, post_id, kind="reveal", title=REVEALED, note=purpose.strip(), body=body)
    return found


def write(
    record: Record,
    actor: identity.Actor,
    post_id: int | None,
    *,
    kind: str,
    title: T,
    note: str,
    body: Mapping[str, Any],
    files: tuple[tuple[str, ledger.FileView], ...] = (),
) -> None:
    """Put an act that is no move on the timeline and the ledger, with its files."""
    now = clock.now()
    by = (actor.id, people.actor_label(actor, post_id))
    written = Statement()
    written.add("c", _COUNT, (record.id,))
    written.files(record.id, files, at=now, by=by)
    written.event(
        kind=kind,
        move="",
        from_state=record.state,
        to_state=record.state,
        at=now,
        actor=by,
        organisation=(record.organisation_id, record.organisation_label),
        note=note,
        data=None,
        sealed=None,
        document="",
        words=words_of(case_type(record.type_id), None, record.state, title),
    )
    written.ledger(entry(f"cases.{kind}", record, by, body, now))
    try:
        written.run()
    except Lost:
        raise Missing(NO_CASE) from None
