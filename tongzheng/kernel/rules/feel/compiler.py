"""The tree → closures. A closure takes the environment and returns the value; no text is ever run as code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import DecimalException
from typing import Any

from .functions import BUILT_IN
from .grammar import Node, parse
from .loops import counted, domain, filtered, looped, quantified
from .names import Names
from .notes import NotFeel
from .operators import ARITHMETIC, COMPARE, negate
from .paths import follow
from .scope import MISSING, Code, Env, call_named, call_value, made_function
from .temporal import parse_date, parse_datetime, parse_duration, parse_time
from .testing import Test, tests_of
from .types import ANY, NAMED, Type, instance
from .values import MATH, Range, order

Types = Callable[[str], Type | None]


class Compiler:
    """Compiles expressions of one model: the names that it declares and its types."""

    def __init__(
        self, names: Iterable[str] = (), members: Names | None = None, types: Types | None = None
    ) -> None:
        self.names = Names(names)
        self.members = members or Names()
        self.types = types or (lambda name: None)
        self.missing: list[tuple[str, int]] = []
        self._known: list[set[str]] = []
        self._open = 0

    def expression(self, text: str, known: Iterable[str] | None = None) -> Code:
        """Compile an expression. `known` are the names in scope; those not in it are listed in `missing`.

        Raises NotFeel.
        """
        return self.whole(parse(text, self.names, self.members), known)

    def unary(self, text: str, known: Iterable[str] | None = None) -> tuple[Test, Node]:
        """Compile the unary tests of a cell: what is called with the environment and the value of the column."""
        tree = parse(text, self.names, self.members, unary=True)
        inner = None if known is None else {*known, "?"}
        return self._scoped(lambda: tests_of(self, tree), inner), tree

    def whole(self, tree: Node, known: Iterable[str] | None = None) -> Code:
        """Compile a tree."""
        made: Code = self._scoped(lambda: self.code(tree), known)
        return made

    def _scoped(self, make: Callable[[], Any], known: Iterable[str] | None) -> Any:
        self._known, self._open = ([set(known)] if known is not None else []), 0 if known is not None else 1
        try:
            return make()
        except RecursionError:
            raise NotFeel("表达式嵌套过深", "the expression is nested too deep") from None

    def code(self, node: Node) -> Code:
        """Return the closure of a node."""
        make: Callable[[Node], Code] = getattr(self, f"_{node.kind}")
        return make(node)

    # -- literals

    def _number(self, node: Node) -> Code:
        try:
            return _constant(MATH.create_decimal(str(node.parts[0])))
        except DecimalException:
            return lambda env: env.run.null("数超出范围", "the number is out of range")

    def _string(self, node: Node) -> Code:
        return _constant(str(node.parts[0]))

    def _at(self, node: Node) -> Code:
        text = str(node.parts[0])
        for read in (parse_date, parse_time, parse_datetime, parse_duration):
            if (found := read(text)) is not None:
                return _constant(found)
        return lambda env: env.run.null(
            "没有这样的日期、时间或期间", "there is no such date, time or duration"
        )

    def _null(self, node: Node) -> Code:
        return _constant(None)

    def _true(self, node: Node) -> Code:
        return _constant(True)

    def _false(self, node: Node) -> Code:
        return _constant(False)

    def _group(self, node: Node) -> Code:
        return self.code(node.parts[0])

    def _items(self, node: Node) -> Code:
        parts = tuple(self.code(part) for part in node.parts)

        def items(env: Env) -> Any:
            env.run.tick()
            return [part(env) for part in parts]

        return items

    def _context(self, node: Node) -> Code:
        entries: list[tuple[str, Code]] = []
        self._known.append(set())
        for entry in node.parts:
            name = str(entry.parts[0])
            entries.append((name, self.code(entry.parts[1])))
            self._known[-1].add(name)
        self._known.pop()
        if len({name for name, _ in entries}) < len(entries):
            return lambda env: env.run.null("上下文的条目重复", "an entry of the context is there twice")

        def context(env: Env) -> Any:
            made: dict[str, Any] = {}
            inner = Env(made, env.run, env)
            for name, code in entries:
                made[name] = code(inner)
            return made

        return context

    def _range(self, node: Node) -> Code:
        left, low, _, high, right = node.parts
        start, end = self.code(low), self.code(high)
        opens, closes = left.type == "LSQB", right.type == "RSQB"
        return lambda env: make_range(env, start(env), end(env), opens, closes)

    def _half(self, node: Node) -> Code:
        sign, end = str(node.parts[0]), self.code(node.parts[1])

        def half(env: Env) -> Any:
            value = end(env)
            if value is None or order(value, value) is None or sign == "!=":
                return env.run.null("不能成为范围", "this makes no range")
            if sign == "=":
                return Range(value, value, True, True)
            if sign[0] == "<":
                return Range(None, value, False, sign == "<=")
            return Range(value, None, sign == ">=", False)

        return half

    # -- names, paths, calls

    def _name(self, node: Node) -> Code:
        name = str(node.parts[0])
        self._look(name, node.at)

        def named(env: Env) -> Any:
            found = env.vars.get(name, MISSING)
            if found is MISSING:
                found = env.find(name)
                if found is MISSING:
                    return env.run.null(f"没有“{name}”", f"there is no {name!r}")
            return found

        return named

    def _look(self, name: str, at: int) -> None:
        if not self._open and name not in BUILT_IN and not any(name in known for known in self._known):
            self.missing.append((name, at))

    def _path(self, node: Node) -> Code:
        base, name = self.code(node.parts[0]), str(node.parts[1])
        return lambda env: follow(env.run, base(env), name)

    def _call(self, node: Node) -> Code:
        callee, given = node.parts
        function = self.code(callee)
        values = [argument.parts[-1] for argument in given.parts]
        names = [str(argument.parts[0]) for argument in given.parts if len(argument.parts) > 1]
        codes = [self.code(value) for value in values]
        if not names:
            return lambda env: call_value(env.run, function(env), [code(env) for code in codes])
        if len(names) < len(codes) or len(set(names)) < len(names):
            return lambda env: env.run.null(
                "参数名重复或不全", "arguments are named twice, or not all of them"
            )
        pairs = list(zip(names, codes, strict=True))
        return lambda env: call_named(env.run, function(env), {name: code(env) for name, code in pairs})

    def _function(self, node: Node) -> Code:
        *parameters, body = node.parts
        names = tuple(str(one.parts[0]) for one in parameters)
        types = tuple(self.type(one.parts[1]) if len(one.parts) > 1 else None for one in parameters)
        external, inner = body.parts if len(body.parts) == 2 else (None, body.parts[0])
        if external is not None:
            return lambda env: env.run.null("不执行外部函数", "external functions are not run")
        if len(set(names)) < len(names):
            raise NotFeel("参数名重复", "a parameter is there twice", at=node.at)
        self._known.append(set(names))
        code = self.code(inner)
        self._known.pop()
        return lambda env: made_function(names, types, code, env)

    def _filter(self, node: Node) -> Code:
        base = self.code(node.parts[0])
        self._open += 1
        match = self.code(node.parts[1])
        self._open -= 1
        return lambda env: filtered(env, base(env), match)

    # -- operators

    def _either(self, node: Node) -> Code:
        left, right = self.code(node.parts[0]), self.code(node.parts[1])

        def either(env: Env) -> Any:
            a = left(env)
            if a is True:
                return True
            b = right(env)
            if b is True:
                return True
            return False if a is False and b is False else None

        return either

    def _both(self, node: Node) -> Code:
        left, right = self.code(node.parts[0]), self.code(node.parts[1])

        def both(env: Env) -> Any:
            a = left(env)
            if a is False:
                return False
            b = right(env)
            if b is False:
                return False
            return True if a is True and b is True else None

        return both

    def _compare(self, node: Node) -> Code:
        left, sign, right = self.code(node.parts[0]), COMPARE[str(node.parts[1])], self.code(node.parts[2])
        return lambda env: sign(env.run, left(env), right(env))

    def _arithmetic(self, node: Node) -> Code:
        left, sign, right = self.code(node.parts[0]), ARITHMETIC[str(node.parts[1])], self.code(node.parts[2])
        return lambda env: sign(env.run, left(env), right(env))

    def _negate(self, node: Node) -> Code:
        code = self.code(node.parts[-1])
        return lambda env: negate(env.run, code(env))

    def _between(self, node: Node) -> Code:
        value, low, high = (self.code(part) for part in node.parts)

        def between(env: Env) -> Any:
            found = value(env)
            first, last = order(low(env), found), order(found, high(env))
            if first is None or last is None:
                return env.run.null("不能比较", "these cannot be compared")
            return first <= 0 and last <= 0

        return between

    def _within(self, node: Node) -> Code:
        value, test = self.code(node.parts[0]), tests_of(self, node.parts[1])
        return lambda env: test(env, value(env))

    def _instance_of(self, node: Node) -> Code:
        code, type = self.code(node.parts[0]), self.type(node.parts[1])
        if type is None:
            return lambda env: env.run.null("没有这个类型", "there is no such type")
        return lambda env: instance(code(env), type)

    def _choice(self, node: Node) -> Code:
        condition, yes, no = (self.code(part) for part in node.parts)
        return lambda env: yes(env) if condition(env) is True else no(env)

    # -- loops

    def _iterators(self, nodes: Iterable[Node]) -> list[tuple[str, Code]]:
        found = []
        for one in nodes:
            name, start, end = str(one.parts[0]), one.parts[1], one.parts[-1]
            found.append((name, self._domain(start, end if len(one.parts) > 2 else None)))
            self._known.append({name, "partial"})
        return found

    def _domain(self, start: Node, end: Node | None) -> Code:
        first = self.code(start)
        if end is None:
            return lambda env: domain(env, first(env))
        last = self.code(end)
        return lambda env: counted(env, first(env), last(env))

    def _loop(self, node: Node) -> Code:
        *iterators, body = [part for part in node.parts if part is not None]
        pairs = self._iterators(iterators)
        code = self.code(body)
        del self._known[len(self._known) - len(pairs) :]
        return lambda env: looped(env, pairs, code, partial=mentions(body, "partial"))

    def _quantified(self, node: Node) -> Code:
        word, *iterators, body = node.parts
        pairs = self._iterators(iterators)
        code = self.code(body)
        del self._known[len(self._known) - len(pairs) :]
        wanted = word.type == "SOME"
        return lambda env: quantified(env, pairs, code, wanted)

    # -- types

    def type(self, node: Node) -> Type | None:
        """Return the type that is written, or None when there is none of that name."""
        if node.kind == "type_name":
            name = ".".join(str(part) for part in node.parts)
            return self.types(name) or NAMED.get(name)
        parts = [self.type(part) if isinstance(part, Node) else None for part in node.parts]
        if node.kind == "type_of":
            inner = parts[-1]
            return Type("list" if node.parts[0].type == "LIST_LT" else "range", item=inner) if inner else None
        if node.kind == "type_context":
            members = {str(one.parts[0]): self.type(one.parts[1]) for one in node.parts if one is not None}
            if None in members.values():
                return None
            return Type("context", members={name: type or ANY for name, type in members.items()})
        types = [part for part in parts if part is not None]
        wanted = [part for part in node.parts if part is not None]
        if len(types) < len(wanted):
            return None
        return Type("function", parameters=tuple(types[:-1]), result=types[-1])


def _constant(value: Any) -> Code:
    return lambda env: value


def make_range(env: Env, start: Any, end: Any, opens: bool, closes: bool) -> Any:
    """Return the range between two values; null when they cannot be its ends."""
    how = order(start, end)
    if how is None or how > 0:
        return env.run.null("不能成为范围的两端", "these cannot be the ends of a range")
    return Range(start, end, opens, closes)


def mentions(node: Any, name: str) -> bool:
    """Tell whether a tree has the name anywhere."""
    stack = [node]
    while stack:
        one = stack.pop()
        if isinstance(one, Node):
            if one.kind == "name" and str(one.parts[0]) == name:
                return True
            stack.extend(one.parts)
    return False
