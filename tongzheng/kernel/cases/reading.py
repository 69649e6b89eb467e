"""A case sheet in two statements, and the public progress of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T, from_json
from tongzheng.kernel.identity import api as identity

from . import acts, alongside, clocks, faced, flow, moving, reviews, shown, sql, supervisions, timing, urging
from .declarations import case_type, field_of
from .drawn import living
from .guessing import NO_PROGRESS, check_code
from .keeping import CLOCKS, running_of
from .kinds import CaseType, Field, Move
from .lookup import PLACES
from .record import (
    COLUMNS,
    NAMES,
    NO_CASE,
    Record,
    json_of,
    light_of,
    own_case,
    record_of,
    titles,
    which,
)
from .record import view as case_view
from .together_views import PartView, Together
from .views import (
    ClockView,
    EventView,
    FactView,
    FileView,
    LinkView,
    MoveView,
    Progress,
    ReviewView,
    Sheet,
    Step,
)

_FILES = (
    "(SELECT jsonb_agg(jsonb_build_array(f.digest, f.name, f.size, f.media_type, f.field, f.at, f.by_label)"
    " ORDER BY f.at, f.name) FROM cases_file f WHERE f.case_id = c.id)"
)
_REVIEW = (
    f"(SELECT row_to_json(x) FROM (SELECT {reviews.COLUMNS} FROM cases_review r WHERE r.case_id = c.id) x)"  # noqa: S608
)
_SUPERVISIONS = (
    f"(SELECT jsonb_agg(jsonb_build_array({supervisions.COLUMNS}) ORDER BY s.id DESC)"  # noqa: S608
    " FROM cases_supervision s WHERE s.case_id = c.id)"
)
_CASE = (
    f"SELECT {COLUMNS}, {CLOCKS}, {_FILES}, {_REVIEW}, {alongside.BESIDE}, {_SUPERVISIONS}"  # noqa: S608
    " FROM cases_case c WHERE "
)
_EVENTS = (
    "SELECT e.n, e.kind, e.move, e.from_state, e.to_state, e.at, e.actor_id, e.actor_label, e.organisation_id,"
    " e.organisation_label, e.note, e.data, e.document, w.words FROM cases_event e"
    " LEFT JOIN cases_wording w ON w.id = e.wording_id WHERE e.case_id = %s ORDER BY e.n"
)
PRIVATE = (
    "note",
    "reveal",
    "ask",
    "opinion",
    "silence",
    "unask",
    "link",
    "unlink",
    "tick",
    "hand",
    "supervise",
    "export",
    "shred",
)
"""Kinds of event that an applicant does not see."""


def sheet(case: int | str, *, actor: identity.Actor) -> Sheet:
    """Return all that a case sheet shows, by id or number, in two statements.

    The applicant sees their own case without staff's notes and names. Raises SignInNeeded, Missing, also for who may
    not read it.
    """
    if actor.kind == "nobody":
        # The same for every number, there or not: it tells nothing, and whose session ended comes back to their case.
        raise SignInNeeded()
    condition, value = which(case)
    found = sql.rows(f"{_CASE}{condition}", (value,))
    if not found:
        raise Missing(NO_CASE)
    record = record_of(found[0])
    mine = own_case(record, actor)
    works = acts.works_on(record, actor)
    staff = (
        bool(works)
        or bool(acts.reads(record, actor))
        or (actor.id is not None and actor.id == record.handler_id)
    )
    declared = case_type(record.type_id)
    now = clock.now()
    beside = alongside.found_of(json_of(found[0][len(NAMES) + 3]))
    running = running_of(found[0][len(NAMES)])
    if not staff and not mine:
        parts = alongside.assisting(declared, record, beside, actor, now)
        if not parts:
            raise Missing(NO_CASE)
        files = tuple(_file(entry) for entry in json_of(found[0][len(NAMES) + 1]) or ())
        limits = faced.clock_views(declared, running, record.region, now, asker=False)[:1]
        return _for_assistant(declared, record, parts, limits, files, now)
    said = _review(json_of(found[0][len(NAMES) + 2]), record)
    events = [_event(row) for row in sql.rows(_EVENTS, (record.id,))]
    hindered = alongside.hindrances(
        declared, record, beside, [(event.organisation_id, event.at) for event in events], actor, now
    )
    if not staff:
        events = [_for_applicant(declared, event) for event in events if event.kind not in PRIVATE]
        record = replace(record, handler_id=None, handler_label="")
    watched = json_of(found[0][len(NAMES) + 4]) or ()
    authority = staff and identity.may(
        actor,
        supervisions.SUPERVISE,
        organisation=supervisions.held(record).organisation_id,
        region=record.region,
    )
    urge_why = urging.why_not(record, now) if mine else None
    return Sheet(
        case=case_view(record, now=now, with_code=mine),
        clocks=faced.clock_views(declared, running, record.region, now, asker=staff),
        timeline=tuple(events),
        files=tuple(_file(entry) for entry in json_of(found[0][len(NAMES) + 1]) or ()),
        facts=facts_of(declared, record),
        moves=tuple(
            _move(declared, record, move, why, running)
            for move, why in moving.refusals(declared, record, running, actor, now, hindered)
        ),
        links=(LinkView("subject", record.subject, record.subject),) if record.subject else (),
        basis=declared.basis,
        may_note=bool(works),
        may_reveal=bool(works) and bool(record.sealed or record.applicant_sealed),
        review=said,
        may_review=mine and declared.review and record.phase == 2 and said is None,
        may_answer=said is not None
        and said.reply_at is None
        and bool(
            identity.may(actor, "cases.answer_review", organisation=said.organisation_id, region=said.region)
        ),
        together=alongside.shown_together(
            declared, record, beside, actor, now, staff=staff, works=bool(works)
        ),
        supervisions=supervisions.supervision_views(watched, record, running, actor, now) if staff else (),
        may_supervise=bool(authority) and not record.supervised,
        may_urge=mine and record.phase != 2 and urge_why is None,
        urge_why=urge_why if mine and record.phase != 2 and declared.urge else None,
    )


def _for_assistant(
    declared: CaseType,
    record: Record,
    parts: tuple[PartView, ...],
    limits: tuple[ClockView, ...],
    files: tuple[FileView, ...],
    now: datetime,
) -> Sheet:
    """Return a case as an assisting body sees it: what it was asked, and the entries that its part needs."""
    sees = {name for one in parts if one.subtask for name in one.subtask.sees}
    facts = facts_of(declared, record)
    if "*" in sees:
        sees |= {fact.name for fact in facts if not fact.personal}
    bare = replace(
        record, handler_id=None, handler_label="", applicant_label="", documents=[], facts={}, subject=""
    )
    return Sheet(
        case=case_view(bare, now=now, with_code=False),
        clocks=limits,
        timeline=(),
        files=tuple(file for file in files if file.field in sees),
        facts=tuple(fact for fact in facts if fact.name in sees),
        moves=(),
        links=(),
        basis=declared.basis,
        may_note=False,
        may_reveal=False,
        together=Together(parts=parts, assisting=True),
    )


def facts_of(declared: CaseType, record: Record) -> tuple[FactView, ...]:
    """Return the entries of a case's form as they are shown, personal ones masked."""
    extra = tuple(field_of(body) for body in record.form or ())
    return _shown((*declared.fields, *extra), record.facts)


def _shown(fields: Sequence[Field], facts: dict[str, Any]) -> tuple[FactView, ...]:
    personal = {field.name for field in fields if field.personal}
    opened = {name: value for name, value in facts.items() if name not in personal}
    masks = {name: str(value) for name, value in facts.items() if name in personal}
    return tuple(
        FactView(row.name, row.title, row.kind, facts.get(row.name), row.text, row.personal)
        for row in shown.shown(fields, opened, masks=masks, lookup=PLACES)
    )


def _event(row: tuple[Any, ...]) -> EventView:
    (n, kind, move, source, target, at, actor_id, actor, organisation_id, organisation, note) = row[:11]
    if kind == "clock":  # the platform's own words, kept in both languages
        zh, _, en = note.partition("\n")
        note = str(T(zh, en or zh))
    data, document, stored = json_of(row[11]) or {}, row[12], json_of(row[13]) or {}
    data.pop(living.PATH, None)
    fields = tuple(field_of(body) for body in stored.get("fields", ()))
    return EventView(
        n=n,
        kind=kind,
        move=move,
        title=from_json(stored.get("title", move)),
        from_state=source,
        to_state=target,
        to_title=from_json(stored.get("to", target)),
        at=at,
        actor_id=actor_id,
        actor_label=actor,
        organisation_id=organisation_id,
        organisation_label=organisation,
        note=note,
        basis=from_json(stored.get("basis", "")),
        document=document,
        document_title=from_json(stored["document"]) if document and "document" in stored else None,
        data=_shown(fields, data) if data else (),
    )


def _for_applicant(declared: CaseType, event: EventView) -> EventView:
    """Return an event as the applicant sees it: the office that acted, not the person.

    Of notes they see their own and those of moves that address them; what offices write to each other is theirs.
    """
    mine = " · " not in event.actor_label
    told = mine or any(
        move.name == event.move and (move.tells or move.document or move.to == "applicant")
        for move in declared.moves
    )
    return replace(
        event,
        actor_id=event.actor_id if mine else None,
        actor_label=event.actor_label if mine else event.actor_label.partition(" · ")[2],
        note=event.note if told else "",
    )


def _review(kept: dict[str, Any] | None, record: Record) -> ReviewView | None:
    if kept is None:
        return None
    for name in ("at", "reply_due_at", "reply_at"):
        kept[name] = datetime.fromisoformat(kept[name]) if kept[name] else None
    return reviews.view_of((*kept.values(), record.number, record.title))


def _file(entry: Sequence[Any]) -> FileView:
    digest, name, size, media_type, field, at, by = entry
    return FileView(digest, name, size, media_type, field, datetime.fromisoformat(at), by)


def _move(
    declared: CaseType, record: Record, move: Move, why: T | None, running: Sequence[clocks.Running]
) -> MoveView:
    target = move.target or record.state
    return MoveView(
        name=move.name,
        title=move.title,
        allowed=why is None,
        why=why or T("", ""),
        target=target,
        target_title=declared.state(target).title,
        basis=move.basis,
        note=move.note,
        fields=move.form,
        chooses_organisation=move.to == "chosen",
        asks_days=flow.asks_days(move),
        extend_limit=timing.most_days(declared, move, running) if flow.asks_days(move) else 0,
        document=move.document,
        key=move.key,
        tone=move.tone,
        help=move.help,
    )


def progress(number: str, code: str) -> Progress:
    """Return how a case stands, for anyone who has its number and query code; no personal data, no staff.

    Raises Missing (one answer for a wrong number and a wrong code, found out before the database is asked),
    Throttled (too many wrong codes for a number).
    """
    number = check_code(number, code)
    found = sql.rows(f"{_CASE}c.number = %s", (number,))
    declared = registry.find(CaseType, found[0][NAMES.index("type_id")]) if found else None
    if declared is None or not declared.public:
        raise Missing(NO_PROGRESS)
    record = record_of(found[0])
    now = clock.now()
    running = running_of(found[0][len(NAMES)])
    type_title, _ = titles(record.type_id, record.state)
    state = declared.state(record.state)
    steps: list[Step] = []
    for event in (_event(row) for row in sql.rows(_EVENTS, (record.id,))):
        if event.kind in ("open", "move"):
            step = _public(declared, event)
            if not steps or steps[-1].title != step.title:
                steps.append(step)
    urge_why = urging.why_not(record, now)
    views = faced.clock_views(declared, running, record.region, now, asker=False)
    return Progress(
        number=record.number,
        type_title=type_title,
        state_title=state.public or state.title,
        phase=flow.PHASES[record.phase],
        organisation_label=record.organisation_label,
        opened_at=record.opened_at,
        due_at=record.due_at,
        closed_at=record.closed_at,
        light=light_of(
            now,
            record.phase,
            record.due_at,
            record.soon_at,
            record.paused_at,
            record.stopped_at or record.closed_at,
        ),
        steps=tuple(steps),
        merged=record.leader_id is not None,
        explain=views[0].explain if views else None,
        clocks=views,
        may_urge=declared.urge and record.phase != 2 and urge_why is None,
        urge_why=urge_why if declared.urge and record.phase != 2 else None,
        urges=record.urges,
        reviewable=declared.review
        and record.phase == 2
        and not sql.rows("SELECT 1 FROM cases_review WHERE case_id = %s", (record.id,)),
    )


def _public(declared: CaseType, event: EventView) -> Step:
    for state in declared.states:
        if state.name == event.to_state:
            return Step(state.public or state.title, event.at)
    return Step(event.to_title, event.at)
