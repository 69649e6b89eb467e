"""Making a move: judged by the table (`flow.py`), written with everything it entails in one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from . import calendars, clocks, flow, forms, merging, numbers, people, sql, timing, together
from .declarations import case_type
from .drawn import living
from .entailing import case_after, clocks_after, statement_of
from .kinds import APPLICANT, SYSTEM, CaseType, Move
from .lookup import PLACES
from .opening import files_by_entry
from .record import NO_CASE, Record, json_of, load, load_with_clocks, own_case, view
from .statement import Lost
from .views import CaseView


def move_case(
    case_id: int | str,
    move: str,
    *,
    actor: identity.Actor,
    version: int | None = None,
    note: str = "",
    data: Mapping[str, Any] | None = None,
    organisation: int | None = None,
    handler: int | None = None,
    days: int | None = None,
    files: Sequence[tuple[str, ledger.FileView]] = (),
) -> CaseView:
    """Make one move of the case type's table.

    Args: case_id or number; move, its name; version, the one the mover looked at (None: whatever it is now);
    note, data (raw as typed), organisation, handler and days as the move asks; files as in `open_case`.
    Returns the case after the move. Raises Conflict (someone moved it meanwhile: says who and what), Refused,
    SignInNeeded, Invalid (fields named), Missing.
    """
    if move.startswith(living.MARK):
        from .drawn import working  # it stands on this module

        return working.do_step(
            case_id, move, actor=actor, version=version, note=note, data=data or {}, files=files
        )
    record, running = load_with_clocks(case_id)
    declared = case_type(record.type_id)
    row = _row(declared, move)
    post_id = _permitted(declared, row, record, actor)
    if version is not None and version != record.version:
        changed(record.id, version)
    now = clock.now()
    found = together.beside(declared, row, record, actor, post_id, now)
    standing = standing_of(declared, (row,), record, running, actor, now, found.hindered)
    if (why := _why_not(declared, row, record, actor, standing)) is not None:
        raise why
    choice = flow.Choice(organisation, handler, days)
    most = timing.most_days(declared, row, running) if flow.asks_days(row) else None
    clean = _judged(row, choice, note, data or {}, files, now, most)
    choice = together.chosen(declared, row, record, found, choice)
    act = flow.effect(declared, row, standing, choice, actor.id)
    by = (actor.id, people.actor_label(actor, post_id))
    left = clocks_after(declared, row, act, record, running, clean, by, now)
    touched = [one for one in left if one not in running]
    after = case_after(record, act, row, actor, left, declared, now)
    document = (
        numbers.document_number(record.type_id, declared.paper or declared.prefix, now)
        if row.document
        else ""
    )
    if document:
        after.documents = [*record.documents, document]
    written = statement_of(
        declared, row, record, after, act, touched, by, note, clean, files, document, now, found
    )
    try:
        written.run()
    except Lost:
        if found.members and load(record.id).version == record.version:
            raise Conflict(merging.CHANGED) from None
        changed(record.id, record.version)
    after.version, after.events = record.version + 1, record.events + 1
    mine = own_case(record, actor)
    return view(after, now=now, with_code=mine)


def _row(declared: CaseType, move: str) -> Move:
    try:
        return declared.move(move)
    except KeyError:
        raise Missing(T("这类事项没有这一步", "This type of case has no such move")) from None


def standing_of(
    declared: CaseType,
    moves: Sequence[Move],
    record: Record,
    running: Sequence[clocks.Running],
    actor: identity.Actor,
    now: datetime,
    hindered: Mapping[str, T],
) -> flow.Standing:
    """Return where the case stands as the rules of these moves see it."""
    return flow.Standing(
        state=record.state,
        organisation_id=record.organisation_id,
        opener_id=record.opener_id,
        previous_id=record.previous_id,
        handler_id=record.handler_id,
        mover_id=record.mover_id,
        made=frozenset(record.made),
        hindered={
            **timing.barred(
                moves,
                declared,
                running,
                closed_at=record.closed_at,
                book=calendars.book(record.region),
                now=now,
                mover_id=actor.id,
            ),
            **hindered,
        },
    )


def mover_of(declared: CaseType, record: Record, actor: identity.Actor, moves: Sequence[Move]) -> flow.Mover:
    """Return the actor as the rules of moves see them: why not, by each action of these moves."""
    verdicts: dict[str, T | None] = {}
    for move in moves:
        if move.by not in verdicts and move.by not in (APPLICANT, SYSTEM):
            found = identity.may(actor, move.by, organisation=record.organisation_id, region=record.region)
            verdicts[move.by] = None if found else found.why
    mine = own_case(record, actor)
    return flow.Mover(actor.id, actor.kind, mine, verdicts)


def refusals(
    declared: CaseType,
    record: Record,
    running: Sequence[clocks.Running],
    actor: identity.Actor,
    now: datetime,
    hindered: Mapping[str, T],
) -> tuple[tuple[Move, T | None], ...]:
    """Return every move that the case's state knows, with why this actor cannot make it, or None."""
    if living.drawn(record.type_id):
        from .drawn import working

        return working.refusals(record, actor)
    moves = [move for move in declared.moves if record.state in move.source]
    mover = mover_of(declared, record, actor, moves)
    standing = standing_of(declared, moves, record, running, actor, now, hindered)
    return tuple((move, flow.refusal(move, standing, mover)) for move in moves)


def _permitted(declared: CaseType, move: Move, record: Record, actor: identity.Actor) -> int | None:
    """Return the post acted from. Raises SignInNeeded, Refused, Missing (for who may not know of the case)."""
    mine = own_case(record, actor)
    if actor.kind == "nobody":
        raise SignInNeeded()
    if move.by in (APPLICANT, SYSTEM):
        allowed = mine if move.by == APPLICANT else actor.kind == "system"
        if allowed:
            return None
        if actor.kind == "citizen" and not mine:
            raise Missing(NO_CASE)
        standing = flow.Standing(record.state, record.organisation_id, record.opener_id, None, None)
        raise Refused(flow.refusal(replace(move, source=(record.state,)), standing, _nobody(actor)))
    verdict = identity.may(actor, move.by, organisation=record.organisation_id, region=record.region)
    if verdict:
        return verdict.post_id
    if actor.kind == "citizen" and not mine:
        raise Missing(NO_CASE)
    raise Refused(verdict.why)


def _nobody(actor: identity.Actor) -> flow.Mover:
    return flow.Mover(actor.id, actor.kind, False, {})


def _why_not(
    declared: CaseType, move: Move, record: Record, actor: identity.Actor, standing: flow.Standing
) -> Conflict | Refused | None:
    """Return why a permitted person cannot make this move now."""
    mine = own_case(record, actor)
    permitted = flow.Mover(actor.id, actor.kind, mine, {move.by: None})
    why = flow.refusal(move, standing, permitted)
    if why is None:
        return None
    if record.state not in move.source:
        state = declared.state(record.state).title
        words = T(
            "这个办件现在是“{state}”，不能“{move}”", "The case is now “{state}”; “{move}” cannot be made"
        )
        return Conflict(words.fill(state=state, move=move.title))
    return Refused(why)


def changed(case_id: int, version: int) -> NoReturn:
    """Raise the Conflict that says who did what since `version`."""
    found = sql.rows(
        "SELECT e.actor_label, e.at, w.words FROM cases_event e LEFT JOIN cases_wording w ON w.id = e.wording_id"
        " WHERE e.case_id = %s AND e.kind IN ('move', 'open') ORDER BY e.n DESC LIMIT 1",
        (case_id,),
    )
    if not found:
        raise Missing(NO_CASE)
    label, at, words = found[0]
    title = (json_of(words) or {}).get("title", {"zh": "", "en": ""})
    raise Conflict(
        T(
            "{who} 已于 {at} 办理“{move}”，请看最新状态",
            "{who} made “{move}” at {at}; look at the latest state",
        ).fill(who=label, at=f"{at.astimezone(clock.CHINA):%H:%M:%S}", move=T(title["zh"], title["en"]))
    )


def _judged(
    move: Move,
    choice: flow.Choice,
    note: str,
    data: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    now: datetime,
    most: int | None,
) -> dict[str, Any]:
    clean, slips = forms.validate(
        move.form,
        data,
        files_by_entry(move.form, files),
        today=now.date(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )
    slips |= flow.slips(move, choice, note, most=most)
    if "\0" in note:
        slips["note"] = T("内容里有不能保存的字符", "There is a character that cannot be kept")
    if slips:
        raise Invalid(fields=slips)
    return clean
