"""The rules of the table of moves: who may make which move from where, why not, and what it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tongzheng.kernel.core.text import T

from .kinds import APPLICANT, SYSTEM, CaseType, Move

PHASES = ("open", "paused", "closed")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands, as far as the rules need it. `mover_id` made the last move; `made` are `once` moves made;
    `hindered`: why not, by move, for what stands beside the case (see `together.py`) or for its clocks (`timing.py`)."""

    state: str
    organisation_id: int | None
    opener_id: int | None
    previous_id: int | None
    handler_id: int | None
    mover_id: int | None = None
    made: frozenset[str] = frozenset()
    hindered: Mapping[str, T] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mover:
    """Who wants to move. `kind` as of identity; `applicant`: the case is theirs; `verdicts`: by action id, why not
    (None: permitted)."""

    id: int | None
    kind: str
    applicant: bool
    verdicts: Mapping[str, T | None]


@dataclass(frozen=True, slots=True)
class Choice:
    """What the mover chose beside the move: an organisation, a person, days; and the third party that was found."""

    organisation: int | None = None
    handler: int | None = None
    days: int | None = None
    adjudicator: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a move does. `clock` is "" or the clock's verb; `task`: the old piece of work ends and a new one opens.

    `waits`: the work waits for somebody else (the applicant, or a standstill).
    """

    state: str
    phase: str
    organisation_id: int | None
    previous_id: int | None
    handler_id: int | None
    clock: str
    days: int
    waits: bool
    work: bool


def refusal(move: Move, standing: Standing, mover: Mover) -> T | None:
    """Say why this move cannot be made now by this person, or None if it can."""
    if standing.state not in move.source:
        return T("当前环节不能“{move}”", "“{move}” cannot be made from this state").fill(move=move.title)
    if move.by == SYSTEM:
        if mover.kind != "system":
            return T("只由平台自动执行", "Only the platform itself does this")
    elif move.by == APPLICANT:
        if not mover.applicant:
            return T("只能由申请人本人办理", "Only the applicant can do this")
    elif (why := mover.verdicts.get(move.by)) is not None:
        return why
    if move.once and move.name in standing.made:
        return T("“{move}”只能办理一次，已经办过", "“{move}” can be made only once, and has been").fill(
            move=move.title
        )
    if move.name in standing.hindered:
        return standing.hindered[move.name]
    if move.separate and mover.id is not None and mover.id == standing.mover_id:
        return T(
            "上一环节由您办理，这一步须由他人办理",
            "You made the last move; this one must be made by somebody else",
        )
    return None


def slips(move: Move, choice: Choice, note: str, *, most: int | None = None) -> dict[str, T]:
    """Return, by entry, what is missing or wrong in what the mover handed in beside the move's own form.

    Args: most, by how much the limit can still be extended, None for as much as the move says.
    """
    most = move.extend_limit if most is None else most
    found: dict[str, T] = {}
    if move.note == "required" and not note.strip():
        found["note"] = T("请填写理由", "Please give the reason")
    if move.note == "none" and note.strip():
        found["note"] = T("这一步不填意见", "This move takes no note")
    if len(note) > 4000:
        found["note"] = T("最多 4000 个字", "At most 4000 characters")
    if move.to == "chosen" and choice.organisation is None:
        found["organisation"] = T("请选择单位", "Please choose an organisation")
    if move.to != "chosen" and choice.organisation is not None:
        found["organisation"] = T("这一步不能选择单位", "This move does not choose an organisation")
    if asks_days(move):
        if choice.days is None:
            found["days"] = T("请填写延长的时间", "Please say by how much")
        elif not 1 <= choice.days <= most:
            found["days"] = T("应在 1 到 {n} 之间", "Between 1 and {n}").fill(n=most)
    elif choice.days is not None and (move.clock != "start" or not 0 <= choice.days <= 3660):
        found["days"] = T("这一步不能改时限", "This move does not change the limit")
    return found


def asks_days(move: Move) -> bool:
    """Tell whether the mover must say by how much the limit is extended."""
    return move.clock in ("extend", "ask")


def effect(
    case_type: CaseType, move: Move, standing: Standing, choice: Choice, mover_id: int | None
) -> Effect:
    """Return what the move does to the case. The move has been found possible and its entries sound."""
    state = move.target or standing.state
    phase = case_type.state(state).phase
    organisation, previous, handler = _holder(move, standing, choice, mover_id)
    clock = move.clock
    if phase == "closed" and case_type.state(standing.state).phase != "closed":
        clock = "stop"
    return Effect(
        state=state,
        phase=phase,
        organisation_id=organisation,
        previous_id=previous,
        handler_id=handler,
        clock=clock,
        days=choice.days or 0,
        waits=phase == "paused" or (move.to == "applicant" and phase == "open"),
        work=phase != "closed" and organisation is not None,
    )


def _holder(
    move: Move, standing: Standing, choice: Choice, mover_id: int | None
) -> tuple[int | None, int | None, int | None]:
    """Return who holds the case afterwards: organisation, the one before it, handler."""
    old = standing.organisation_id
    new = {
        "chosen": choice.organisation,
        "opener": standing.opener_id or old,
        "previous": standing.previous_id or standing.opener_id or old,
        "adjudicator": choice.adjudicator,
        "nobody": None,
    }.get(move.to, old)
    moved = new != old
    handler = choice.handler
    if handler is None:
        if move.claims:
            handler = mover_id
        elif not moved and move.to in ("same", "applicant"):
            handler = standing.handler_id
    return new, (old if moved else standing.previous_id), handler
