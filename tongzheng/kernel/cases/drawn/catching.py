"""What a process waits for: starts, timers, messages, signals, conditions; and what happens when it comes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tongzheng.kernel.core.text import T

from . import timing
from .model import Trigger
from .program import Place
from .state import Effect, Event, NotWaiting, Run, Wrong


def start(run: Run, event: Event) -> None:
    """Begin a process, at the start event named, or at its plain one."""
    definition = run.definition
    names = definition.starts
    if event.element:
        place = definition.places.get(event.element)
        after_gate = place is not None and event.element not in names
        if place is None or (after_gate and not _instantiates(run, place)):
            raise NotWaiting(f"{event.element} starts nothing")
        chosen: list[str] = [event.element]
    else:
        chosen = [name for name in names if not definition.places[name].triggers]
        if definition.places and names and definition.places[names[0]].kind == "startEvent":
            chosen = chosen[:1]  # of several plain start events one is meant, and the first is as good as any
    if not chosen:
        raise NotWaiting("it has no plain start event")
    run.state["status"] = "running"
    root = run.open_scope(definition.process, None, "")
    run.assign(root, event.data)
    _watch(run, root)
    for name in chosen:
        key = run.put(name, root)
        if definition.places[name].kind != "startEvent" and event.element:
            run.queue[-1] = ("leave", key)
            run.path.append(name)


def _instantiates(run: Run, place: Place) -> bool:
    """Tell whether a place follows an event gateway that begins a process."""
    for flow in place.ins:
        gate = run.definition.places.get(run.definition.flows[flow][0])
        if gate is not None and gate.rules.get("instantiate") == "true":
            return True
    return place.kind == "receiveTask" and not place.ins


def enter(run: Run, scope: str) -> None:
    """Begin a sub-process in its scope."""
    room = run.definition.rooms[run.scopes[scope]["of"]]
    _watch(run, scope)
    plain = [name for name in room.starts if not run.definition.places[name].triggers]
    chosen = plain[:1] if plain and run.definition.places[plain[0]].kind == "startEvent" else plain
    for name in chosen:
        run.put(name, scope)
    if not chosen:
        run.queue.append(("over", scope))


def _watch(run: Run, scope: str) -> None:
    """Wait, in a scope, for what begins its event sub-processes."""
    room = run.definition.rooms[run.scopes[scope]["of"]]
    for name in room.watching:
        for trigger in run.definition.places[name].triggers:
            if trigger.kind == "timer":
                _set(run, name, trigger, scope=scope)


def arm(run: Run, key: str, place: Place) -> None:
    """Wait for what the boundary events of an activity wait for."""
    token = run.tokens[key]
    if not place.boundary or token.get("armed"):
        return
    token["armed"] = True
    for name in place.boundary:
        for trigger in run.definition.places[name].triggers:
            if trigger.kind == "timer":
                _set(run, name, trigger, scope=token["in"], token=key)


def _set(run: Run, at: str, trigger: Trigger, *, scope: str, token: str = "") -> None:
    text = _time(run, trigger, scope)
    try:
        due, left = timing.first_due(trigger.form, text, run.now)
    except timing.NotTime:
        raise Wrong(
            T("“{x}”不是 ISO 8601 时间", "“{x}” is no time of ISO 8601").fill(x=text[:80] or "—")
        ) from None
    if left:
        run.set_timer(at, due, left, token=token, scope=scope)


def _time(run: Run, trigger: Trigger, scope: str) -> str:
    """Return a timer's text: as it stands if it is a time, else the value of the expression that it is."""
    try:
        timing.first_due(trigger.form, trigger.text, run.now)
    except timing.NotTime:
        return str(run.value(trigger.text, scope)) if trigger.text else ""
    return trigger.text


def wait(run: Run, key: str, place: Place) -> None:
    """A token has come to an intermediate event and waits there."""
    token = run.tokens[key]
    kinds = {trigger.kind for trigger in place.triggers}
    if not kinds or kinds == {"link"}:
        run.queue.append(("leave", key))
        return
    for trigger in place.triggers:
        if trigger.kind == "timer":
            _set(run, place.id, trigger, scope=token["in"], token=key)
    token["wait"] = "event"


def wait_first(run: Run, key: str, place: Place) -> None:
    """A token has come to an event gateway: the first event that comes decides."""
    token = run.tokens[key]
    for target in _targets(run, place):
        for trigger in target.triggers:
            if trigger.kind == "timer":
                _set(run, target.id, trigger, scope=token["in"], token=key)
    token["wait"] = "first"


def _targets(run: Run, place: Place) -> list[Place]:
    return [run.definition.places[run.definition.flows[flow][1]] for flow in place.outs]


# What comes


def happened(run: Run, key: str, at: str) -> None:
    """An event that a token waited for has come, at the place itself, at an event gateway's target or on the border."""
    token, place = run.tokens[key], run.definition.places[at]
    if place.kind == "boundaryEvent":
        border(run, key, place)
        return
    run.clear_timers(key)
    token.pop("wait", None)
    if token["at"] != at:
        flow = next(f for f in run.place(key).outs if run.definition.flows[f][1] == at)
        run.path += [flow, at]
        token["at"] = at
    run.queue.append(("finish" if place.kind == "receiveTask" else "leave", key))


def border(run: Run, key: str, place: Place) -> None:
    """A boundary event of the activity where a token is has fired."""
    token = run.tokens[key]
    run.put(place.id, token["in"])
    if place.interrupts:
        run.kill(key)


def begin_watched(run: Run, scope: str, start: str, data: Mapping[str, Any]) -> None:
    """An event sub-process begins in a scope; if it interrupts, everything else there ends."""
    definition = run.definition
    sub = definition.watched[start]
    key = run.put(sub, scope)
    run.queue.remove(("arrive", key))
    run.path.append(sub)
    if definition.places[start].interrupts:
        run.clear_scope(scope, spared=key)
        for timer in [k for k, one in run.timers.items() if one["sc"] == scope and not one["tk"]]:
            run.clear_timer(timer)
        run.scopes[scope]["interrupted"] = True
    token = run.tokens[key]
    token["sub"] = inner = run.open_scope(sub, scope, key, event=True)
    run.scopes[inner]["vars"].update({str(k): v for k, v in data.items()})
    _watch(run, inner)
    run.put(start, inner)
    run.changed = True


def timer(run: Run, number: str) -> None:
    """A timer has fired. Raises NotWaiting."""
    found = run.timers.get(number)
    if found is None:
        raise NotWaiting(f"there is no timer {number}")
    place = run.definition.places[found["at"]]
    left = found["left"] - 1 if found["left"] > 0 else found["left"]
    trigger = next(t for t in place.triggers if t.kind == "timer")
    run.timers.pop(number)
    run.effects.append(Effect("untimer", number, found["at"]))
    stays = not place.interrupts and place.kind in ("boundaryEvent", "startEvent")
    if left and stays and trigger.form == "cycle":
        text = _time(run, trigger, found["sc"])
        due = timing.next_due(text, datetime.fromisoformat(found["due"]))
        run.set_timer(found["at"], due, left, token=found["tk"], scope=found["sc"])
    if found["tk"]:
        happened(run, found["tk"], found["at"])
    else:
        begin_watched(run, found["sc"], found["at"], {})


def _catchers(run: Run, kinds: tuple[str, ...]) -> Iterator[tuple[str, str, str, Trigger]]:
    """Yield what is waited for: (token or "", scope, place, trigger), those that wait for nothing else first."""
    places = run.definition.places
    for key, token in list(run.tokens.items()):
        if token.get("wait") in ("event", "message", "first"):
            place = places[token["at"]]
            spots = _targets(run, place) if token["wait"] == "first" else [place]
            for spot in spots:
                if spot.kind == "receiveTask" and "message" in kinds:
                    yield key, token["in"], spot.id, Trigger("message", label=spot.rules.get("message", ""))
                for trigger in spot.triggers:
                    if trigger.kind in kinds:
                        yield key, token["in"], spot.id, trigger
    for key, token in list(run.tokens.items()):
        if not token.get("armed"):
            continue
        for name in places[token["at"]].boundary:
            for trigger in places[name].triggers:
                if trigger.kind in kinds:
                    yield key, token["in"], name, trigger
    for scope, found in list(run.scopes.items()):
        if found.get("one") is not None or found.get("interrupted"):
            continue
        for name in run.definition.rooms[found["of"]].watching:
            for trigger in places[name].triggers:
                if trigger.kind in kinds:
                    yield "", scope, name, trigger


def subscriptions(run: Run) -> list[tuple[str, str, str]]:
    """Return the messages and signals that are waited for: (kind, name, token)."""
    return [
        (trigger.kind, trigger.label, key) for key, _, _, trigger in _catchers(run, ("message", "signal"))
    ]


def _catch(run: Run, key: str, scope: str, at: str, data: Mapping[str, Any]) -> None:
    if key:
        run.assign(run.tokens[key]["in"], data)
        happened(run, key, at)
    else:
        begin_watched(run, scope, at, data)


def message(run: Run, name: str, data: Mapping[str, Any], token: str = "") -> bool:
    """Give a message to the first that waits for it; tell whether anyone did."""
    for key, scope, at, trigger in _catchers(run, ("message",)):
        if trigger.label == name and (not token or token == key):
            _catch(run, key, scope, at, data)
            return True
    return False


def signal(run: Run, name: str, data: Mapping[str, Any]) -> bool:
    """Give a signal to everyone who waits for it; tell whether anyone did."""
    caught = False
    for key, scope, at, trigger in list(_catchers(run, ("signal",))):
        # One that came before may have ended what this one waited in.
        if trigger.label == name and (key in run.tokens if key else scope in run.scopes):
            _catch(run, key, scope, at, data)
            caught = True
    return caught


def conditions(run: Run) -> bool:
    """Fire one conditional event whose condition has become true; tell whether there was one."""
    if not run.changed:
        return False
    for key, scope, at, trigger in _catchers(run, ("conditional",)):
        holder = run.tokens[key] if key else run.scopes[scope]
        held: list[str] = holder.setdefault("held", [])
        try:
            true = run.true(trigger.text, scope)
        except Wrong:
            true = False  # a variable that is not there yet
        if not true:
            if at in held:
                held.remove(at)
        elif at not in held:
            held.append(at)
            _catch(run, key, scope, at, {})
            return True
    run.changed = False
    return False


__all__ = [
    "arm",
    "begin_watched",
    "border",
    "conditions",
    "enter",
    "message",
    "signal",
    "start",
    "subscriptions",
    "timer",
    "wait",
    "wait_first",
]
