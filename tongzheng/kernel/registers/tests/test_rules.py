from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.text import T
from tongzheng.kernel.registers.kinds import Column
from tongzheng.kernel.registers.rules import REQUIRED, Slip, Spec, Unusable, clean, parse, tidy

TODAY = date(2026, 11, 23)


class Places:
    def region(self, text: str) -> str | None:
        return "141102" if text.startswith("141102") else None

    def organisation(self, text: str) -> int | None:
        return 5 if text == "市水利局" else None


def one(kind: str, raw: Any, **bounds: Any) -> Any:
    choices = (("check", T("淤地坝", "Check dam")), ("1", T("一级", "First")))
    spec = Spec(Column("x", T("某列", "Some"), kind=kind, choices=choices), **bounds)
    return parse(spec, raw, today=TODAY, lookup=Places())


@pytest.mark.parametrize(
    "raw",
    [
        "2026-01-02",
        "2026/1/2",
        "2026.1.2",
        "20260102",
        "2026年1月2日",
        "２０２６－０１－０２",
        46024,
        46024.0,
        20260102,
        "46024",
        "2026-01-02 00:00:00",
        datetime(2026, 1, 2, 9, 30),
        date(2026, 1, 2),
    ],
)
def test_a_date_is_read_in_every_usual_shape(raw: Any) -> None:
    assert one("date", raw) == date(2026, 1, 2)


@pytest.mark.parametrize(
    "raw", ["2026-02-30", "昨天", "2026", 0, 59, -1, 1e12, float("nan"), True, [], "2026-01-02x"]
)
def test_what_is_no_date_is_refused(raw: Any) -> None:
    with pytest.raises(Slip):
        one("date", raw)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("2026-01-02 08:30", datetime(2026, 1, 2, 8, 30, tzinfo=CHINA)),
        ("2026-01-02T00:30:00Z", datetime(2026, 1, 2, 8, 30, tzinfo=CHINA)),
        ("2026-01-02T08:30:00+08:00", datetime(2026, 1, 2, 8, 30, tzinfo=CHINA)),
        (46024.5, datetime(2026, 1, 2, 12, 0, tzinfo=CHINA)),
        ("2026年1月2日 8时30分", datetime(2026, 1, 2, 8, 30, tzinfo=CHINA)),
    ],
)
def test_a_moment_is_read_as_chinas_unless_it_says_otherwise(raw: Any, wanted: datetime) -> None:
    assert one("datetime", raw) == wanted


def test_numbers_are_read_with_commas_full_width_digits_and_units() -> None:
    assert one("money", "￥１，２３４．５元") == Decimal("1234.50")
    assert one("money", 0.1 + 0.2) == Decimal("0.30")
    assert one("integer", "１２") == 12
    assert one("integer", 12.0) == 12
    assert one("decimal", "3.5", digits=6, places=1) == Decimal("3.5")


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("integer", "1.5"),
        ("integer", "1e5"),
        ("integer", float("inf")),
        ("integer", 2**63),
        ("money", "1.234"),
        ("money", "十元"),
        ("decimal", "9" * 60),
        ("decimal", True),
        ("integer", {}),
    ],
)
def test_what_is_no_such_number_is_refused(kind: str, raw: Any) -> None:
    with pytest.raises(Slip):
        one(kind, raw)


def test_a_number_out_of_the_fields_range_is_refused() -> None:
    with pytest.raises(Slip) as slip:
        one("integer", 40000, low=-32768, high=32767)
    assert slip.value.words.en == "The number must be between -32768 and 32767"


def test_codes_are_checked_by_their_standards() -> None:
    assert one("id_number", "11010519491231002x") == "11010519491231002X"
    assert one("id_number", "１１０１０５１９４９１２３１００２Ｘ") == "11010519491231002X"
    assert one("uscc", "91330105002500287c".replace("9133", "1133")) == "11330105002500287C"
    assert one("phone", "138 0000-1111") == "13800001111"
    assert one("phone", 13800001111.0) == "13800001111"
    for kind, raw in (("id_number", "110105194912310021"), ("uscc", "11330105002500287D"), ("phone", "123")):
        with pytest.raises(Slip):
            one(kind, raw)


def test_an_id_number_damaged_by_a_spreadsheet_says_so() -> None:
    with pytest.raises(Slip) as slip:
        one("id_number", 1.1010519491231e17)
    assert "lost its last digits" in slip.value.words.en
    with pytest.raises(Slip) as slip:
        one("id_number", "1.10105E+17")
    assert "lost its last digits" in slip.value.words.en


def test_choices_are_found_by_code_and_by_title_in_either_language() -> None:
    assert [one("choice", raw) for raw in ("check", "淤地坝", " CHECK DAM ", 1, 1.0)] == [
        "check",
        "check",
        "check",
        "1",
        "1",
    ]
    with pytest.raises(Slip) as slip:
        one("choice", "水库")
    assert slip.value.words.zh == "“水库”不在选项中：淤地坝、一级"


def test_yes_and_no_are_read_in_both_languages() -> None:
    assert [one("bool", raw) for raw in ("是", "Yes", 1, 1.0, True, "√")] == [True] * 6
    assert [one("bool", raw) for raw in ("否", "no", 0, 0.0, False)] == [False] * 5
    with pytest.raises(Slip):
        one("bool", "也许")


def test_places_and_bodies_are_looked_up() -> None:
    assert one("region", "141102 离石区") == "141102"
    assert one("organisation", "市水利局") == 5
    for kind in ("region", "organisation"):
        with pytest.raises(Slip):
            one(kind, "不存在")


def test_a_formula_is_never_taken() -> None:
    with pytest.raises(Slip) as slip:
        one("text", Unusable(T("公式", "a formula")))
    assert slip.value.words.en == "a formula"


def test_text_loses_what_cannot_be_seen_and_keeps_the_rest() -> None:
    assert one("text", " 张\u200b三\x00\u202e ") == "张三"
    assert one("long", "一\r\n二") == "一\n二"
    assert one("text", "一\n二") == "一 二"
    with pytest.raises(Slip):
        one("text", "长" * 31, limit=30)


def test_a_row_reports_every_wrong_column_at_once() -> None:
    specs = [
        Spec(Column("a", T("甲", "A"), required=True)),
        Spec(Column("b", T("乙", "B"), kind="date")),
        Spec(Column("c", T("丙", "C"))),
    ]
    values, errors = clean(specs, {"a": " ", "b": "x", "c": "好"}, today=TODAY, lookup=Places())
    assert values == {"c": "好"}
    assert errors["a"] == REQUIRED
    assert set(errors) == {"a", "b"}
    assert clean(specs, {"c": "好"}, today=TODAY, lookup=Places(), partial=True) == ({"c": "好"}, {})


KINDS = [
    "text",
    "long",
    "integer",
    "decimal",
    "money",
    "date",
    "datetime",
    "choice",
    "bool",
    "region",
    "organisation",
    "id_number",
    "uscc",
    "phone",
    "code",
]
anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.decimals(),
    st.dates(),
    st.datetimes(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.text()),
)


@given(st.sampled_from(KINDS), anything)
def test_anything_is_either_taken_or_refused_with_words(kind: str, raw: Any) -> None:
    try:
        value = one(kind, raw)
    except Slip as slip:
        words = slip.words
    else:
        assert value is None or isinstance(value, str | int | Decimal | date | datetime)
        return
    assert words.zh
    assert words.en


@given(st.text())
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)


@given(st.dates(min_value=date(1900, 3, 1), max_value=date(2999, 12, 31)))
def test_every_written_date_comes_back(day: date) -> None:
    assert one("date", day.isoformat()) == day
    assert one("date", f"{day:%Y%m%d}") == day
