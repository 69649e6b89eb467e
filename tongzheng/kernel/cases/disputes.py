"""The rules of objections: within what time, who may rule, and when the ruling binds. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tongzheng.kernel.core.text import T

from .clocks import UNITS
from .kinds import APPLICANT, SYSTEM, CaseType, Objection


@dataclass(frozen=True, slots=True)
class Dispute:
    """An objection and, once it has been made, its ruling. Bodies by id and by name as they were called then."""

    id: int
    case_id: int
    number: str
    title: str
    type_id: str
    subject: str
    region: str
    objector_id: int
    objector_label: str
    sender_id: int | None
    sender_label: str
    ground: str
    reason: str
    at: datetime
    by_label: str
    due_at: datetime
    judge_id: int
    judge_label: str
    ruled_at: datetime | None
    ruled_label: str
    decided_id: int | None
    decided_label: str
    why: str
    basis: str


def objecting(objection: Objection | None, move: str) -> bool:
    """Tell whether a move is the one by which a body objects."""
    return objection is not None and objection.move == move


def ruling(objection: Objection | None, move: str) -> bool:
    """Tell whether a move is the one by which the third party rules."""
    return objection is not None and objection.ruling == move


def handed_at(holders: Iterable[tuple[int | None, datetime]], holder: int | None) -> datetime | None:
    """Return since when a body has held a case, from who held it after each event, oldest first; None if it does not."""
    since: datetime | None = None
    for organisation, at in holders:
        since = None if organisation != holder else since or at
    return since


def object_slip(objection: Objection, *, until: datetime | None, now: datetime, rulings: int) -> T | None:
    """Say why a body cannot object now, or None. `until`: the end of its time; `rulings`: made in this case before."""
    if rulings and not objection.again:
        return T(
            "已经裁定，裁定有约束力，不能再提异议",
            "There has been a ruling; it binds, and no second objection is heard",
        )
    if until is not None and now > until:
        return T("已过提出异议的时限（{at}）", "The time for an objection ended at {at}").fill(
            at=f"{until:%Y-%m-%d %H:%M}"
        )
    return None


def judge_slip(open_dispute: Dispute | None, organisation: int | None) -> T | None:
    """Say why somebody of this body cannot rule, or None."""
    if open_dispute is None:
        return T("没有待裁定的异议", "There is no objection to rule on")
    if organisation in (open_dispute.objector_id, open_dispute.sender_id):
        return T("当事一方不能裁定，须由第三方裁定", "A party cannot rule; a third party must")
    return None


def third_party(candidates: Sequence[int], parties: Iterable[int | None]) -> int | None:
    """Return the first body, of those that may rule there, that is no party; None if there is none."""
    barred = set(parties)
    return next((one for one in candidates if one not in barred), None)


def faults(declared: CaseType) -> list[str]:
    """Return what is wrong with the declared objection, in words for its author."""
    objection = declared.objection
    moves = {move.name: move for move in declared.moves}
    adjudicated = [move.name for move in declared.moves if move.to == "adjudicator"]
    if objection is None:
        return [f"move {name}: goes to an adjudicator, but no objection is declared" for name in adjudicated]
    found: list[str] = []
    first, second = moves.get(objection.move), moves.get(objection.ruling)
    if first is None or second is None:
        return [f"objection: has not both moves, {objection.move!r} and {objection.ruling!r}"]
    if adjudicated != [objection.move]:
        found.append(f"objection: the move {objection.move}, and only it, goes to the adjudicator")
    if second.to != "chosen" or second.by in (APPLICANT, SYSTEM):
        found.append(f"objection: the ruling {objection.ruling} must choose who handles the case")
    if not first.target or set(second.source) != {first.target}:
        found.append(
            f"objection: {objection.ruling} must leave from where {objection.move} leads, and only from there"
        )
    if first.note != "required" or second.note != "required":
        found.append("objection: both moves need their reason (note='required')")
    if objection.ground not in {field.name for field in first.fields}:
        found.append(f"objection: the move {objection.move} has no entry {objection.ground!r} for the ground")
    if objection.ruled_by not in {field.name for field in second.fields}:
        found.append(
            f"objection: the move {objection.ruling} has no entry {objection.ruled_by!r} for the basis"
        )
    if objection.unit not in UNITS or objection.within < 1 or objection.amount < 1:
        found.append("objection: its times are out of bounds")
    if not (objection.basis.zh.strip() and objection.basis.en.strip()):
        found.append("objection: it has no legal basis")
    return found
