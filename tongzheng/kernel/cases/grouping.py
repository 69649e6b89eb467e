"""The rules of merging: what may become a member of what, what a shared move does to a member, what undoing gives back.

Pure: no database, no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

from . import flow
from .kinds import APPLICANT, CaseType, Merging, Move
from .record import Record

MERGED = T(
    "已并入另一办件，由主办件统一办理",
    "Merged into another case, which is handled for all; see the leading case",
)
KEPT = (
    "state",
    "phase",
    "organisation_id",
    "organisation_label",
    "previous_id",
    "handler_id",
    "handler_label",
)
"""What a member was, as far as shared moves change it."""


def leads_from(merging: Merging) -> tuple[str, ...]:
    """Return the states in which a case can take members."""
    return merging.leads or merging.states


def leader_slip(merging: Merging, leader: Record) -> T | None:
    """Say why a case cannot take members, or None."""
    if leader.leader_id is not None:
        return T("主办件自己已并入别的办件", "The leading case is itself merged into another")
    if leader.state not in leads_from(merging):
        return T("主办件当前环节不能并案", "The leading case cannot take members from its present state")
    return None


def member_slip(merging: Merging, leader: Record, member: Record) -> T | None:
    """Say why a case cannot become a member of this leader, or None."""
    if member.id == leader.id:
        return T("不能把办件并入它自己", "A case cannot be merged into itself")
    if member.type_id != leader.type_id:
        return T("事项类型不同，不能并案", "Cases of different types cannot be merged")
    if member.leader_id == leader.id:
        return T("已经并入这个主办件", "It is merged into this case already")
    if member.leader_id is not None:
        return T("已经并入别的办件", "It is merged into another case")
    if member.members:
        return T("它自己是主办件，请先解除它的并案", "It leads others; dissolve that first")
    if member.state not in merging.states:
        return T("当前环节不能并案", "It cannot be merged from its present state")
    return None


def count_slip(merging: Merging, leader: Record, more: int) -> T | None:
    """Say why so many more members are too many, or None."""
    if leader.members + more > merging.most:
        return T("一个主办件最多并 {n} 件", "A case can lead {n} others at most").fill(n=merging.most)
    return None


def held_by(merging: Merging | None, move: Move, led: bool) -> T | None:
    """Say why a member cannot make a move by itself, or None. What its applicant does is always its own."""
    if not led or merging is None or move.by == APPLICANT or move.name in merging.own:
        return None
    return MERGED


def before_of(member: Record) -> dict[str, Any]:
    """Return what is kept of a member when it is merged, to be given back."""
    kept: dict[str, Any] = {name: getattr(member, name) for name in KEPT}
    kept["stopped"] = member.stopped_at is not None
    return kept


@dataclass(frozen=True, slots=True)
class Change:
    """A member before and after an act upon many. `task`: "keep" its work, waiting or not, or "new" work.

    `stops`: its clocks end; `restarts`: those that a shared move stopped at that moment run on.
    """

    before: Record
    after: Record
    task: str
    waits: bool
    stops: bool = False
    restarts: datetime | None = None


def joined(leader: Record, member: Record) -> Change:
    """Return a member as merging leaves it: it keeps its state and its time; its work waits for the leader's."""
    return Change(member, replace(member, leader_id=leader.id), "keep", True)


def carried(
    declared: CaseType,
    move: Move,
    act: flow.Effect,
    leader: Record,
    member: Record,
    *,
    mover_id: int | None,
    now: datetime,
) -> Change:
    """Return a member as a shared move of its leader leaves it."""
    held = {"opener": member.opener_id or member.organisation_id, "nobody": None}
    organisation = held.get(move.to, member.organisation_id)
    closed = act.phase == "closed"
    stops = act.clock == "stop" and member.stopped_at is None
    after = replace(
        member,
        state=act.state,
        phase=flow.PHASES.index(act.phase),
        organisation_id=organisation,
        # Who was at work on it is who handled the leader: their work is what the applicant will judge.
        previous_id=leader.organisation_id if move.to in ("opener", "nobody") else member.previous_id,
        handler_id=None,
        handler_label="",
        mover_id=mover_id,
        closed_at=now if closed else None,
        stopped_at=now if stops and member.due_at else member.stopped_at,
    )
    return Change(member, after, "new", not _goes_on(declared, act.state), stops=stops)


def _goes_on(declared: CaseType, state: str) -> bool:
    """Tell whether a member in this state has a move of its own to be made by an office."""
    own = declared.merging.own if declared.merging else ()
    return any(move.name in own and state in move.source and move.by != APPLICANT for move in declared.moves)


def split_slip(before: dict[str, Any], carried_to: str | None, member: Record) -> T | None:
    """Say why a member cannot be given back what it was, or None: it has gone on by itself since."""
    if member.state != (carried_to or before["state"]):
        return T(
            "它在并案后已单独办理，不能再还原",
            "It has gone on by itself since it was merged and cannot be given back",
        )
    return None


def let_go(declared: CaseType, before: dict[str, Any], carried_to: str | None, member: Record) -> bool:
    """Tell whether a member is given back when its leader ends by itself: not one that has its answer already and
    goes on from there by its own moves."""
    answered = carried_to is not None and _goes_on(declared, member.state)
    return not answered and split_slip(before, carried_to, member) is None


def released(before: dict[str, Any], carried_to: str | None, member: Record) -> Change:
    """Return a member as undoing leaves it: as it was, its own time running on as if it had never been merged."""
    if carried_to is None:
        return Change(member, replace(member, leader_id=None), "keep", before["phase"] == 1)
    back = {name: before[name] for name in KEPT}
    after = replace(
        member,
        **back,
        leader_id=None,
        closed_at=None,
        stopped_at=member.stopped_at if before["stopped"] else None,
    )
    return Change(
        member, after, "new", before["phase"] == 1, restarts=None if before["stopped"] else member.stopped_at
    )


def sharing_faults(declared: CaseType) -> Sequence[str]:
    """Return what is wrong with the declared merging, in words for its author."""
    merging = declared.merging
    if merging is None:
        return []
    found: list[str] = []
    states = {state.name: state for state in declared.states}
    for name in (*merging.states, *merging.leads):
        if name not in states or states[name].phase == "closed":
            found.append(f"merging: {name!r} is no open state")
    moves = {move.name: move for move in declared.moves}
    for name in merging.shares:
        move = moves.get(name)
        if move is None:
            found.append(f"merging: shares the move {name!r}, which it has not")
        elif (
            move.to not in ("same", "opener", "nobody")
            or move.clock not in ("", "stop")
            or move.by == APPLICANT
        ):
            found.append(
                f"merging: the move {name} cannot be shared: it hands on, pauses, extends, or is the applicant's"
            )
        elif move.target and states.get(move.target) and states[move.target].phase == "paused":
            found.append(f"merging: the move {name} cannot be shared: it reaches a pause")
    found += [f"merging: own move {name!r} is none of it" for name in merging.own if name not in moves]
    if not 1 <= merging.most <= 500:
        found.append("merging: a case leads 1 to 500 others")
    return found
