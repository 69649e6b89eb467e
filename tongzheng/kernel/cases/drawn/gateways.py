"""Where ways part and meet: gateways, and how a token goes on. Pure, on a `Run`."""

from __future__ import annotations

from tongzheng.kernel.core.text import T

from . import catching
from .program import Place
from .state import Run, Wrong


def arrive(run: Run, key: str, place: Place) -> None:
    """A token has come to a gateway."""
    kind = place.kind
    if kind == "exclusiveGateway":
        follow(run, key, [_first(run, key, place)])
    elif kind == "eventBasedGateway":
        catching.wait_first(run, key, place)
    elif len(place.ins) < 2:
        _split(run, key, place)
    else:
        run.tokens[key]["wait"] = "join"
        if kind == "parallelGateway":
            _parallel(run, key, place)


def leave(run: Run, key: str) -> None:
    """A token goes on from an activity or event: on every flow whose condition holds, or the default."""
    place = run.place(key)
    if not place.outs:
        run.drop(key)
    elif len(place.outs) == 1 and not run.definition.flows[place.outs[0]][2]:
        follow(run, key, list(place.outs))
    else:
        follow(run, key, _true(run, key, place))


def follow(run: Run, key: str, flows: list[str]) -> None:
    """Send a token on along flows, one on each."""
    token = run.tokens[key]
    scope = token["in"]
    for flow in flows:
        run.path.append(flow)
        run.put(run.definition.flows[flow][1], scope, flow=flow)
    run.drop(key)


def _split(run: Run, key: str, place: Place) -> None:
    if not place.outs:
        run.drop(key)
    elif place.kind == "parallelGateway":
        follow(run, key, list(place.outs))
    else:
        follow(run, key, _true(run, key, place))


def _first(run: Run, key: str, place: Place) -> str:
    """Return the flow that an exclusive gateway takes. Raises Wrong if there is none."""
    if len(place.outs) == 1:
        return place.outs[0]
    scope = run.tokens[key]["in"]
    for flow in place.outs:
        condition = run.definition.flows[flow][2]
        if flow != place.default and condition and run.true(condition, scope):
            return flow
    if place.default in place.outs:
        return place.default
    raise Wrong(NO_WAY)


def _true(run: Run, key: str, place: Place) -> list[str]:
    scope = run.tokens[key]["in"]
    found = [
        flow
        for flow in place.outs
        if flow != place.default
        and (not (condition := run.definition.flows[flow][2]) or run.true(condition, scope))
    ]
    if not found and place.default in place.outs:
        found = [place.default]
    if not found:
        raise Wrong(NO_WAY)
    return found


NO_WAY = T(
    "没有一个条件成立，也没有默认流向",
    "no condition holds and there is no default flow",
)


def _waiting(run: Run, place: Place, scope: str) -> dict[str, list[str]]:
    """Return the tokens that wait at a join, by the flow they came by."""
    found: dict[str, list[str]] = {}
    for key, token in run.tokens.items():
        if token["at"] == place.id and token["in"] == scope and token.get("wait") == "join":
            found.setdefault(token.get("flow", ""), []).append(key)
    return found


def _parallel(run: Run, key: str, place: Place) -> None:
    here = _waiting(run, place, run.tokens[key]["in"])
    if all(flow in here for flow in place.ins):
        _join(run, [here[flow][0] for flow in place.ins], place)


def _join(run: Run, keys: list[str], place: Place) -> None:
    """Make one token of several and send it on."""
    first, *rest = keys
    run.tokens[first].pop("wait", None)
    _split(run, first, place)
    for key in rest:
        run.drop(key)


def release(run: Run) -> bool:
    """Let one inclusive or complex join go on that waits for nobody any more; tell whether there was one."""
    seen: set[tuple[str, str]] = set()
    for token in list(run.tokens.values()):
        if token.get("wait") != "join":
            continue
        spot = (token["at"], token["in"])
        place = run.definition.places[token["at"]]
        if spot in seen or place.kind == "parallelGateway":
            continue
        seen.add(spot)
        if _inclusive(run, place, token["in"]):
            return True
    return False


def _inclusive(run: Run, place: Place, scope: str) -> bool:
    """Let a join go on if no token elsewhere can still come by a flow on which none waits.

    A token that can come by a flow on which one waits already does not hold it up (BPMN 2.0, 13.4.4).
    """
    here = _waiting(run, place, scope)
    reset = run.scopes[scope].get("reset", {}).get(place.id)
    awaited = _awaited(run, place, scope, set(here) | set(reset or ()))
    if reset is not None:
        # A complex gateway that has fired swallows what still comes, until nothing can.
        if not awaited:
            del run.scopes[scope]["reset"][place.id]
        for keys in here.values():
            for key in keys:
                run.drop(key)
        return bool(here)
    activation = place.rules.get("activation")
    if place.kind == "complexGateway" and activation:
        first = next(iter(here.values()))[0]
        try:
            fires = run.true(activation, scope, {"activationCount": sum(map(len, here.values()))})
            if not fires and not awaited:
                raise Wrong(T("激活条件不再可能成立", "the activation condition cannot become true any more"))
        except Wrong as wrong:
            run.tokens[first]["again"] = "arrive"
            run.incident(first, wrong.words)
            return True
        if not fires:
            return False
        if awaited:
            run.scopes[scope].setdefault("reset", {})[place.id] = sorted(here)
    elif awaited:
        return False
    keys = [keys[0] for keys in here.values()]
    try:
        _join(run, keys, place)
    except Wrong as wrong:
        run.tokens[keys[0]]["again"] = "arrive"
        run.incident(keys[0], wrong.words)
    return True


def _awaited(run: Run, place: Place, scope: str, filled: set[str]) -> bool:
    """Tell whether a token elsewhere may still come by a flow on which none waits, and by no other."""
    reach = run.definition.reach[place.id]
    for token in run.tokens.values():
        if token["in"] != scope or token["at"] == place.id:
            continue
        found = reach.get(token["at"])
        if found and not found <= filled and not found & filled:
            return True
    return False
