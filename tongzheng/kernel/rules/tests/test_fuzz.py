"""Whatever is written or sent: our own error or a value, soon, and nothing else."""

from __future__ import annotations

import time
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.rules.dmn import load
from tongzheng.kernel.rules.feel import Limits, RulesError, evaluate, to_plain
from tongzheng.kernel.rules.feel.names import tidy
from tongzheng.kernel.rules.feel.temporal import Date, date_of, days
from tongzheng.kernel.rules.feel.values import MATH

from .models import data, decision, definitions, literal, table

PIECES = [
    "1", "2.5", '"a"', "x", "years and months", "null", "true", "+", "-", "*", "/", "**", "(", ")", "[", "]", "{", "}", ":", ",", "..", ".",
    "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "and", "or", "not", "between", "instance of", "function",
    "external", "list<", "context<", "range<", ">", "<", "<=", "=", "!=", '@"2020-01-01"', '@"P1D"', "item", "?", "->", "sum", "date", "string",
    "//", "/*", "*/", "\\", '"', "，", "\u3000", "\ud7ff", "😀", "duration", "matches", "replace", "sort", "partial", "->", "1e999", "range",
]  # fmt: skip


def said(error: RulesError) -> None:
    """Whatever is refused is told in both languages."""
    assert error.note.zh
    assert error.note.en


QUICK = Limits(steps=20_000, seconds=0.5)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=40))
def test_any_text_is_an_expression_or_is_refused(text: str) -> None:
    began = time.monotonic()
    try:
        to_plain(evaluate(text, {"x": [1, {"a": 2}]}, limits=QUICK).value)
    except RulesError as error:
        said(error)
    assert time.monotonic() - began < 3


@settings(max_examples=12, deadline=None)
@given(st.sampled_from("([{-"), st.sampled_from([3, 119, 121, 400, 3000]))
def test_deep_nesting_is_refused_and_does_not_crash(opening: str, depth: int) -> None:
    for text in (
        opening * depth,
        opening * depth + "1",
        "if x then " * depth,
        "f(" * depth,
        "function() " * depth + "1",
        "not(" * depth + ")" * depth,
    ):
        with suppress(RulesError):
            evaluate(text, limits=QUICK)


WHOLE = definitions(
    data("a", "number") + decision("d", table("UNIQUE", ["a"], ["o"], ["> 1 | 1", "<= 1 | 2"]), needs=["a"])
).encode()


@settings(max_examples=250, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(WHOLE) - 1), st.binary(max_size=6), st.integers(0, 30)),
        min_size=1,
        max_size=4,
    )
)
def test_a_damaged_file_is_a_model_or_is_refused(changes: list[tuple[int, bytes, int]]) -> None:
    damaged = WHOLE
    for at, new, gone in changes:
        damaged = damaged[:at] + new + damaged[at + gone :]
    try:
        model = load(damaged)
        for name in model.names("decision"):
            model.evaluate(name, {"a": 3}, limits=QUICK)
    except RulesError as error:
        said(error)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join),
)
def test_any_cell_gives_a_model_with_its_problems(cell: str, result: str) -> None:
    text = "".join(
        sign for sign in f"{cell.replace('|', '')} | {result.replace('|', '')}" if sign.isprintable()
    )
    try:
        model = load(
            definitions(data("x") + decision("d", table("FIRST", ["x"], ["o"], [text, "- | 1"]), needs=["x"]))
        )
        model.evaluate("d", {"x": 1}, limits=QUICK)
    except RulesError:
        return
    for problem in model.problems:
        assert problem.place.element == "d"


@settings(max_examples=200, deadline=None)
@given(st.integers(-999_999, 999_999), st.integers(1, 12), st.integers(1, 28))
def test_days_count_back_to_their_date(year: int, month: int, day: int) -> None:
    assert date_of(days(Date(year, month, day))) == Date(year, month, day)


@settings(max_examples=150, deadline=None)
@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.decimals(allow_nan=False, allow_infinity=False, places=3),
)
def test_arithmetic_is_decimal128(a: object, b: object) -> None:
    assert evaluate("a + b", {"a": a, "b": b}).value == MATH.add(MATH.plus(a), MATH.plus(b))  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(st.text("年 收入ab+-'./", min_size=1, max_size=12))
def test_a_known_name_is_found_whatever_it_holds(name: str) -> None:
    known = tidy("x" + name)
    assert evaluate(f" {known} ", {known: 7}).value == 7 or "//" in known


def test_a_literal_model_survives_its_problems() -> None:
    model = load(definitions(decision("good", literal("1")) + decision("bad", literal("1 +"))))
    assert model.evaluate("good", {}).plain == 1
    assert model.evaluate("bad", {}).value is None
    assert [problem.place.element for problem in model.problems] == ["bad"]
