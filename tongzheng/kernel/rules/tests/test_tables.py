"""Decision tables: every hit policy, the index against plain evaluation, mistakes told with their cell."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.rules.dmn import load
from tongzheng.kernel.rules.dmn.constants import cell
from tongzheng.kernel.rules.dmn.deciding import decider
from tongzheng.kernel.rules.dmn.index import Column
from tongzheng.kernel.rules.feel import Compiler, Env, Run, from_python

from .models import data, decision, definitions, table

ROWS = ['> 10 | "高" | 1', '[5..20] | "中" | 2', '- | "低" | 3']


def one(policy: str, rows: list[str], inputs: dict[str, Any], *, values: str = "", outs: int = 1) -> Any:
    logic = table(policy, ["量"], [f"o{number}" for number in range(outs)], rows, values)
    return load(definitions(data("量") + decision("级", logic, needs=["量"]))).evaluate("级", inputs)


@pytest.mark.parametrize(
    ("policy", "amount", "expected"),
    [
        ("FIRST", 15, "高"), ("FIRST", 6, "中"), ("FIRST", 1, "低"), ("PRIORITY", 15, "中"), ("ANY", 1, "低"),
        ("ANY", 15, None), ("UNIQUE", 1, "低"), ("UNIQUE", 6, None), ("RULE ORDER", 15, ["高", "中", "低"]),
        ("OUTPUT ORDER", 15, ["中", "高", "低"]), ("COLLECT", 6, ["中", "低"]), ("COLLECT of COUNT", 15, 3),
    ],
)  # fmt: skip
def test_the_hit_policy_decides(policy: str, amount: int, expected: object) -> None:
    rows = [row.rsplit("|", 1)[0] for row in ROWS]
    assert one(policy, rows, {"量": amount}, values='"中", "高", "低"').plain == expected


@pytest.mark.parametrize(
    ("how", "expected"), [("SUM", 6), ("MIN", 1), ("MAX", 3), ("COUNT", 3), ("LIST", [1, 2, 3])]
)
def test_what_is_collected_is_put_together(how: str, expected: object) -> None:
    rows = ["- | 1", "> 0 | 2", "> 1 | 3"]
    assert one(f"COLLECT of {how}", rows, {"量": 5}).plain == expected


def test_overlapping_rows_of_a_unique_table_are_named() -> None:
    answer = one("UNIQUE", ['> 10 | "a"', '> 20 | "b"', '< 5 | "c"'], {"量": 30})
    assert answer.value is None
    assert answer.notes[0].zh == "唯一命中的表里，第 1、2 行同时命中"
    assert answer.notes[0].en == "rows 1, 2 of a unique table all apply"


def test_several_results_make_a_context() -> None:
    assert one("UNIQUE", ['> 10 | "a" | 量 * 2', '<= 10 | "b" | 0'], {"量": 30}, outs=2).plain == {
        "o0": "a",
        "o1": 60,
    }


def test_no_row_gives_null_and_says_so() -> None:
    answer = one("UNIQUE", ["> 10 | 1"], {"量": 3})
    assert (answer.value, answer.notes[0].en) == (None, "no row applies")


def test_a_mistake_is_told_with_its_cell_in_both_languages() -> None:
    logic = table("UNIQUE", ["年龄", "类别"], ["额"], ['> 18 | "a" | 1', '<= 18 | "b | 2', "- | - | 年 + 1"])
    model = load(definitions(data("年龄") + data("类别") + decision("补贴", logic, needs=["年龄", "类别"])))
    first, second = model.problems
    assert (first.place.element, first.place.row, first.place.column) == ("补贴", 2, 2)
    assert first.words() == (
        "“补贴”第 2 行第 2 列（类别）：引号没有闭合",
        "补贴, row 2, column 2 (类别): a quotation mark is not closed",
    )
    assert (second.place.row, second.place.column, second.zh) == (3, 3, "没有“年”")


CELLS = [
    "-", "5", "-3", "> 5", "< 0", ">= 2.5", "[1..7]", "(1..7)", "]0..3]", "1, 2, 9", "< 0, > 8", "not(5)", "not(< 3)", "not([2..4], 7)",
    '"a"', '"a", "b"', 'not("a")', '> "b"', '["a".."c"]', "true", "false", "null", "not(null)", "not(true)", '1, "a"', 'not(1, "a")',
    'not(null, "a")', '@"2020-01-01"', '> @"2020-01-01"', '[@"2020-01-01"..@"2021-01-01")', "(= 5)", "(< 5)", "= 5",
]  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 12), st.decimals(-5, 12, places=1), st.sampled_from(["a", "b", "bb", "c", "z", ""]),
    st.dates(date(2019, 12, 30), date(2021, 1, 2)),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(CELLS), min_size=1, max_size=12), st.lists(VALUES, min_size=1, max_size=8))
def test_the_index_finds_the_rows_that_evaluation_finds(texts: list[str], values: list[Any]) -> None:
    compiler = Compiler()
    pairs = [compiler.unary(text) for text in texts]
    column = Column([cell(tree) for _, tree in pairs])
    assert column.evaluated == 0
    for plain in values:
        value = from_python(plain)
        wanted = sum((test(Env({}, Run()), value) is True) << row for row, (test, _) in enumerate(pairs))
        assert column.look(value) == wanted, (plain, texts)
        if type(plain) is int:
            assert column.look(plain) == wanted


@settings(max_examples=60, deadline=None)
@given(
    st.integers(-5, 30),
    st.sampled_from(["a", "b", None, 3, True]),
    st.sampled_from(["UNIQUE", "FIRST", "COLLECT", "ANY"]),
)
def test_the_short_way_decides_as_the_long_way(number: int, text: Any, policy: str) -> None:
    logic = table(
        policy,
        ["n", "t"],
        ["o"],
        ['> 10 | "a" | 1', "> 20 | - | 2", '< 5 | not("a") | n + 1', "- | null | 4"],
    )
    key = policy if policy in MODELS else ""
    if not key:
        body = data("n", "number") + data("t", "string") + decision("d", logic, needs=["n", "t"])
        MODELS[policy] = load(definitions(body))
    model = MODELS[policy]
    facts = {"n": number, "t": text}
    assert decider(model, "d")(facts).plain == model.evaluate("d", facts).plain


MODELS: dict[str, Any] = {}


def test_an_unusual_value_takes_the_long_way() -> None:
    logic = table("UNIQUE", ["n"], ["o"], ["> 10 | 1", "<= 10 | 2"])
    decide = decider(load(definitions(data("n", "number") + decision("d", logic, needs=["n"]))), "d")
    assert [decide({"n": value}).plain for value in (11, 10.5, Decimal("10"), [3], "x", None)] == [
        1,
        1,
        2,
        2,
        None,
        None,
    ]
