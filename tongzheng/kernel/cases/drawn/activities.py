"""Work: tasks, sub-processes and calls, once or many times. Pure, on a `Run`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongzheng.kernel.core.text import T

from . import catching
from .model import Many
from .program import Place
from .state import MOST_INSTANCES, Effect, Run, Wrong


def begin(run: Run, key: str, place: Place) -> None:
    """A token has come to an activity."""
    token = run.tokens[key]
    if "of" not in token and "comp" not in token:
        catching.arm(run, key, place)
    if place.many is not None and "of" not in token:
        if place.many.loop:
            _loop(run, key, place)
        else:
            _many(run, key, place)
        return
    perform(run, key, place)


def perform(run: Run, key: str, place: Place) -> None:
    """Do an activity once."""
    token = run.tokens[key]
    scope = token["in"]
    kind = place.kind
    if kind in ("subProcess", "transaction"):
        token["sub"] = inner = run.open_scope(place.id, scope, key)
        run.scopes[inner]["vars"].update(_inputs(run, place, scope))
        catching.enter(run, inner)
    elif kind == "callActivity" and place.target:
        _call(run, key, place)
    elif kind in ("userTask", "manualTask"):
        data: dict[str, Any] = {"lane": place.lane, "inputs": _inputs(run, place, scope)}
        for name in ("organisation", "handler"):
            if place.rules.get(name):
                token[name] = data[name] = _number(run, place.rules[name], scope)
        token["wait"] = "task"
        run.effects.append(Effect("task", key, place.id, place.name, data))
    elif kind == "serviceTask":
        service = place.rules.get("service")
        if not service:
            raise Wrong(T("没有写明调用哪个服务", "it does not say which service to call"))
        inputs = _inputs(run, place, scope) or run.variables(scope)
        token["wait"] = "service"
        run.effects.append(Effect("service", key, place.id, service, inputs))
    elif kind == "businessRuleTask":
        decision = place.rules.get("decision")
        if not decision:
            raise Wrong(T("没有写明用哪个决策表", "it does not say which decision to take"))
        token["wait"] = "service"
        inputs = {**run.variables(scope), **_inputs(run, place, scope)}
        run.effects.append(Effect("decision", key, place.id, decision, inputs))
    elif kind == "scriptTask":
        script = place.rules.get("script")
        if not script:
            raise Wrong(T("没有脚本", "it has no script"))
        done(run, key, {"result": run.value(script, scope, _inputs(run, place, scope))})
    elif kind == "sendTask":
        name = place.rules.get("message") or place.name
        data = _inputs(run, place, scope)
        run.effects.append(Effect("message", key, place.id, name, data))
        run.queue.append(("finish", key))
    elif kind == "receiveTask":
        token["wait"] = "message"
    elif kind == "task":
        run.queue.append(("finish", key))
    else:
        raise Wrong(T("这种元素不能执行", "an element of this kind cannot be run"))


def _number(run: Run, text: str, scope: str) -> int | None:
    """Return the organisation or person that an expression names."""
    found = run.value(text, scope)
    if found is None or (isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**63):
        return found
    raise Wrong(T("“{x}”不是单位或人员的编号", "“{x}” is no organisation or person").fill(x=text[:80]))


def _inputs(run: Run, place: Place, scope: str) -> dict[str, Any]:
    return {name: run.value(text, scope) for name, text in place.inputs}


def done(run: Run, key: str, results: Mapping[str, Any]) -> None:
    """An activity has given its results: they become variables."""
    token, place = run.tokens[key], run.place(key)
    scope = token["in"]
    for name in ("wait", "organisation", "handler"):
        token.pop(name, None)
    if place.outputs:
        seen = {**results, "result": results.get("result", results)}
        values = {name: run.value(text, scope, seen) for name, text in place.outputs}
    elif "result" in results and place.kind in ("serviceTask", "businessRuleTask", "scriptTask"):
        values = {place.rules.get("result") or place.id: results["result"]}
    else:
        values = dict(results)
    run.assign(scope, values)
    run.queue.append(("finish", key))


def finish(run: Run, key: str) -> None:
    """An activity is over: its instance is counted, or the token goes on."""
    token, place = run.tokens[key], run.place(key)
    token.pop("wait", None)
    inner = token.pop("inner", None)
    if place.id in run.definition.watched.values() and place.kind == "subProcess":
        run.drop(key)  # an event sub-process leads nowhere
        return
    _remember(run, token["in"], place, inner)
    if "of" in token:
        _instance_over(run, key, token["of"])
    elif "comp" in token:
        asked = token["comp"]
        run.drop(key)
        if asked in run.tokens:
            run.queue.append(("arrive", asked))
    elif "loop" in token:
        _loop(run, key, place)
    else:
        run.clear_timers(key)
        run.queue.append(("leave", key))


def _remember(run: Run, scope: str, place: Place, inner: list[Any] | None) -> None:
    """Remember what can be compensated, in the scope of the sub-process, not of one instance."""
    if not place.handler and not inner:
        return
    while run.scopes[scope].get("one"):
        scope = run.scopes[scope]["up"]
    kept = run.scopes[scope].setdefault("done", [])
    kept.append([place.id, inner or []])
    if len(kept) > MOST_INSTANCES:
        del kept[0]


def _call(run: Run, key: str, place: Place) -> None:
    """Run another process of the drawing, with the variables as they are; its own stay its own, but for results."""
    token = run.tokens[key]
    inputs = _inputs(run, place, token["in"])
    names = [name for name, _ in place.outputs]
    seen = run.variables(token["in"])
    token["sub"] = inner = run.open_scope(place.target, token["in"], key)
    scope = run.scopes[inner]
    scope["vars"].update(inputs or seen)
    scope["apart"] = names or list(seen)
    catching.enter(run, inner)


def _loop(run: Run, key: str, place: Place) -> None:
    """Do an activity again, as long as the loop's condition says."""
    many = place.many
    assert many is not None
    token = run.tokens[key]
    count = token.get("loop", 0)
    more = {"loopCounter": count}
    again = count < (many.most or MOST_INSTANCES)
    if again and (count or many.before):
        again = run.true(many.done, token["in"], more) if many.done else bool(many.most)
    if not again and not many.most and count >= MOST_INSTANCES:
        raise Wrong(T("循环超过 {n} 次", "the loop went round more than {n} times").fill(n=MOST_INSTANCES))
    if not again:
        token.pop("loop", None)
        run.clear_timers(key)
        run.queue.append(("leave", key))
        return
    token["loop"] = count + 1
    perform(run, key, place)


def _many(run: Run, key: str, place: Place) -> None:
    """Begin an activity's instances: all at once, or the first."""
    many = place.many
    assert many is not None
    token = run.tokens[key]
    items: list[Any] | None = None
    if many.items:
        found = run.value(many.items, token["in"])
        if not isinstance(found, list):
            raise Wrong(T("“{x}”不是一列值", "“{x}” is no list").fill(x=many.items[:80]))
        items = found
        total = len(items)
    elif many.count:
        found = run.value(many.count, token["in"])
        if isinstance(found, bool) or not isinstance(found, int) or found < 0:
            raise Wrong(
                T("次数“{x}”不是自然数", "the number of times, “{x}”, is no whole number").fill(
                    x=many.count[:80]
                )
            )
        total = found
    else:
        raise Wrong(T("没有写明做多少次", "it does not say how many times"))
    if total > MOST_INSTANCES:
        raise Wrong(T("次数超过 {n}", "more than {n} times").fill(n=MOST_INSTANCES))
    token["many"] = {"total": total, "next": 0, "done": 0, "items": items, "out": [None] * total}
    token["wait"] = "many"
    if not total:
        _all_over(run, key, many)
        return
    for _ in range(1 if many.sequential else total):
        _instance(run, key, place, many)


def _instance(run: Run, key: str, place: Place, many: Many) -> None:
    token = run.tokens[key]
    kept = token["many"]
    number = kept["next"]
    kept["next"] += 1
    scope = run.open_scope(run.scopes[token["in"]]["of"], token["in"], key, one=number)
    seen = run.scopes[scope]["vars"]
    seen["loopCounter"] = number + 1
    if kept["items"] is not None and many.item:
        seen[many.item] = kept["items"][number]
    if many.result and many.results:
        seen.setdefault(many.result, None)
    run.put(place.id, scope, of=key)


def _instance_over(run: Run, key: str, owner: str) -> None:
    token, place = run.tokens[key], run.place(key)
    many = place.many
    kept = run.tokens[owner]["many"]
    assert many is not None
    scope = run.scopes[token["in"]]
    kept["done"] += 1
    if many.results and many.result:
        kept["out"][scope["one"]] = scope["vars"].get(many.result)
    seen = {
        **scope["vars"],
        "numberOfInstances": kept["total"],
        "numberOfCompletedInstances": kept["done"],
        "numberOfActiveInstances": kept["next"] - kept["done"],
        "numberOfTerminatedInstances": 0,
    }
    inside = token["in"]
    enough = kept["done"] >= kept["total"]
    if not enough and many.done:
        try:
            enough = run.true(many.done, run.tokens[owner]["in"], seen)
        except Wrong:
            kept["done"] -= 1
            raise
    run.drop(key)
    run.end_scope(inside)
    if enough:
        for other in [k for k, one in run.tokens.items() if one.get("of") == owner]:
            inner = run.tokens[other]["in"]
            run.kill(other)
            run.end_scope(inner)
        _all_over(run, owner, many)
    elif many.sequential:
        _instance(run, owner, place, many)


def _all_over(run: Run, key: str, many: Many) -> None:
    token = run.tokens[key]
    kept = token.pop("many")
    token.pop("wait", None)
    if many.results:
        run.assign(token["in"], {many.results: kept["out"]})
    run.clear_timers(key)
    run.queue.append(("leave", key))
