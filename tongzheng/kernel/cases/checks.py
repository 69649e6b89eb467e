"""What the inspector asks of every declared case type, in words for its author. Pure: the registry is handed in."""

from __future__ import annotations

from collections.abc import Iterator

from tongzheng.kernel.core.registry import Registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.kinds import Action
from tongzheng.kernel.messages.kinds import Template

from . import disputes, forms, grouping, joint
from .clock_checks import clock_faults
from .flow import PHASES
from .kinds import APPLICANT, SYSTEM, CaseType, Move

HOLDERS = ("same", "chosen", "opener", "previous", "applicant", "nobody", "adjudicator")
NOTES = ("none", "optional", "required")
CLOCKS = ("", "start", "pause", "resume", "stop", "extend", "ask", "allow", "deny")


def faults(registry: Registry) -> list[str]:
    """Return a sentence for every fault in a declared case type, naming it; [] when all are sound."""
    found: list[str] = []
    prefixes: dict[str, str] = {}
    for id, declared in registry.of(CaseType).items():
        found += [f"CaseType {id}: {fault}" for fault in type_faults(declared, registry)]
        other = prefixes.setdefault(declared.prefix, id)
        if other != id:
            found.append(f"CaseType {id}: the prefix {declared.prefix} is that of {other}")
    return found


def type_faults(declared: CaseType, registry: Registry) -> Iterator[str]:
    """Yield what is wrong with one case type."""
    names = [state.name for state in declared.states]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the state {name} stands twice"
    for state in declared.states:
        if state.phase not in PHASES:
            yield f"state {state.name}: there is no phase {state.phase!r}"
    if declared.start not in names:
        yield f"it starts in {declared.start!r}, which is no state of it"
        return
    if not declared.prefix.isascii() or not declared.prefix.isupper() or len(declared.prefix) > 8:
        yield f"the prefix {declared.prefix!r} is not one to eight capitals"
    if not _said(declared.basis):
        yield "it has no legal basis"
    yield from _actions(declared, registry)
    yield from (f"form: {fault}" for fault in forms.faults(declared.fields))
    yield from _templates(declared.tells, registry, "")
    moves = [move.name for move in declared.moves]
    for name in sorted({name for name in moves if moves.count(name) > 1}):
        yield f"the move {name} stands twice"
    sound = True
    for move in declared.moves:
        for fault in _move(declared, move, names, registry):
            sound = False
            yield f"move {move.name}: {fault}"
    if sound:
        yield from clock_faults(declared, registry)
        yield from _paths(declared)
        yield from _keys(declared)
        yield from _together(declared, registry)


def _together(declared: CaseType, registry: Registry) -> Iterator[str]:
    """Yield what is wrong with how work is done together."""
    yield from grouping.sharing_faults(declared)
    yield from joint.faults(declared)
    yield from disputes.faults(declared)
    uses = [("merging", declared.merging.by)] if declared.merging else []
    for one in declared.subtasks:
        uses += [(f"subtask {one.name}", one.by), (f"subtask {one.name}", one.does)]
    for use, action in uses:
        if registry.find(Action, action) is None:
            yield f"{use}: no action is declared as {action!r}"
    if declared.merging:
        yield from _templates(declared.merging.tells, registry, "merging: ")


def _said(text: T) -> bool:
    return bool(text.zh.strip() and text.en.strip())


def _actions(declared: CaseType, registry: Registry) -> Iterator[str]:
    for use, action in (("opens", declared.opens), ("reads", declared.reads)):
        if registry.find(Action, action) is None:
            yield f"{use}: no action is declared as {action!r}"
    reads = registry.find(Action, declared.reads)
    if reads is not None and reads.open_to:
        yield f"reads: {declared.reads} is open to all, who would read everyone's cases"


def _templates(ids: tuple[str, ...], registry: Registry, where: str) -> Iterator[str]:
    for id in ids:
        if registry.find(Template, id) is None:
            yield f"{where}tells: no template is declared as {id!r}"


def _move(declared: CaseType, move: Move, names: list[str], registry: Registry) -> Iterator[str]:
    if not move.source:
        yield "it leaves from nowhere"
    for state in (*move.source, *([move.target] if move.target else [])):
        if state not in names:
            yield f"there is no state {state!r}"
            return
    if move.by not in (APPLICANT, SYSTEM) and registry.find(Action, move.by) is None:
        yield f"by: no action is declared as {move.by!r}"
    action = registry.find(Action, move.by)
    if action is not None and action.open_to:
        yield f"by: {move.by} is open to all, who would move everyone's cases; say APPLICANT for one's own"
    if not _said(move.basis):
        yield "it has no legal basis"
    for value, known, what in (
        (move.to, HOLDERS, "to"),
        (move.note, NOTES, "note"),
        (move.clock, CLOCKS, "clock"),
    ):
        if value not in known:
            yield f"{what}: there is no {value!r}"
    if (move.clock in ("extend", "ask")) != (move.extend_limit > 0):
        yield "an extension needs an extend_limit, and nothing else has one"
    if move.to == "nobody" and move.target and declared.state(move.target).phase != "closed":
        yield "nobody would hold an open case"
    if move.claims and (move.to in ("chosen", "nobody") or move.by in (APPLICANT, SYSTEM)):
        yield "whoever claims a case must be of the office that holds it"
    yield from (f"form: {fault}" for fault in forms.faults(move.fields))
    yield from _templates(move.tells, registry, "")
    if declared.clock is not None:
        yield from _pauses(declared, move)


def _pauses(declared: CaseType, move: Move) -> Iterator[str]:
    """Yield where the clock and the phase of the states would disagree."""
    for name in move.source:
        before, then = declared.state(name).phase, declared.state(move.target or name).phase
        if then == "paused" and before != "paused" and move.clock != "pause":
            yield f"from {name} it reaches a pause without clock='pause'"
        if then != "paused" and move.clock == "pause":
            yield f"from {name} it stops the clock but reaches no pause"
        if before == "paused" and then == "open" and move.clock not in ("resume", "start"):
            yield f"from {name} it ends a pause without clock='resume'"


def _paths(declared: CaseType) -> Iterator[str]:
    """Yield states that nothing reaches, and open states from which no way leads to a closed one."""
    forward: dict[str, set[str]] = {state.name: set() for state in declared.states}
    for move in declared.moves:
        for name in move.source:
            forward[name].add(move.target or name)
    reached = _closure({declared.start}, forward)
    for state in declared.states:
        if state.name not in reached:
            yield f"state {state.name}: nothing leads there"
    backward: dict[str, set[str]] = {state.name: set() for state in declared.states}
    for name, targets in forward.items():
        for target in targets:
            backward[target].add(name)
    ends = {state.name for state in declared.states if state.phase == "closed"}
    if not ends:
        yield "it has no closed state"
    leading = _closure(ends, backward)
    for state in declared.states:
        if state.phase != "closed" and state.name not in leading:
            yield f"state {state.name}: no way leads from it to a closed one"


def _closure(start: set[str], steps: dict[str, set[str]]) -> set[str]:
    found, todo = set(start), list(start)
    while todo:
        for state in steps[todo.pop()] - found:
            found.add(state)
            todo.append(state)
    return found


def _keys(declared: CaseType) -> Iterator[str]:
    """Yield keys that two moves from one state share."""
    for state in declared.states:
        seen: dict[str, str] = {}
        for move in declared.moves:
            if not move.key or state.name not in move.source:
                continue
            if (other := seen.setdefault(move.key, move.name)) != move.name:
                yield f"state {state.name}: the key {move.key} is that of {other} and of {move.name}"
