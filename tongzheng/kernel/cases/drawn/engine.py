"""One step of a drawn process: `step(definition, state, event, now=…, evaluate=…)` gives the state after it and what it
asks of the world. Pure: the same input gives the same output, and the state handed in is left as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from tongzheng.kernel.core.text import T

from . import activities, catching, gateways, throwing
from .program import Definition
from .state import Effect, Evaluate, Event, NotWaiting, Run, Runaway, State, Wrong, new_state

__all__ = [
    "Effect",
    "Event",
    "NotWaiting",
    "Runaway",
    "begin",
    "new_state",
    "next_due",
    "step",
    "waiting_for",
]


def begin(
    definition: Definition,
    variables: Mapping[str, Any],
    *,
    now: datetime,
    evaluate: Evaluate,
    element: str = "",
) -> tuple[State, tuple[Effect, ...], tuple[str, ...]]:
    """Start a process, at its plain start event or at the one named. Returns as `step`."""
    event = Event("start", element=element, data=variables)
    return step(definition, new_state(), event, now=now, evaluate=evaluate)


def step(
    definition: Definition, state: State, event: Event, *, now: datetime, evaluate: Evaluate
) -> tuple[State, tuple[Effect, ...], tuple[str, ...]]:
    """Return the state after an event, what is asked of the world, and the elements and flows that were passed.

    Args: evaluate, gives the value of a FEEL expression. Raises NotWaiting (nothing waits for the event; nothing
    happened), Runaway (it would have gone beyond the bounds; nothing happened).
    """
    run = Run(definition, orjson.loads(orjson.dumps(state)), now, evaluate)
    _happen(run, event)
    settle(run)
    return run.state, tuple(run.effects), tuple(run.path)


def _happen(run: Run, event: Event) -> None:
    if event.kind == "start":
        if run.state["status"] != "new":
            raise NotWaiting("it has begun already")
        catching.start(run, event)
        return
    if run.state["status"] != "running":
        raise NotWaiting(f"it is {run.state['status']}")
    if event.kind in ("done", "failed", "escalated", "retry"):
        _of_token(run, event)
    elif event.kind == "timer":
        catching.timer(run, event.token)
    elif event.kind == "message":
        if not catching.message(run, event.name, event.data, event.token):
            raise NotWaiting(f"nothing waits for the message {event.name}")
    elif event.kind == "signal":
        if not catching.signal(run, event.name, event.data):
            raise NotWaiting(f"nothing waits for the signal {event.name}")
    elif event.kind == "changed":
        root = next(key for key, scope in run.scopes.items() if scope["up"] is None)
        run.assign(root, event.data)
    else:
        raise NotWaiting(f"there is no event {event.kind}")


def _of_token(run: Run, event: Event) -> None:
    token = run.tokens.get(event.token)
    if token is None:
        raise NotWaiting(f"there is no token {event.token}")
    wait = token.get("wait")
    if event.kind == "retry":
        if wait != "incident":
            raise NotWaiting("it has no incident")
        run.assign(token["in"], event.data)
        del token["incident"], token["wait"]
        run.queue.append((token.pop("again", "arrive"), event.token))
        return
    if wait not in ("task", "service"):
        raise NotWaiting("it waits for nothing of that kind")
    if event.kind == "done":
        try:
            activities.done(run, event.token, event.data)
        except Wrong as wrong:
            token["again"] = "arrive"
            run.incident(event.token, wrong.words)
    elif event.kind == "failed":
        throwing.error(run, event.token, event.name, event.data)
    else:
        throwing.escalation(run, token["in"], event.token, event.name, event.data)


def settle(run: Run) -> None:
    """Work until nothing can go on by itself."""
    while True:
        while run.queue:
            verb, key = run.queue.pop(0)
            run.count()
            _work(run, verb, key)
        if run.state["status"] != "running":
            return
        if gateways.release(run) or catching.conditions(run):
            continue
        if not run.queue:
            return


def _work(run: Run, verb: str, key: str) -> None:
    if verb == "over":
        _over(run, key)
        return
    token = run.tokens.get(key)
    if token is None or token.get("wait") == "incident":
        return
    try:
        if verb == "arrive":
            _arrive(run, key)
        elif verb == "finish":
            activities.finish(run, key)
        elif verb == "leave":
            gateways.leave(run, key)
    except Wrong as wrong:
        if key in run.tokens:
            run.tokens[key]["again"] = verb
            run.incident(key, wrong.words)


def _arrive(run: Run, key: str) -> None:
    place = run.place(key)
    run.path.append(place.id)
    kind = place.kind
    if kind.endswith("Gateway"):
        gateways.arrive(run, key, place)
    elif kind in ("startEvent", "boundaryEvent"):
        gateways.leave(run, key)
    elif kind == "intermediateCatchEvent":
        catching.wait(run, key, place)
    elif kind in ("intermediateThrowEvent", "endEvent"):
        throwing.throw(run, key, place)
    else:
        activities.begin(run, key, place)


def _over(run: Run, key: str) -> None:
    """A scope has no token left: what it was part of goes on."""
    scope = run.scopes.get(key)
    if scope is None or scope["live"]:
        return
    if scope.get("one"):
        return  # an instance of many is ended by whoever counts them
    run.end_scope(key)
    if scope["up"] is None:
        run.state["status"] = "ended"
        run.state["vars"] = scope["vars"]
        run.effects.append(Effect("ended", data=scope["vars"]))
        return
    owner = run.tokens.get(scope["by"])
    if owner is None:
        return
    owner.pop("sub", None)
    if scope.get("apart"):
        above = run.tokens[scope["by"]]["in"]
        run.assign(above, {k: v for k, v in scope["vars"].items() if k in scope["apart"]})
    if scope.get("done"):
        owner["inner"] = scope["done"]
    run.queue.append(("finish", scope["by"]))


def next_due(state: State) -> datetime | None:
    """Return when the next timer fires, or None."""
    dues = [datetime.fromisoformat(one["due"]) for one in state["timers"].values()]
    return min(dues) if dues else None


def waiting_for(definition: Definition, state: State) -> list[tuple[str, str, str]]:
    """Return what a state waits for from outside: (kind, name, token), kinds "message" and "signal"."""
    run = Run(definition, state, datetime.fromtimestamp(0).astimezone(), lambda _text, _seen: None)
    return catching.subscriptions(run)


STATUS = {
    "new": T("未开始", "not begun"),
    "running": T("进行中", "running"),
    "ended": T("已结束", "ended"),
    "failed": T("出错终止", "ended by an error"),
}
