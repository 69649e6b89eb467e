"""Where a compiled expression finds its names, and how a function is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .functions import BUILT_IN, BuiltIn, invoke_named
from .notes import Run
from .types import Type, coerce
from .values import Function, kind

MISSING: Any = object()


class Env:
    """Names and their values, within an outer environment."""

    __slots__ = ("parent", "run", "vars")

    def __init__(self, vars: dict[str, Any], run: Run, parent: Env | None = None) -> None:
        self.vars = vars
        self.run = run
        self.parent = parent

    def find(self, name: str) -> Any:
        """Return the value of a name, or MISSING."""
        env: Env | None = self
        while env is not None:
            found = env.vars.get(name, MISSING)
            if found is not MISSING:
                return found
            env = env.parent
        return BUILT_IN.get(name, MISSING)


Code = Callable[[Env], Any]


def made_function(
    names: tuple[str, ...],
    types: tuple[Type | None, ...],
    body: Code,
    env: Env,
    *,
    result: Type | None = None,
    label: str = "",
) -> Function:
    """Return a function that runs the body with its parameters bound, their types seen to."""

    def call(run: Run, args: list[Any]) -> Any:
        if len(args) != len(names):
            return run.null(
                f"函数须有 {len(names)} 个参数，得到 {len(args)} 个",
                f"the function takes {len(names)} arguments, not {len(args)}",
            )
        bound: dict[str, Any] = {}
        for name, type, value in zip(names, types, args, strict=True):
            bound[name], fits = (value, True) if type is None else coerce(value, type)
            if not fits:
                return run.null(f"参数 {name} 不是 {type}", f"argument {name} is no {type}")
        found = body(Env(bound, run, env))
        if result is not None and found is not None:
            found, fits = coerce(found, result)
            if not fits:
                return run.null(f"结果不是 {result}", f"the result is no {result}")
        return found

    return Function(names=names, call=call, types=types, result=result, label=label)


def call_value(run: Run, function: Any, args: list[Any]) -> Any:
    """Call what a name or expression gave, by position."""
    if not isinstance(function, Function):
        return run.null(f"{kind(function)}不能调用", f"a {kind(function)} cannot be called")
    run.enter()
    try:
        return function.call(run, args)
    finally:
        run.depth -= 1


def call_named(run: Run, function: Any, args: Mapping[str, Any]) -> Any:
    """Call it with arguments by name."""
    if isinstance(function, BuiltIn):
        return invoke_named(run, function, args)
    if isinstance(function, Function):
        if set(args) != set(function.names):
            wanted = ", ".join(function.names)
            return run.null(f"函数的参数是 {wanted}", f"the parameters of the function are {wanted}")
        return call_value(run, function, [args[name] for name in function.names])
    return call_value(run, function, [])
