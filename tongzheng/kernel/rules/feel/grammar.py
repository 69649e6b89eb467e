"""The grammar of FEEL for an LALR(1) parser, and the tree that it gives.

Conflicts are settled by shifting: `if`, `for`, `some`, `every` and `function` reach as far right as they can.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Transformer, Tree
from lark import Token as LarkToken
from lark.exceptions import LarkError, UnexpectedInput
from lark.lexer import Lexer as LarkLexer

from .lexer import Lexer
from .names import Names
from .notes import NotFeel

MAX_DEPTH = 120

GRAMMAR = r"""
?expression: conjunction | expression OR conjunction -> either
?conjunction: comparison | conjunction AND comparison -> both
?comparison: additive
    | comparison compare_sign additive -> compare
    | comparison BETWEEN additive AND additive -> between
    | comparison IN in_tests -> within
!compare_sign: LT | LE | GT | GE | EQ | NE
?additive: multiplicative | additive PLUS multiplicative -> arithmetic | additive MINUS multiplicative -> arithmetic
?multiplicative: power | multiplicative STAR power -> arithmetic | multiplicative SLASH power -> arithmetic
?power: unary | power POW unary -> arithmetic
?unary: instance | MINUS unary -> negate
?instance: postfix | instance INSTANCE_OF type -> instance_of
?postfix: primary
    | postfix DOT NAME -> path
    | postfix LSQB expression RSQB -> filter
    | postfix LPAR arguments RPAR -> call
?primary: NUMBER -> number
    | STRING -> string
    | AT -> at
    | NULL -> null
    | TRUE -> true
    | FALSE -> false
    | NAME -> name
    | LPAR expression RPAR -> group
    | LPAR compare_sign additive RPAR -> half
    | LSQB RSQB -> items
    | LSQB expression (COMMA expression)* RSQB -> items
    | (LPAR | LSQB | RANGE_L) expression DOTS expression (RPAR | RSQB | RANGE_R) -> range
    | LBRACE RBRACE -> context
    | LBRACE entry (COMMA entry)* RBRACE -> context
    | IF expression THEN expression ELSE expression -> choice
    | FOR iterator (COMMA iterator)* RETURN expression -> loop
    | (SOME | EVERY) iterator (COMMA iterator)* SATISFIES expression -> quantified
    | FUNCTION LPAR RPAR body -> function
    | FUNCTION LPAR parameter (COMMA parameter)* RPAR body -> function
body: [EXTERNAL] expression
iterator: NAME IN expression [DOTS expression]
entry: KEY expression | STRING COLON expression
parameter: ARGNAME type | NAME
arguments: | argument (COMMA argument)*
argument: ARGNAME expression | expression
type: NAME (DOT NAME)* -> type_name
    | (LIST_LT | RANGE_LT) type GT -> type_of
    | CONTEXT_LT [member (COMMA member)*] GT -> type_context
    | FUNCTION_LT [type (COMMA type)*] GT ARROW type -> type_function
member: ARGNAME type
in_tests: additive -> one
    | compare_sign additive -> versus
    | LPAR test (COMMA test)+ RPAR -> tests
test: expression -> one | compare_sign additive -> versus
unary_tests: MINUS -> anything | test (COMMA test)* -> tests | NOT LPAR test (COMMA test)* RPAR -> none_of
%declare NUMBER STRING AT NULL TRUE FALSE NAME KEY ARGNAME IF THEN ELSE FOR RETURN IN SOME EVERY SATISFIES AND OR
%declare BETWEEN INSTANCE_OF FUNCTION EXTERNAL NOT PLUS MINUS STAR SLASH POW LT LE GT GE EQ NE DOT DOTS COMMA COLON
%declare LPAR RPAR LSQB RSQB LBRACE RBRACE RANGE_L RANGE_R ARROW LIST_LT CONTEXT_LT RANGE_LT FUNCTION_LT
"""

SIGNS = frozenset(
    [
        "COMMA",
        "LPAR",
        "RPAR",
        "LSQB",
        "RSQB",
        "LBRACE",
        "RBRACE",
        "DOT",
        "COLON",
        "IF",
        "THEN",
        "ELSE",
        "FOR",
        "RETURN",
        "IN",
        "SATISFIES",
        "AND",
        "OR",
        "BETWEEN",
        "INSTANCE_OF",
        "FUNCTION",
        "NOT",
        "DOTS",
        "GT",
        "ARROW",
        "CONTEXT_LT",
        "FUNCTION_LT",
        "NULL",
        "TRUE",
        "FALSE",
    ]
)
"""Tokens that say nothing beyond the rule that they belong to."""

ROLES = {
    "RPAR": ("右括号", "a closing bracket"), "RSQB": ("右方括号", "a closing square bracket"),
    "RBRACE": ("右花括号", "a closing brace"), "THEN": ("then", "then"), "ELSE": ("else", "else"),
    "RETURN": ("return", "return"), "SATISFIES": ("satisfies", "satisfies"), "IN": ("in", "in"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree: what it is, its parts, where it begins, and how deep it goes."""

    kind: str
    parts: tuple[Any, ...]
    at: int
    depth: int


class _Build(Transformer[Any, Any]):
    """Makes a node of each rule as it is recognised, so that no tree is walked afterwards."""

    def compare_sign(self, children: list[Any]) -> Any:
        return children[0].update(type="SIGN")

    def __default__(self, data: Any, children: list[Any], meta: Any) -> Any:
        kind = str(data)
        return Tree(kind, children) if kind.startswith("_") else node(kind, children)


def node(kind: str, children: list[Any]) -> Node:
    """Make a node; the depth is known at once, so that nothing too deep is ever walked."""
    at, depth = -1, 0
    for child in children:
        if isinstance(child, Node):
            depth = max(depth, child.depth)
            at = child.at if at < 0 else at
        elif at < 0 and child is not None:
            at = child.start_pos
    if kind != "range":
        children = [child for child in children if getattr(child, "type", "") not in SIGNS]
    if depth >= MAX_DEPTH:
        raise NotFeel("表达式嵌套过深", "the expression is nested too deep", at=at)
    return Node(kind, tuple(children), at, depth + 1)


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR,
        parser="lalr",
        lexer=_NoLexer,
        start=["expression", "unary_tests"],
        transformer=_Build(),
        maybe_placeholders=True,
    )


class _NoLexer(LarkLexer):
    """The tokens come from our own lexer, one by one."""

    def __init__(self, conf: object) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Any:
        return iter(())


def parse(
    text: str, names: Names | None = None, members: Names | None = None, *, unary: bool = False
) -> Node:
    """Return the tree of an expression, or of the unary tests of a table's cell.

    `names` are in scope everywhere, `members` after a dot and inside a filter.

    Raises NotFeel, whose note says where.
    """
    tokens = Lexer(text, names or Names(), members or Names(), unary=unary).run()
    if not tokens:
        raise NotFeel("表达式为空", "the expression is empty", at=0)
    reader = _parser().parse_interactive(start="unary_tests" if unary else "expression")
    try:
        for token in tokens:
            reader.feed_token(LarkToken(token.type, token.value, token.at, 1, token.at + 1))
        found = reader.feed_token(LarkToken("$END", "", len(text), 1, len(text) + 1))
    except UnexpectedInput as error:
        raise _unexpected(error, text) from None
    except NotFeel:
        raise
    except LarkError as error:
        if isinstance(inner := getattr(error, "orig_exc", None), NotFeel):
            raise inner from None
        raise NotFeel("表达式无法理解", "the expression cannot be read") from error
    if not isinstance(found, Node):
        raise NotFeel("表达式无法理解", "the expression cannot be read")
    return found


def _unexpected(error: UnexpectedInput, text: str) -> NotFeel:
    token: Any = getattr(error, "token", None)
    at = int(getattr(token, "start_pos", None) or 0)
    if token is None or token.type == "$END":
        wanted: set[str] = getattr(error, "accepts", None) or getattr(error, "expected", None) or set()
        for name, (zh, en) in ROLES.items():
            if name in wanted and ("NUMBER" not in wanted):
                return NotFeel(
                    f"表达式没有写完，缺“{zh}”", f"the expression breaks off; {en} is missing", at=len(text)
                )
        return NotFeel("表达式没有写完", "the expression breaks off", at=len(text))
    value = str(token)
    shown = value if len(value) <= 30 else f"{value[:30]}…"
    return NotFeel(
        f"第 {at + 1} 个字符处的“{shown}”放错了地方",
        f"{shown!r} at character {at + 1} is out of place",
        at=at,
    )
