"""What the inspector asks of the clocks of a case type, and of the moves that touch them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.messages.kinds import Template

from .clock_kinds import Amount, Clock, Escalation, RunsOut, triggers
from .clocks import UNITS
from .kinds import SYSTEM, CaseType, Move

WHOSE = ("office", "applicant")
WHOM = ("handler", "office", "superior", "applicant")


def said(text: T) -> bool:
    """Tell whether a text says something in both languages."""
    return bool(text.zh.strip() and text.en.strip())


def clock_faults(declared: CaseType, registry: Registry) -> Iterator[str]:
    """Yield what is wrong with the clocks of a type."""
    verbs = {move.clock for move in declared.moves} - {""}
    if not declared.limits:
        if verbs:
            yield f"moves {', '.join(sorted(verbs))} a clock that it has not"
        return
    names = [limit.name for limit in declared.limits]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the clock {name} stands twice"
    if declared.clock is None:
        yield "it has clocks but none that everyone watches"
    for limit in declared.limits:
        yield from (f"clock {limit.name}: {fault}" for fault in _limit(declared, limit, verbs, registry))
    for move in declared.moves:
        yield from (f"move {move.name}: {fault}" for fault in _move(declared, move, names))
    if "ask" in verbs and not {"allow", "deny"} <= verbs:
        yield "an extension can be asked for, but not both allowed and denied"


def _limit(declared: CaseType, limit: Clock, verbs: set[str], registry: Registry) -> Iterator[str]:
    if limit.unit not in UNITS:
        yield f"there is no unit {limit.unit!r}"
    if limit.amount < 0 or not 0 < limit.soon <= 1:
        yield "the amount or the part for yellow is out of bounds"
    if not said(limit.basis):
        yield "it has no basis"
    if limit.whose not in WHOSE:
        yield f"it is nobody's: {limit.whose!r}"
    if limit.name.startswith("13710."):
        yield "its name is kept for supervision"
    if not triggers(limit.starts):
        yield "nothing starts it"
    for use in ("starts", "stops", "resets"):
        for trigger in triggers(getattr(limit, use)):
            if (fault := _trigger(declared, trigger, verbs)) is not None:
                yield f"{use}: {fault}"
    states = {state.name for state in declared.states}
    for name in limit.pauses or ():
        if name not in states:
            yield f"pauses: there is no state {name!r}"
    yield from _amounts(declared, limit, verbs)
    for stage in limit.escalations:
        yield from _escalation(stage, registry)
    if limit.out is not None:
        yield from _out(declared, limit, limit.out)


def _trigger(declared: CaseType, trigger: str, verbs: set[str]) -> str | None:
    what, _, name = trigger.partition(":")
    if trigger == "open":
        return None
    if trigger == "move":
        return None if "start" in verbs else "no move starts it"
    if what == "move":
        return None if any(move.name == name for move in declared.moves) else f"there is no move {name!r}"
    if what in ("into", "out"):
        return None if any(state.name == name for state in declared.states) else f"there is no state {name!r}"
    return f"there is no trigger {trigger!r}"


def _amounts(declared: CaseType, limit: Clock, verbs: set[str]) -> Iterator[str]:
    fields = {field.name: field for field in declared.fields}
    shadow: Amount | None = None
    for row in limit.amounts:
        if shadow is not None and not row.on:
            yield "a row of its amounts can never hold: one before it fits everything"
            break
        if row.amount < 0 or (row.unit and row.unit not in UNITS):
            yield "a row of its amounts has no sound amount or unit"
        if row.on and (fault := _trigger(declared, row.on, verbs)) is not None:
            yield f"amounts: {fault}"
        if row.since and row.until and row.since >= row.until:
            yield "a row of its amounts ends before it begins"
        for name, value in row.when:
            field = fields.get(name)
            if field is None:
                yield f"amounts: the form has no entry {name!r}"
            elif field.choices and value not in dict(field.choices):
                yield f"amounts: {name} is never {value!r}"
        if not (row.when or row.region or row.on or row.since or row.until):
            shadow = row


def _escalation(stage: Escalation, registry: Registry) -> Iterator[str]:
    if not 0 < stage.at <= 10 or not 1 <= stage.level <= 5:
        yield "escalation: the part or the level is out of bounds"
    if stage.to not in WHOM and registry.find(Action, stage.to) is None:
        yield f"escalation: it goes to nobody: {stage.to!r}"
    if stage.template and registry.find(Template, stage.template) is None:
        yield f"escalation: no template is declared as {stage.template!r}"


def _out(declared: CaseType, limit: Clock, out: RunsOut) -> Iterator[str]:
    if not said(out.basis):
        yield "what follows when it runs out rests on no basis"
    move = next((move for move in declared.moves if move.name == out.move), None)
    if move is None:
        yield f"when it runs out there is no move {out.move!r}"
    elif move.after != limit.name:
        yield f"when it runs out: the move {out.move} must say after={limit.name!r}"
    elif out.signed == (move.by == SYSTEM):
        yield f"when it runs out: {out.move} is " + (
            "to be signed by a person, but only the platform makes it"
            if out.signed
            else "made by the platform, but the move is a person's"
        )


def _move(declared: CaseType, move: Move, clocks: list[str]) -> Iterator[str]:
    for name in (*move.clocks, *((move.after,) if move.after else ())):
        if name not in clocks:
            yield f"there is no clock {name!r}"
    if move.grounds and move.clock != "pause":
        yield "it has grounds of a standstill but no clock='pause'"
    if move.grounds and not (move.tells and move.document):
        yield "a standstill with grounds is announced to the applicant in writing: it needs tells and a document"
    for ground in move.grounds:
        if not said(ground.basis):
            yield f"the ground {ground.name} rests on nothing"
    if move.clock in ("allow", "deny"):
        asks = {one.by for one in declared.moves if one.clock == "ask"}
        if move.by in asks:
            yield "who asks for an extension cannot be the one to decide on it"
    if move.within is not None:
        if any(declared.state(name).phase != "closed" for name in move.source):
            yield "within counts from the closing, but it leaves a state that is not closed"
        if move.within[0] < 1 or move.within[1] not in UNITS:
            yield "within is no length of time"
