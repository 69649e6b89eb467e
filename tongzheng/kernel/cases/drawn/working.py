"""Doing a step of a drawn process: the same door, page and inbox as any move of a case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Fault, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

from .. import forms, moving, people, sql
from ..declarations import case_type
from ..kinds import APPLICANT, CaseType, Field, Move
from ..lookup import PLACES
from ..opening import files_by_entry
from ..record import NO_CASE, Record, own_case, view
from ..statement import Lost, Statement
from ..views import CaseView
from . import living, stepping
from .engine import Event, new_state
from .program import Definition, Place
from .stepping import Step, Stood

NOTE_LIMIT = 4000


def begin(declared: CaseType, record: Record, opened: Mapping[str, Any], version_id: int, now: Any) -> Begun:
    """Return a case as its drawing begins it: changed in place are state, phase, limits and handler of the record."""
    definition = living.definition(version_id)
    variables = {"region": record.region, "organisation": record.organisation_id, **opened}
    variables |= {"case_number": record.number, "opener": record.opener_id, "starter": record.mover_id}
    stood = Stood(record, version_id, new_state())
    step = stepping.advance(definition, stood.state, Event("start", data=variables), now)
    prepare(definition, step)
    after = stepping.after_step(stood, definition, step, (record.mover_id, ""), now)
    for name in ("state", "phase", "organisation_id", "organisation_label", "handler_id", "handler_label"):
        setattr(record, name, getattr(after, name))
    record.due_at, record.soon_at, record.closed_at = after.due_at, after.soon_at, after.closed_at
    return Begun(stood, definition, step)


class Begun:
    """A process that begins with its case."""

    def __init__(self, stood: Stood, definition: Definition, step: Step) -> None:
        self.stood, self.definition, self.step = stood, definition, step
        self.data = {living.PATH: step.path[:1000]}

    def write(self, written: Statement, now: Any) -> None:
        """Add what begins to the statement that opens the case."""
        stepping.begun(written, self.stood, self.definition, self.step, now)


def current_version(type_id: str) -> int:
    """Return the version in force of a drawn case type. Raises Missing."""
    rows = sql.rows(
        "SELECT v.id FROM cases_drawing d JOIN cases_drawing_version v ON v.key = d.key"
        " WHERE d.key = %s AND NOT d.retired AND v.effective_from <= %s ORDER BY v.n DESC LIMIT 1",
        (type_id.removeprefix(living.PREFIX), clock.now()),
    )
    if not rows:
        raise Missing(T("这个流程没有发布", "This process is not published"))
    return int(rows[0][0])


def prepare(definition: Definition, step: Step) -> None:
    """Mark the new work that is the applicant's own."""
    for token in stepping.open_work(step.state).values():
        if action_of(definition.places[token["at"]]) == APPLICANT:
            token["waits"] = True


def action_of(place: Place) -> str:
    """Return the action that whoever does a step needs."""
    return place.rules.get("action") or living.WORK


def title_of(place: Place) -> T:
    """Return what a step is called."""
    return T(place.name or place.id, place.rules.get("en") or place.name or place.id)


def fields_of(place: Place) -> tuple[Field, ...]:
    """Return the form of a step."""
    return tuple(living.field_of(entry) for entry in place.fields)


def do_step(
    case: int | str,
    move: str,
    *,
    actor: identity.Actor,
    version: int | None,
    note: str,
    data: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
) -> CaseView:
    """Do one step. `move` is "@element", or "@element~token" where several of it are open. Raises as `move_case`."""
    if actor.kind == "nobody":
        raise SignInNeeded()
    stood = stepping.load(case)
    record = stood.record
    definition = living.definition(stood.version_id)
    element, _, asked = move.removeprefix(living.MARK).partition("~")
    place = definition.places.get(element)
    if place is None:
        raise Missing(T("这个流程没有这一步", "This process has no such step"))
    token, post_id = _chosen(stood, place, asked, actor)
    if version is not None and version != record.version:
        moving.changed(record.id, record.version)
    _apart(stood, place, actor)
    now = clock.now()
    fields = fields_of(place)
    clean = _judged(fields, data, files, note, place, now)
    opened, _ = forms.split(fields, clean)
    step = stepping.advance(definition, stood.state, Event("done", token, data=opened), now)
    if place.id in _apart_from(definition):
        step.state.setdefault("did", {})[place.id] = actor.id
    prepare(definition, step)
    by = (actor.id, people.actor_label(actor, post_id))
    after = stepping.after_step(stood, definition, step, by, now)
    written = stepping.statement_of(
        case_type(record.type_id), definition, stood, after, step,
        done=token, element=element, title=title_of(place), by=by, now=now, note=note, fields=fields, clean=clean,
        files=tuple(files),
    )  # fmt: skip
    run(written, record)
    after.version, after.events = record.version + 1, record.events + 1
    return view(after, now=now, with_code=own_case(record, actor))


def run(written: Statement, record: Record) -> None:
    """Run a step's statement. Raises Conflict if somebody was quicker."""
    try:
        written.run()
    except Lost:
        moving.changed(record.id, record.version)


def _chosen(stood: Stood, place: Place, asked: str, actor: identity.Actor) -> tuple[str, int | None]:
    """Return the token to work on and the post acted from. Raises Refused, Missing (for who may not know of the case),
    Conflict (the step is not open)."""
    record = stood.record
    mine = own_case(record, actor)
    action = action_of(place)
    here = {
        key: one
        for key, one in stepping.open_work(stood.state).items()
        if one["at"] == place.id and asked in ("", key)
    }
    places = list(here.items()) or [("", {"org": record.organisation_id})]
    places.sort(key=lambda one: one[1].get("handler") != actor.id)
    why: T | None = None
    for key, one in places:
        if action == APPLICANT:
            if not mine:
                why = T("只能由申请人本人办理", "Only the applicant can do this")
                continue
            post_id = None
        else:
            verdict = identity.may(actor, action, organisation=one["org"], region=record.region)
            if not verdict:
                why = verdict.why
                continue
            post_id = verdict.post_id
        if not key or record.leader_id is not None:
            raise Conflict(stepping.NOT_NOW)
        return key, post_id
    if actor.kind == "citizen" and not mine:
        raise Missing(NO_CASE)
    raise Refused(why)


def _apart_from(definition: Definition) -> set[str]:
    """Return the steps that some other step must not be done by the same person as."""
    return {name for place in definition.places.values() for name in place.rules.get("separate", "").split()}


def _apart(stood: Stood, place: Place, actor: identity.Actor) -> None:
    did = stood.state.get("did", {})
    for name in place.rules.get("separate", "").split():
        if actor.id is not None and did.get(name) == actor.id:
            raise Refused(
                T(
                    "前一步“{step}”由您办理，这一步须由他人办理",
                    "You did the step “{step}”; this one must be done by somebody else",
                ).fill(step=title_of(living.definition(stood.version_id).places[name]))
            )


def _judged(
    fields: tuple[Field, ...],
    data: Mapping[str, Any],
    files: Sequence[tuple[str, ledger.FileView]],
    note: str,
    place: Place,
    now: Any,
) -> dict[str, Any]:
    clean, slips = forms.validate(
        fields,
        data,
        files_by_entry(fields, files),
        today=now.date(),
        lookup=PLACES,
        upload_limit=settings.UPLOAD_LIMIT,
    )
    if len(note) > NOTE_LIMIT or "\0" in note:
        slips["note"] = T("最多 4000 个字", "At most 4000 characters")
    if place.rules.get("note") == "required" and not note.strip():
        slips["note"] = T("请填写理由", "Please give the reason")
    if slips:
        raise Invalid(fields=slips)
    return clean


def refusals(record: Record, actor: identity.Actor) -> tuple[tuple[Move, T | None], ...]:
    """Return the steps that are open, as moves, with why this actor cannot do each, or None."""
    try:
        stood = stepping.load(record.id)
        definition = living.definition(stood.version_id)
    except Missing:
        return ()
    declared = case_type(record.type_id)
    found: list[tuple[Move, T | None]] = []
    work = stepping.open_work(stood.state)
    several = [token["at"] for token in work.values()]
    for key, token in sorted(work.items(), key=lambda one: int(one[0])):
        place = definition.places[token["at"]]
        action = action_of(place)
        name = f"{living.MARK}{place.id}" + (f"~{key}" if several.count(place.id) > 1 else "")
        why: T | None = None
        if action == APPLICANT:
            if not own_case(record, actor):
                why = T("只能由申请人本人办理", "Only the applicant can do this")
        else:
            verdict = identity.may(actor, action, organisation=token["org"], region=record.region)
            why = None if verdict else verdict.why
        if why is None:
            try:
                _apart(stood, place, actor)
            except Fault as fault:
                why = fault.words
        found.append((_move(declared, place, name), why))
    return tuple(found)


def _move(declared: CaseType, place: Place, name: str) -> Move:
    return Move(
        name=name,
        title=title_of(place),
        source=(place.id,),
        target="",
        by=action_of(place),
        basis=declared.basis,
        note=place.rules.get("note", "optional"),
        fields=fields_of(place),
    )
