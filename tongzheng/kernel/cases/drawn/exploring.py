"""Every way a process can go, its data left aside: where tokens would wait for ever, meet themselves, or never end.

Markings (which flows hold a token) are explored one by one, completely up to a bound: exact on free-choice nets, as all
drawings without data are. Past the bound only one order of independent steps is followed, which still finds every
deadlock but no longer every doubled token. Sub-processes are explored on their own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise

from .program import Definition, Place

MOST = 20_000
Marking = tuple[str, ...]


@dataclass(slots=True)
class Explored:
    """What was found in one scope. `stuck`: joins at which tokens wait for ever, with the flows that stay empty;
    `doubled`: flows that two tokens can be on at once; `endless`: no end can be reached from some way; `fired`: what
    can happen at all; `whole`: nothing was left out."""

    stuck: dict[str, set[str]] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)
    endless: bool = False
    fired: set[str] = field(default_factory=set)
    whole: bool = True
    states: int = 0


def explore(definition: Definition, room: str, *, most: int = MOST) -> Explored:
    """Return what can happen in a scope."""
    found = _Exploring(definition, room, most).run(reduced=False)
    if not found.whole:
        again = _Exploring(definition, room, most).run(reduced=True)
        again.doubled |= found.doubled
        again.fired |= found.fired
        again.stuck = {**found.stuck, **again.stuck}
        again.whole = False
        return again
    return found


class _Exploring:
    def __init__(self, definition: Definition, room: str, most: int) -> None:
        self.definition, self.room, self.most = definition, definition.rooms[room], most
        self.found = Explored()
        self.links = {
            trigger.label: place
            for place in definition.places.values()
            if place.scope == room and place.kind == "intermediateCatchEvent"
            for trigger in place.triggers
            if trigger.kind == "link"
        }

    def run(self, *, reduced: bool) -> Explored:
        found = self.found
        todo = [marking for start in self._starts() for marking in start]
        seen: dict[Marking, list[Marking]] = {}
        cut = False
        while todo:
            marking = todo.pop()
            if marking in seen:
                continue
            if len(seen) >= self.most:
                found.whole = False
                break
            doubled = {flow for flow, other in pairwise(marking) if flow == other}
            if doubled:
                found.doubled |= doubled
                cut = True
                seen[marking] = []
                continue
            following = list(self._following(marking, reduced))
            seen[marking] = following
            if not following and marking:
                self._stuck(marking)
            todo += following
        found.states = len(seen)
        if found.whole and not cut and not found.stuck and seen:
            found.endless = self._endless(seen)
        return found

    def _starts(self) -> Iterator[list[Marking]]:
        """Yield, for each way to begin, the markings right after it."""
        places = self.definition.places
        names = self.room.starts
        if names and places[names[0]].kind == "startEvent":
            for name in names:
                self.found.fired.add(name)
                yield [self._plus((), outs) for outs in self._outs(places[name])]
        else:
            markings: list[Marking] = [()]
            for name in names:
                self.found.fired.add(name)
                fires = [add for _, add in self._fires(places[name])]
                markings = [self._plus(one, add or ()) for one in markings for add in fires]
            yield markings

    def _plus(self, marking: Marking, more: tuple[str, ...]) -> Marking:
        return tuple(sorted(marking + more))

    def _following(self, marking: Marking, reduced: bool) -> Iterator[Marking]:
        at: dict[str, list[str]] = {}
        for flow in marking:
            at.setdefault(self.definition.flows[flow][1], []).append(flow)
        joins: list[tuple[Place, tuple[str, ...]]] = []
        picked = False
        for id, flows in at.items():
            place = self.definition.places.get(id)
            if place is None:
                continue
            if place.kind in ("parallelGateway", "inclusiveGateway", "complexGateway") and len(place.ins) > 1:
                if place.kind == "parallelGateway":
                    if all(flow in flows for flow in place.ins):
                        joins.append((place, place.ins))
                elif not self._awaited(place, set(flows), marking):
                    joins.append((place, tuple(flows)))
                continue
            if reduced and picked:
                continue
            picked = True
            for flow in flows[:1] if reduced else flows:
                yield from self._fired(place, (flow,), marking)
        for place, used in joins:
            yield from self._fired(place, used, marking)

    def _fired(self, place: Place, used: tuple[str, ...], marking: Marking) -> Iterator[Marking]:
        self.found.fired.add(place.id)
        rest = list(marking)
        for flow in used:
            rest.remove(flow)
        for event, more in self._fires(place):
            if event:
                self.found.fired.add(event)
            yield () if more is None else self._plus(tuple(rest), more)

    def _fires(self, place: Place) -> Iterator[tuple[str, tuple[str, ...] | None]]:
        """Yield the ways in which a place can fire: the flows that get a token, None when everything ends."""
        kinds = {trigger.kind for trigger in place.triggers}
        if place.kind == "endEvent" and kinds & {"terminate", "error", "cancel"}:
            yield "", None
            return
        if place.kind == "intermediateThrowEvent" and "link" in kinds:
            target = self.links.get(place.triggers[0].label)
            if target is not None:
                for outs in self._outs(target):
                    yield target.id, outs
            else:
                yield "", ()
            return
        for outs in self._outs(place):
            yield "", outs
            for name in place.boundary:
                one = self.definition.places[name]
                if not one.interrupts:
                    for more in self._outs(one):
                        yield name, outs + more
        for name in place.boundary:
            one = self.definition.places[name]
            if one.interrupts and not any(trigger.kind == "compensation" for trigger in one.triggers):
                for more in self._outs(one):
                    yield name, more

    def _outs(self, place: Place) -> Iterator[tuple[str, ...]]:
        outs = place.outs
        if place.kind in ("exclusiveGateway", "eventBasedGateway"):
            yield from ((flow,) for flow in outs)
            if not outs:
                yield ()
            return
        if place.kind == "parallelGateway" or len(outs) < 2:
            yield outs
            return
        flows = self.definition.flows
        always = tuple(flow for flow in outs if not flows[flow][2] and flow != place.default)
        if place.kind == "inclusiveGateway" and len(always) == len(outs):
            always = ()  # drawn without conditions: any of them may be meant
            perhaps = list(outs)
        else:
            perhaps = [flow for flow in outs if flows[flow][2] and flow != place.default]
        if always or place.default not in outs:
            yield from ([always] if always else [])
        else:
            yield (place.default,)
        sizes = range(1, len(perhaps) + 1) if len(perhaps) <= 6 else (1, 2, len(perhaps))
        for size in sizes:
            for chosen in combinations(perhaps, size):
                yield always + chosen

    def _awaited(self, place: Place, filled: set[str], marking: Marking) -> bool:
        reach = self.definition.reach[place.id]
        for flow in marking:
            target = self.definition.flows[flow][1]
            found = reach.get(target) if target != place.id else None
            if found and not found & filled:
                return True
        return False

    def _stuck(self, marking: Marking) -> None:
        held = set(marking)
        for flow in marking:
            target = self.definition.flows[flow][1]
            place = self.definition.places.get(target)
            if place is not None:
                self.found.stuck.setdefault(target, set()).update(set(place.ins) - held)

    def _endless(self, seen: dict[Marking, list[Marking]]) -> bool:
        """Tell whether from some marking that can be reached nothing leads to an end."""
        back: dict[Marking, list[Marking]] = {}
        for one, following in seen.items():
            for other in following:
                back.setdefault(other, []).append(one)
        ends = {()} if () in seen else set()
        leading: set[Marking] = set(ends)
        todo: list[Marking] = list(ends)
        while todo:
            for one in back.get(todo.pop(), ()):
                if one not in leading:
                    leading.add(one)
                    todo.append(one)
        return len(leading) < len(seen)
