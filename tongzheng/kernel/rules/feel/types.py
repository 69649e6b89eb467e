"""FEEL types: what a value conforms to, and what it may quietly become."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .temporal import Date, at_midnight
from .values import Function, Range, kind

Check = Callable[[Any], bool]


@dataclass(slots=True, eq=False)
class Type:
    """A type. `name` is FEEL's or the model's; the other entries are what makes it up."""

    name: str
    item: Type | None = None
    members: Mapping[str, Type] | None = None
    parameters: tuple[Type, ...] | None = None
    result: Type | None = None
    allowed: Check | None = None
    base: Type | None = None
    label: str = field(default="")

    def __str__(self) -> str:
        if self.label:
            return self.label
        if self.name in ("list", "range") and self.item is not None:
            return f"{self.name}<{self.item}>"
        return self.name


ANY = Type("Any")
NULL = Type("Null")
SIMPLE = {
    name: Type(name)
    for name in (
        "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
        "years and months duration", "context", "function",
    )
}  # fmt: skip
LIST = Type("list", item=ANY)
RANGE = Type("range", item=ANY)
NAMED: dict[str, Type] = {
    **SIMPLE,
    "Any": ANY,
    "Null": NULL,
    "list": LIST,
    "range": RANGE,
    "dateTime": SIMPLE["date and time"],
    "dayTimeDuration": SIMPLE["days and time duration"],
    "yearMonthDuration": SIMPLE["years and months duration"],
}
"""The names that need no declaration."""


def conforms(value: Any, type: Type) -> bool:
    """Tell whether a value is of a type, as it is; null is of every type where a value is asked for."""
    if value is None or type is ANY:
        return True
    if type.base is not None:
        fits = conforms(value, type.base)
    elif type.name == "list":
        fits = isinstance(value, list) and (
            type.item is None or type.item is ANY or all(conforms(item, type.item) for item in value)
        )
    elif type.name == "context":
        fits = isinstance(value, dict) and all(
            key in value and conforms(value[key], member) for key, member in (type.members or {}).items()
        )
    elif type.name == "range":
        fits = isinstance(value, Range) and (
            type.item is None or (conforms(value.start, type.item) and conforms(value.end, type.item))
        )
    elif type.name == "function":
        fits = isinstance(value, Function) and _function_fits(value, type)
    else:
        fits = kind(value) == type.name
    return fits and (type.allowed is None or type.allowed(value))


def _function_fits(value: Function, type: Type) -> bool:
    if type.parameters is None:
        return True
    if len(value.names) != len(type.parameters):
        return False
    types = value.types or (ANY,) * len(value.names)
    for mine, asked in zip(types, type.parameters, strict=True):
        if mine is not None and not subtype(asked, mine):
            return False
    return value.result is None or type.result is None or subtype(value.result, type.result)


def subtype(a: Type, b: Type) -> bool:
    """Tell whether every value of the first type is one of the second."""
    while a.base is not None and a is not b:
        a = a.base
    if a is b or b is ANY or a is NULL:
        return True
    while b.base is not None:
        b = b.base
    if a.name != b.name:
        return False
    if a.name in ("list", "range"):
        return subtype(a.item or ANY, b.item or ANY)
    if a.name == "context":
        mine = a.members or {}
        return all(key in mine and subtype(mine[key], member) for key, member in (b.members or {}).items())
    if a.name == "function" and a.parameters is not None and b.parameters is not None:
        return (
            len(a.parameters) == len(b.parameters)
            and all(subtype(y, x) for x, y in zip(a.parameters, b.parameters, strict=True))
            and subtype(a.result or ANY, b.result or ANY)
        )
    return True


def is_list(type: Type) -> bool:
    """Tell whether a type, or what it is made from, is a list."""
    while type.base is not None:
        type = type.base
    return type.name == "list"


def coerce(value: Any, type: Type) -> tuple[Any, bool]:
    """Return the value as the type has it, and whether it could be had: single items and lists, dates and times."""
    if value is None or conforms(value, type):
        return value, True
    if is_list(type):
        if not isinstance(value, list) and conforms([value], type):
            return [value], True
    elif isinstance(value, list) and len(value) == 1:
        value = value[0]
        if value is None or conforms(value, type):
            return value, True
    if isinstance(value, Date) and conforms(moment := at_midnight(value), type):
        return moment, True
    return None, False


def instance(value: Any, type: Type) -> bool:
    """Answer `instance of`: null is an instance of nothing but Null."""
    if value is None:
        return type is NULL
    return type is not NULL and conforms(value, type)
