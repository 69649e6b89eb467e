"""What a process throws: ends, messages, signals, errors, escalations, compensation, cancellation. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tongzheng.kernel.core.text import T

from . import catching
from .model import Trigger
from .program import Place
from .state import Effect, Run, Wrong


def throw(run: Run, key: str, place: Place) -> None:
    """A token has come to an event that throws, or to an end."""
    token = run.tokens[key]
    scope = token["in"]
    if "queue" in token:
        _next(run, key)
        return
    for trigger in place.triggers:
        if trigger.kind == "message":
            data = {name: run.value(text, scope) for name, text in place.inputs}
            run.effects.append(Effect("message", key, place.id, trigger.label, data))
        elif trigger.kind == "signal":
            data = {name: run.value(text, scope) for name, text in place.inputs}
            run.effects.append(Effect("signal", key, place.id, trigger.label, data))
            catching.signal(run, trigger.label, data)
        elif trigger.kind == "escalation":
            escalation(run, scope, "", trigger.label, {})
        elif trigger.kind == "link":
            _link(run, key, trigger)
            return
        elif trigger.kind == "error":
            run.drop(key)
            _raise(run, scope, trigger.label, {}, place.id)
            return
        elif trigger.kind == "terminate":
            run.clear_scope(scope)
            return
        elif trigger.kind in ("compensation", "cancel"):
            _compensate(run, key, trigger)
            return
        if key not in run.tokens:
            return  # what was thrown has ended the thrower
    if place.kind == "endEvent":
        run.drop(key)
    else:
        run.queue.append(("leave", key))


def _link(run: Run, key: str, trigger: Trigger) -> None:
    token = run.tokens[key]
    room = run.definition.places[token["at"]].scope
    for place in run.definition.places.values():
        if place.kind == "intermediateCatchEvent" and place.scope == room:
            for other in place.triggers:
                if other.kind == "link" and other.label == trigger.label:
                    run.put(place.id, token["in"])
                    run.drop(key)
                    return
    raise Wrong(T("没有名为“{name}”的链接目标", "there is no link target “{name}”").fill(name=trigger.label))


# Errors and escalations: from where they arise outwards, to the first that catches them


def error(run: Run, key: str, code: str, data: Mapping[str, Any]) -> None:
    """The work of a token has failed with an error."""
    found = _on_border(run, key, "error", code)
    if found is not None:
        run.assign(run.tokens[key]["in"], data)
        catching.border(run, _outer(run, key), found)
        return
    scope = run.tokens[key]["in"]
    _raise(run, scope, code, data, run.tokens[key]["at"])


def _raise(run: Run, scope: str, code: str, data: Mapping[str, Any], origin: str) -> None:
    for at, owner, start in _outwards(run, scope, "error", code):
        if start:
            catching.begin_watched(run, at, start, {**data, "errorCode": code})
            return
        if owner and (found := _on_border(run, owner, "error", code)) is not None:
            catching.border(run, _outer(run, owner), found)
            return
    for token in list(run.tokens):
        if token in run.tokens:
            run.kill(token)
    run.queue.clear()
    for timer in list(run.timers):
        run.clear_timer(timer)
    run.scopes.clear()
    run.state["status"] = "failed"
    words = T("没有谁捕获错误“{code}”", "nobody catches the error “{code}”").fill(code=code or "—")
    run.effects.append(Effect("error", element=origin, name=code, words=words))


def escalation(run: Run, scope: str, key: str, code: str, data: Mapping[str, Any]) -> None:
    """An escalation is thrown, by a token's work (`key`) or in a scope; nobody need catch it."""
    if key:
        found = _on_border(run, key, "escalation", code)
        if found is not None:
            catching.border(run, _outer(run, key), found)
            return
    for at, owner, start in _outwards(run, scope, "escalation", code):
        if start:
            catching.begin_watched(run, at, start, {**data, "escalationCode": code})
            return
        if owner and (found := _on_border(run, owner, "escalation", code)) is not None:
            catching.border(run, _outer(run, owner), found)
            return


def _outer(run: Run, key: str) -> str:
    """Return the token on whose border events stand: of an instance of many, the one that counts them."""
    return str(run.tokens[key].get("of", key))


def _on_border(run: Run, key: str, kind: str, code: str) -> Place | None:
    """Return the boundary event that catches, the one for this code before the one for all."""
    place = run.place(_outer(run, key))
    wide: Place | None = None
    for name in place.boundary:
        one = run.definition.places[name]
        for trigger in one.triggers:
            if trigger.kind == kind:
                if trigger.label == code and code:
                    return one
                if not trigger.ref and wide is None:
                    wide = one
    return wide


def _outwards(run: Run, scope: str, kind: str, code: str) -> Iterator[tuple[str, str, str]]:
    """Yield, from a scope outwards: (scope, "", start of the event sub-process that catches), (scope, owner, "")."""
    at: str | None = scope
    while at is not None and at in run.scopes:
        found = run.scopes[at]
        if found.get("one") is None and not found.get("event"):
            wide = ""
            for name in run.definition.rooms[found["of"]].watching:
                for trigger in run.definition.places[name].triggers:
                    if trigger.kind == kind and not found.get("interrupted"):
                        if trigger.label == code and code:
                            yield at, "", name
                        elif not trigger.ref:
                            wide = wide or name
            if wide:
                yield at, "", wide
        if found["by"] in run.tokens and found.get("one") is None:
            yield at, found["by"], ""
        at = found["up"]


# Compensation and cancellation


def _compensate(run: Run, key: str, trigger: Trigger) -> None:
    """Undo what was done in this scope, the last first; a cancelled transaction ends everything else before."""
    token = run.tokens[key]
    scope = token["in"]
    cancels = trigger.kind == "cancel"
    if cancels:
        run.clear_scope(scope, spared=key)
    while run.scopes[scope].get("event") or run.scopes[scope].get("one") is not None:
        # The handler of a whole sub-process undoes what that has done, not what it does itself.
        scope = run.scopes[scope]["up"]
    kept: list[list[Any]] = run.scopes[scope].get("done", [])
    wanted = [one for one in kept if not trigger.activity or one[0] == trigger.activity]
    run.scopes[scope]["done"] = [one for one in kept if one not in wanted]
    token["queue"] = [handler for one in reversed(wanted) for handler in _handlers(run, one)]
    if cancels:
        token["cancels"] = True
    _next(run, key)


def _handlers(run: Run, done: list[Any]) -> Iterator[str]:
    """Yield the compensation handlers of something done: its own, else those of what was done in it."""
    place = run.definition.places.get(done[0])
    if place is not None and place.handler:
        yield place.handler
        return
    for inner in reversed(done[1]):
        yield from _handlers(run, inner)


def _next(run: Run, key: str) -> None:
    """Run the next compensation handler, or go on when all have run."""
    token = run.tokens[key]
    if token["queue"]:
        token["wait"] = "comp"
        run.put(token["queue"].pop(0), token["in"], comp=key)
        return
    del token["queue"]
    token.pop("wait", None)
    place = run.place(key)
    if token.pop("cancels", False):
        _cancelled(run, key)
    elif place.kind == "endEvent":
        run.drop(key)
    else:
        run.queue.append(("leave", key))


def _cancelled(run: Run, key: str) -> None:
    """A transaction is undone: it is left by its cancel event."""
    scope = run.scopes[run.tokens[key]["in"]]
    owner = scope["by"]
    if owner in run.tokens:
        found = _on_border(run, owner, "cancel", "")
        if found is not None:
            catching.border(run, _outer(run, owner), found)
            return
    run.drop(key)


__all__ = ["error", "escalation", "throw"]
