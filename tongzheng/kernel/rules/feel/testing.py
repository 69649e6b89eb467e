"""Unary tests: the cells of a table, and the right side of `in`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .grammar import Node
from .operators import COMPARE
from .scope import Code, Env
from .values import Function, Range, equal, inside

if TYPE_CHECKING:
    from .compiler import Compiler

Test = Callable[[Env, Any], "bool | None"]


def tests_of(compiler: Compiler, node: Node) -> Test:
    """Return what tells whether a value passes the tests of a node."""
    if node.kind == "anything":
        return lambda env, value: True
    if node.kind == "none_of":
        test = _any([_test(compiler, part) for part in node.parts])

        def none_of(env: Env, value: Any) -> bool | None:
            found = test(env, value)
            return None if found is None else not found

        return none_of
    if node.kind == "tests":
        return _any([_test(compiler, part) for part in node.parts])
    return _test(compiler, node)


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def any_of(env: Env, value: Any) -> bool | None:
        unknown = False
        for test in tests:
            found = test(env, value)
            if found is True:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    return any_of


def _test(compiler: Compiler, node: Node) -> Test:
    inner = node.parts[0] if node.kind == "one" else node
    while isinstance(inner, Node) and inner.kind == "group":
        inner = inner.parts[0]
    if node.kind == "versus" or inner.kind == "half":
        versus = node if node.kind == "versus" else inner
        return _versus(str(versus.parts[0]), compiler.code(versus.parts[1]))
    code = compiler.code(inner)
    if asks(inner):
        return _asked(code)
    if inner.kind in ("true", "false"):
        return lambda env, value: equal(value, code(env))
    return lambda env, value: passes(env, value, code(env))


def _versus(sign: str, code: Code) -> Test:
    compare = COMPARE[sign]
    if sign in ("=", "!="):
        return lambda env, value: compare(env.run, value, code(env))

    def versus(env: Env, value: Any) -> bool | None:
        found: bool | None = compare(env.run, value, code(env))
        return found

    return versus


def _asked(code: Code) -> Test:
    def asked(env: Env, value: Any) -> bool | None:
        found = code(Env({"?": value}, env.run, env))
        return found if isinstance(found, bool) else None

    return asked


def asks(node: Any) -> bool:
    """Tell whether an expression speaks of the tested value itself, as `?`."""
    from .compiler import mentions

    return mentions(node, "?")


def passes(env: Env, value: Any, wanted: Any) -> bool | None:
    """Tell whether a value is the wanted one, lies in the wanted range, or is among the wanted ones."""
    if isinstance(wanted, Range):
        if isinstance(value, Range):
            return equal(value, wanted)
        return inside(value, wanted)
    if isinstance(wanted, list):
        env.run.tick(len(wanted))
        if isinstance(value, list) and equal(value, wanted):
            return True
        return any(_among(value, item) for item in wanted)
    if isinstance(wanted, bool) and not isinstance(value, bool) and value is not None:
        return wanted
    if isinstance(wanted, Function):
        return None
    return equal(value, wanted)


def _among(value: Any, item: Any) -> bool:
    if isinstance(item, Range) and not isinstance(value, Range):
        return inside(value, item) is True
    return equal(value, item) is True
