"""Built-in functions on lists and contexts."""

from __future__ import annotations

from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from .functions import feel
from .notes import Run
from .values import Function, equal, order


def call(run: Run, function: Function, args: list[Any]) -> Any:
    """Call a function value by position."""
    run.enter()
    try:
        return function.call(run, args)
    finally:
        run.depth -= 1


@feel("list contains", "list:l, element:a", returns="b")
def list_contains(run: Run, list: list[Any], element: Any) -> Any:
    run.tick(len(list))
    return any(equal(item, element) is True for item in list)


@feel("count", "list:l", returns="n")
def count(run: Run, items: list[Any]) -> Any:
    return Decimal(len(items))


@feel("sublist", "list:l, start position:n, length:n?", returns="l")
def sublist(run: Run, list: list[Any], start: Decimal, length: Decimal | None = None) -> Any:
    place = _place(run, list, start)
    if place is None:
        return None
    if length is None:
        return list[place:]
    size = int(length)
    if size < 0 or place + size > len(list):
        return run.null("长度超出列表", "the length goes beyond the list")
    return list[place : place + size]


def _place(run: Run, list: list[Any], position: Decimal) -> Any:
    """Return the index of a position that counts from 1, or from -1 at the end."""
    number = int(position)
    if number == 0 or abs(number) > len(list):
        return run.null("位置超出列表", "the position is outside the list")
    return number - 1 if number > 0 else len(list) + number


@feel("append", "list:l, item:a*", returns="l")
def append(run: Run, list: list[Any], *items: Any) -> Any:
    run.sized(len(list) + len(items))
    return [*list, *items]


@feel("concatenate", "list:l*", returns="l")
def concatenate(run: Run, *lists: list[Any]) -> Any:
    run.sized(sum(len(one) for one in lists))
    return [item for one in lists for item in one]


@feel("insert before", "list:l, position:n, newItem:a", returns="l")
def insert_before(run: Run, list: list[Any], position: Decimal, item: Any) -> Any:
    place = _place(run, list, position)
    if place is None:
        return None
    run.sized(len(list) + 1)
    return [*list[:place], item, *list[place:]]


@feel("remove", "list:l, position:n", returns="l")
def remove(run: Run, list: list[Any], position: Decimal) -> Any:
    place = _place(run, list, position)
    if place is None:
        return None
    run.sized(len(list))
    return [*list[:place], *list[place + 1 :]]


@feel("list replace", "list:l, position:n, newItem:a", returns="l")
def list_replace(run: Run, list: list[Any], position: Decimal, item: Any) -> Any:
    place = _place(run, list, position)
    if place is None:
        return None
    run.sized(len(list))
    return [*list[:place], item, *list[place + 1 :]]


@feel("list replace", "list:l, match:f, newItem:a", returns="l")
def list_replace_matching(run: Run, list: list[Any], match: Function, new: Any) -> Any:
    if len(match.names) != 2:
        return run.null("match 须有两个参数", "match takes two parameters")
    found = []
    for item in list:
        verdict = call(run, match, [item, new])
        if not isinstance(verdict, bool):
            return run.null("match 须返回布尔值", "match returns a boolean")
        found.append(new if verdict else item)
    return found


@feel("reverse", "list:l", returns="l")
def reverse(run: Run, list: list[Any]) -> Any:
    run.sized(len(list))
    return list[::-1]


@feel("index of", "list:l, match:a", returns="l")
def index_of(run: Run, list: list[Any], match: Any) -> Any:
    run.tick(len(list))
    return [Decimal(number) for number, item in enumerate(list, 1) if equal(item, match) is True]


@feel("union", "list:l*", returns="l")
def union(run: Run, *lists: list[Any]) -> Any:
    return _distinct(run, [item for one in lists for item in one])


@feel("distinct values", "list:l", returns="l")
def distinct_values(run: Run, list: list[Any]) -> Any:
    return _distinct(run, list)


def _distinct(run: Run, items: list[Any]) -> list[Any]:
    kept: list[Any] = []
    seen: set[Any] = set()
    for item in items:
        if isinstance(item, str | bool | Decimal | None):
            key = (type(item), item)
            if key in seen:
                continue
            seen.add(key)
            run.tick()
        else:
            run.tick(1 + len(kept))
            if any(equal(item, one) is True for one in kept):
                continue
        kept.append(item)
    return kept


@feel("flatten", "list:l", returns="l")
def flatten(run: Run, list: list[Any]) -> Any:
    found: list_of[Any] = []
    stack = [iter(list)]
    while stack:
        for item in stack[-1]:
            run.tick()
            if type(item) is list_of:
                stack.append(iter(item))
                break
            found.append(item)
        else:
            stack.pop()
    run.sized(len(found))
    return found


list_of = list


@feel("sort", "list:l, precedes:f?", returns="l")
def sort(run: Run, list: list[Any], precedes: Function | None = None) -> Any:
    run.sized(len(list))
    if precedes is None:
        if any(order(item, list[0]) is None for item in list):
            return run.null("列表里有不能比较的项", "the list has items that cannot be compared")

        def natural(a: Any, b: Any) -> int:
            run.tick()
            return order(a, b) or 0

        return sorted(list, key=cmp_to_key(natural))
    if len(precedes.names) != 2 and not precedes.variadic:
        return run.null("precedes 须有两个参数", "precedes takes two parameters")
    wrong = False

    def compare(a: Any, b: Any) -> int:
        nonlocal wrong
        first = call(run, precedes, [a, b])
        if first is True:
            return -1
        second = call(run, precedes, [b, a])
        wrong = wrong or not isinstance(first, bool) or not isinstance(second, bool)
        return 1 if second is True else 0

    found = sorted(list, key=cmp_to_key(compare))
    return run.null("precedes 须返回布尔值", "precedes returns a boolean") if wrong else found


@feel("get value", "m:c, key:s")
def get_value(run: Run, m: dict[str, Any], key: str) -> Any:
    return m[key] if key in m else run.null(f"没有条目“{key}”", f"there is no entry {key!r}")


@feel("get value", "m:c, keys:l")
def get_value_by_keys(run: Run, m: dict[str, Any], keys: list[Any]) -> Any:
    if not keys:
        return run.null("keys 是空的", "keys is empty")
    found: Any = m
    for key in keys:
        if not isinstance(key, str) or not isinstance(found, dict) or key not in found:
            return run.null("没有这样的条目", "there is no such entry")
        found = found[key]
    return found


@feel("get entries", "m:c", returns="l")
def get_entries(run: Run, m: dict[str, Any]) -> Any:
    return [{"key": key, "value": value} for key, value in m.items()]


@feel("context", "entries:l")
def context(run: Run, entries: list[Any]) -> Any:
    run.sized(len(entries))
    found: dict[str, Any] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            return run.null("每项须有 key 与 value", "every entry has a key and a value")
        if entry["key"] in found:
            return run.null(f"条目“{entry['key']}”重复", f"entry {entry['key']!r} is there twice")
        found[entry["key"]] = entry["value"]
    return found


@feel("context put", "context:c, key:s, value:a")
def context_put(run: Run, context: dict[str, Any], key: str, value: Any) -> Any:
    run.sized(len(context))
    return {**context, key: value}


@feel("context put", "context:c, keys:l, value:a")
def context_put_by_keys(run: Run, context: dict[str, Any], keys: list[Any], value: Any) -> Any:
    if not keys or not all(isinstance(key, str) for key in keys):
        return run.null("keys 须是文本的列表，且不为空", "keys is a list of strings that is not empty")
    run.sized(len(keys))
    path: list[dict[str, Any]] = [context]
    for key in keys[:-1]:
        inner = path[-1].get(key)
        if not isinstance(inner, dict):
            return run.null(f"条目“{key}”不是上下文", f"entry {key!r} is no context")
        path.append(inner)
    for key, outer in zip(reversed(keys), reversed(path), strict=True):
        value = {**outer, key: value}
    return value


@feel("context merge", "contexts:l")
def context_merge(run: Run, contexts: list[Any]) -> Any:
    found: dict[str, Any] = {}
    for one in contexts:
        if not isinstance(one, dict):
            return run.null("不是上下文", "it is no context")
        run.sized(len(found) + len(one))
        found.update(one)
    return found
