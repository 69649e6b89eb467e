"""What work done together adds to one move: what holds it up, and what it carries with it.

An ordinary move of a case on its own asks the database nothing more: whether there is anything to ask is in the
case's own row (leader, members, pending parts, ticks) and in its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import api as identity

from . import disputes, flow, grouping, joining, joint, merging, objecting, parts
from .disputes import Dispute
from .kinds import CaseType, Move
from .record import Record
from .statement import Statement


@dataclass(slots=True)
class Beside:
    """What was found beside a case for one move: why not, by move; its members; the objection to be ruled on."""

    hindered: dict[str, T] = field(default_factory=dict)
    members: list[Record] = field(default_factory=list)
    dispute: Dispute | None = None
    judge: tuple[int, str] | None = None


def beside(
    declared: CaseType, move: Move, record: Record, actor: identity.Actor, post_id: int | None, now: datetime
) -> Beside:
    """Return what is beside the case, as far as this move needs it."""
    found = Beside()
    if why := grouping.held_by(declared.merging, move, record.leader_id is not None):
        found.hindered[move.name] = why
    if declared.checklist:
        found.hindered = {**joint.unticked(declared, record.state, record.ticked), **found.hindered}
    if record.pending and any(move.name in one.blocks for one in declared.subtasks):
        joining.lapse(case_id=record.id)
        found.hindered = {**joint.missing(declared, parts.parts_of(record.id), now), **found.hindered}
    objection = declared.objection
    if objection is not None and record.state in move.source:
        if disputes.objecting(objection, move.name):
            made = objecting.disputes_of(record.id)
            if why := objecting.why_not_object(objection, record, made, now):
                found.hindered.setdefault(move.name, why)
        elif disputes.ruling(objection, move.name):
            made = objecting.disputes_of(record.id)
            found.dispute = next((one for one in made if one.ruled_at is None), None)
            if why := disputes.judge_slip(found.dispute, organisation_of(actor, post_id)):
                found.hindered.setdefault(move.name, why)
    if record.members:
        found.members = merging.members_of(record)
    return found


def organisation_of(actor: identity.Actor, post_id: int | None) -> int | None:
    """Return the body for which the actor acts from this post."""
    return next((post.organisation_id for post in actor.posts if post.id == post_id), None)


def chosen(declared: CaseType, move: Move, record: Record, found: Beside, choice: flow.Choice) -> flow.Choice:
    """Return the mover's choice with the third party that an objection goes to. Raises Unavailable, Invalid."""
    if disputes.objecting(declared.objection, move.name):
        found.judge = objecting.adjudicator(declared, record)
        return flow.Choice(choice.organisation, choice.handler, choice.days, found.judge[0])
    judges = found.dispute.judge_id if found.dispute else None
    if judges is not None and choice.organisation == judges:
        raise Invalid(
            fields={"organisation": T("裁定单位不能把办件判给自己", "Who rules cannot give itself the case")}
        )
    return choice


def write(
    written: Statement,
    declared: CaseType,
    move: Move,
    record: Record,
    after: Record,
    act: flow.Effect,
    found: Beside,
    *,
    by: tuple[int | None, str],
    note: str,
    clean: Mapping[str, Any],
    shown: Mapping[str, Any],
    document: str,
    now: datetime,
) -> None:
    """Add to a move's statement what it carries with it."""
    if act.phase == "closed" and record.pending:
        parts.end_all(written, record, by[0], now)
    if found.judge is not None:
        objecting.write_objection(written, declared, move, record, found.judge, by, note, clean, now)
    if found.dispute is not None:
        decided = (after.organisation_id, after.organisation_label)
        objecting.write_ruling(written, declared, move, record, found.dispute, decided, by, note, clean, now)
    merging.carry(
        *(written, declared, move, act, record, found.members),
        by=by,
        note=note,
        shown=shown,
        document=document,
        now=now,
    )
