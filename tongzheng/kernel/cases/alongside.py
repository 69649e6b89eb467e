"""What stands beside a case on its sheet: leader and members, parts of other bodies, objections, links, checklist.

All of it comes with the sheet's own statement, as one JSON value.
"""

# ruff: noqa: S608 — statements are put together from our own words; every value is a parameter.

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import disputes, grouping, joint, objecting, parts
from .disputes import Dispute
from .joint import Part
from .kinds import CaseType, Check
from .lookup import PLACES
from .record import Record, light_of, titles
from .shown import shown
from .together_views import CheckView, LinkView, MemberView, PartView, Together

_CASE = "jsonb_build_array({0}.id, {0}.number, {0}.title, {0}.type_id, {0}.state)"
_PART = ", ".join(parts.PART_COLUMNS.split(", "))
_DISPUTE = objecting.COLUMNS
BESIDE = (
    "(SELECT jsonb_build_object('leader', (SELECT "
    + _CASE.format("l")
    + " FROM cases_case l WHERE l.id = c.leader_id), 'members', CASE WHEN c.members > 0 THEN (SELECT jsonb_agg("
    + _CASE.format("m")
    + " || jsonb_build_array(m.phase, m.applicant_label, m.opened_at, m.due_at, m.soon_at, m.paused_at,"
    " COALESCE(m.stopped_at, m.closed_at)) ORDER BY m.id) FROM cases_case m WHERE m.leader_id = c.id) END,"
    f" 'parts', (SELECT jsonb_agg(jsonb_build_array({_PART}) ORDER BY s.id) FROM cases_subtask s WHERE s.case_id = c.id),"
    f" 'disputes', (SELECT jsonb_agg(jsonb_build_array({_DISPUTE}) ORDER BY o.id) FROM cases_objection o"
    " WHERE o.case_id = c.id), 'links', (SELECT jsonb_agg(jsonb_build_array(k.kind, k.from_id = c.id) || "
    + _CASE.format("y")
    + " ORDER BY k.at) FROM cases_link k JOIN cases_case y ON y.id = CASE WHEN k.from_id = c.id THEN k.to_id"
    " ELSE k.from_id END WHERE k.from_id = c.id OR k.to_id = c.id)))"
)
_MOMENTS_OF_PART = (8, 11, 15)
_MOMENTS_OF_DISPUTE = tuple(Dispute.__slots__.index(name) for name in ("at", "due_at", "ruled_at"))


@dataclass(frozen=True, slots=True)
class Found:
    """What BESIDE gathered, as plain things."""

    leader: Sequence[Any] | None
    members: Sequence[Sequence[Any]]
    parts: tuple[Part, ...]
    disputes: tuple[Dispute, ...]
    links: Sequence[Sequence[Any]]


def found_of(value: Mapping[str, Any] | None) -> Found:
    """Return what BESIDE gathered."""
    kept = value or {}
    return Found(
        kept.get("leader"),
        kept.get("members") or (),
        tuple(parts.part_of(_dated(row, _MOMENTS_OF_PART)) for row in kept.get("parts") or ()),
        tuple(objecting.dispute_of(_dated(row, _MOMENTS_OF_DISPUTE)) for row in kept.get("disputes") or ()),
        kept.get("links") or (),
    )


def _dated(row: Sequence[Any], places: Sequence[int]) -> list[Any]:
    values = list(row)
    for place in places:
        values[place] = datetime.fromisoformat(values[place]) if values[place] else None
    return values


def hindrances(
    declared: CaseType,
    record: Record,
    found: Found,
    holders: Sequence[tuple[int | None, datetime]],
    actor: identity.Actor,
    now: datetime,
) -> dict[str, T]:
    """Return, by move, why it cannot be made for what stands beside the case; `holders` as events tell."""
    why: dict[str, T] = {}
    for move in declared.moves:
        if slip := grouping.held_by(declared.merging, move, record.leader_id is not None):
            why[move.name] = slip
    why |= {k: v for k, v in joint.unticked(declared, record.state, record.ticked).items() if k not in why}
    why |= {k: v for k, v in joint.missing(declared, found.parts, now).items() if k not in why}
    objection = declared.objection
    if objection is None:
        return why
    source = {move.name: move.source for move in declared.moves}
    if record.state in source.get(objection.move, ()):
        since = disputes.handed_at(holders, record.organisation_id)
        rulings = sum(1 for one in found.disputes if one.ruled_at)
        until = objecting.until(objection, since)
        if slip := disputes.object_slip(objection, until=until, now=now, rulings=rulings):
            why.setdefault(objection.move, slip)
    if record.state in source.get(objection.ruling, ()):
        pending = next((one for one in found.disputes if one.ruled_at is None), None)
        action = declared.move(objection.ruling).by
        verdict = identity.may(actor, action, organisation=record.organisation_id, region=record.region)
        body = next((post.organisation_id for post in actor.posts if post.id == verdict.post_id), None)
        if verdict and (slip := disputes.judge_slip(pending, body)):
            why.setdefault(objection.ruling, slip)
    return why


def shown_together(
    declared: CaseType,
    record: Record,
    found: Found,
    actor: identity.Actor,
    now: datetime,
    *,
    staff: bool,
    works: bool,
) -> Together:
    """Return what of it a reader sees: the applicant only that their case is handled together with others."""
    if not staff:
        return Together(leader=None, led=record.leader_id is not None)
    merging = declared.merging
    may_merge = merging is not None and bool(
        identity.may(actor, merging.by, organisation=record.organisation_id, region=record.region)
    )
    return Together(
        leader=LinkView(
            "leader", found.leader[1], found.leader[2], titles(found.leader[3], found.leader[4])[1]
        )
        if found.leader
        else None,
        led=record.leader_id is not None,
        members=tuple(_member(row, now) for row in found.members),
        may_merge=may_merge and merging is not None and grouping.leader_slip(merging, record) is None,
        may_split=may_merge and bool(found.members),
        parts=tuple(part_view(declared, one, actor, now) for one in found.parts),
        may_ask=tuple(
            one
            for one in declared.subtasks
            if record.state in one.states
            and record.leader_id is None
            and parts.asks(declared, one, record, actor)
        ),
        disputes=found.disputes,
        links=tuple(_link(row) for row in found.links),
        checks=tuple(_check(one, record.ticked) for one in joint.asked_checks(declared, record.state)),
        may_link=works,
    )


def part_view(declared: CaseType, part: Part, actor: identity.Actor, now: datetime) -> PartView:
    """Return a part as it is shown."""
    subtask = joint.declared_part(declared, part.name)
    data = shown(subtask.fields if subtask else (), dict(part.data or {}), lookup=PLACES)
    return PartView(
        part=part,
        title=subtask.title if subtask else T(part.name, part.name),
        state_title=joint.STATES[part.state],
        answer_title=dict(subtask.answers).get(part.answer) if subtask else None,
        late=part.state == "asked" and part.due_at is not None and part.due_at < now,
        may_give=part.state == "asked" and bool(parts.gives(subtask, part, actor)),
        subtask=subtask,
        data=data,
    )


def assisting(
    declared: CaseType, record: Record, found: Found, actor: identity.Actor, now: datetime
) -> tuple[PartView, ...]:
    """Return the parts that the actor may give or could have given: what makes them an assistant of this case."""
    return tuple(
        part_view(declared, one, actor, now)
        for one in found.parts
        if one.state != "queued" and parts.gives(joint.declared_part(declared, one.name), one, actor)
    )


def _member(row: Sequence[Any], now: datetime) -> MemberView:
    id, number, title, type_id, state, phase, applicant, *moments = row
    opened, due, soon, paused, ended = (datetime.fromisoformat(one) if one else None for one in moments)
    return MemberView(
        id=id,
        number=number,
        title=title,
        state_title=titles(type_id, state)[1],
        phase=("open", "paused", "closed")[phase],
        applicant_label=applicant,
        opened_at=opened,
        due_at=due,
        light=light_of(now, phase, due, soon, paused, ended),
    )


def _link(row: Sequence[Any]) -> LinkView:
    kind, outward, _, number, title, type_id, state = row
    return LinkView(kind if outward else f"{kind}_of", number, title, titles(type_id, state)[1])


def _check(check: Check, ticked: Sequence[str]) -> CheckView:
    return CheckView(check.name, check.title, check.basis, check.name in ticked, bool(check.blocks))
