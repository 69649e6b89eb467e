"""How built-in functions are declared, chosen by their arguments, and called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from .notes import Run
from .temporal import Date, DateTime, Months, Span, Time
from .types import ANY, LIST, SIMPLE, Type
from .values import KINDS, Function, Range, kind

BUILT_IN: dict[str, BuiltIn] = {}

CLASSES: dict[str, tuple[type, ...]] = {
    "n": (Decimal,),
    "s": (str,),
    "b": (bool,),
    "l": (list,),
    "c": (dict,),
    "f": (Function,),
    "r": (Range,),
    "d": (Date, DateTime),
    "D": (Date,),
    "t": (Time,),
    "w": (DateTime,),
    "u": (Months, Span),
    "p": (Decimal, str, Date, DateTime, Time, Months, Span),
}
WORDS = {
    "n": "number", "s": "string", "b": "boolean", "l": "list", "c": "context", "f": "function", "r": "range",
    "d": "date", "D": "date", "t": "time", "w": "date and time", "u": "duration", "p": "point",
}  # fmt: skip
TYPES: dict[str, Type] = {"n": SIMPLE["number"], "s": SIMPLE["string"], "b": SIMPLE["boolean"], "l": LIST}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its name, a letter for what it takes, whether it may be left out, null, or repeated."""

    name: str
    takes: str
    optional: bool = False
    nullable: bool = False
    many: bool = False


@dataclass(frozen=True, slots=True)
class Overload:
    """One way to call a function."""

    parameters: tuple[Parameter, ...]
    run: Callable[..., Any]

    def takes(self, count: int) -> bool:
        least = sum(not (one.optional or one.many) for one in self.parameters)
        many = bool(self.parameters) and self.parameters[-1].many
        return count >= least and (many or count <= len(self.parameters)) and (not many or count > least)


@dataclass(slots=True, eq=False)
class BuiltIn(Function):
    """A built-in function with all its overloads."""

    overloads: tuple[Overload, ...] = ()


KINDS[BuiltIn] = "function"


def feel(name: str, *ways: str, returns: str = "") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a built-in function.

    A way is "name:letter, …"; after the letter `?` may be left out, `0` may be null, `*` repeats.
    """

    def declare(run: Callable[..., Any]) -> Callable[..., Any]:
        mine = tuple(Overload(tuple(_parameter(part) for part in _split(way)), run) for way in ways)
        there = BUILT_IN.get(name)
        every = (there.overloads if there else ()) + mine
        first = every[0].parameters
        BUILT_IN[name] = BuiltIn(
            names=tuple(one.name for one in first),
            call=lambda run, args: invoke(run, BUILT_IN[name], args),
            types=tuple(TYPES.get(one.takes, ANY) for one in first),
            result=TYPES.get(returns) or (there.result if there else None),
            variadic=any(one.many for way in every for one in way.parameters),
            label=name,
            overloads=every,
        )
        return run

    return declare


def _split(way: str) -> list[str]:
    return [part.strip() for part in way.split(",") if part.strip()]


def _parameter(text: str) -> Parameter:
    name, _, code = text.rpartition(":")
    return Parameter(name, code[0], "?" in code, "0" in code or code[0] == "a", "*" in code)


def invoke(run: Run, function: BuiltIn, args: list[Any]) -> Any:
    """Call a built-in function with arguments by position."""
    refusal: tuple[str, str] | None = None
    for way in function.overloads:
        if not way.takes(len(args)):
            continue
        taken, why = _fit(way.parameters, args)
        if why is None:
            run.tick()
            return way.run(run, *taken)
        refusal = refusal or why
    if refusal is None:
        count = len(args)
        refusal = (
            f"{function.label} 不接受 {count} 个参数",
            f"{function.label} does not take {count} arguments",
        )
        return run.null(*refusal)
    return run.null(f"{function.label}：{refusal[0]}", f"{function.label}: {refusal[1]}")


def invoke_named(run: Run, function: BuiltIn, args: Mapping[str, Any]) -> Any:
    """Call a built-in function with arguments by name."""
    refusal: tuple[str, str] | None = None
    for way in function.overloads:
        known = {one.name: one for one in way.parameters}
        if way.parameters[:1] and way.parameters[0].many:
            continue
        if any(name not in known for name in args):
            continue
        if any(one.name not in args and not one.optional for one in way.parameters):
            continue
        chosen: dict[str, Any] = {}
        why = None
        for name, value in args.items():
            chosen[name], why = _one(known[name], value)
            if why:
                break
        if why is None:
            run.tick()
            rest = {one.name: chosen[one.name] for one in way.parameters if one.name in chosen}
            gaps = list(rest) != [one.name for one in way.parameters[: len(rest)]]
            if gaps:
                return way.run(run, *[chosen.get(one.name) for one in way.parameters])
            return way.run(run, *rest.values())
        refusal = refusal or why
    if refusal is None:
        shown = ", ".join(args)
        refusal = f"没有参数 {shown}", f"there are no parameters {shown}"
    return run.null(f"{function.label}：{refusal[0]}", f"{function.label}: {refusal[1]}")


def _fit(parameters: tuple[Parameter, ...], args: list[Any]) -> tuple[list[Any], tuple[str, str] | None]:
    taken: list[Any] = []
    for number, value in enumerate(args):
        found, why = _one(parameters[min(number, len(parameters) - 1)], value)
        if why:
            return taken, why
        taken.append(found)
    return taken, None


def _one(parameter: Parameter, value: Any) -> tuple[Any, tuple[str, str] | None]:
    """Return the value as the parameter takes it, or why it does not."""
    if parameter.takes == "a":
        return value, None
    if value is None:
        return None, None if parameter.nullable else _unfit(parameter, value)
    wanted = CLASSES[parameter.takes]
    if isinstance(value, wanted):
        return value, None
    if parameter.takes == "l":
        return [value], None
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], wanted):
        return value[0], None
    if isinstance(value, Date) and parameter.takes == "w":
        return DateTime(value, Time(0, 0, 0, 0, 0)), None
    return None, _unfit(parameter, value)


def _unfit(parameter: Parameter, value: Any) -> tuple[str, str]:
    wanted = WORDS[parameter.takes]
    return (
        f"参数 {parameter.name} 应为 {wanted}，得到 {kind(value)}",
        f"parameter {parameter.name} takes a {wanted}, not a {kind(value)}",
    )
