"""Forms: what each kind of entry takes, says and keeps."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongzheng.kernel.cases.entries import KINDS, LATITUDES, LONGITUDES
from tongzheng.kernel.cases.forms import accepted, faults, masks, split, validate
from tongzheng.kernel.cases.kinds import Field
from tongzheng.kernel.cases.shown import described, shown, typed
from tongzheng.kernel.core.codes import id_check, id_slip, make_uscc, phone_slip, uscc_slip
from tongzheng.kernel.core.text import T

TODAY = date(2026, 11, 23)
GOOD_ID = "14110219900307001" + id_check("14110219900307001")
GOOD_USCC = make_uscc("91", "141102", "MA0K1234")


@dataclass(frozen=True)
class Upload:
    name: str
    size: int = 1000
    media_type: str = "application/pdf"
    digest: str = "d" * 64


class City:
    """Knows two regions and one organisation."""

    def region_name(self, code: str) -> str | None:
        return {"141102": "离石区", "141102001": "滨河街道"}.get(code)

    def organisation_name(self, id: int) -> str | None:
        return {7: "市行政审批局"}.get(id)


def field(kind: str, **extra: Any) -> Field:
    if kind in ("choice", "choices"):
        extra.setdefault("choices", (("a", T("甲", "A")), ("b", T("乙", "B")), ("c", T("丙", "C"))))
    return Field("x", T("项", "Entry"), kind, **extra)


def read(one: Field, raw: Any) -> Any:
    clean, errors = validate([one], {"x": raw}, today=TODAY, lookup=City())
    assert not errors, errors
    return clean.get("x")


def slip(one: Field, raw: Any) -> T:
    clean, errors = validate([one], {"x": raw}, today=TODAY, lookup=City())
    assert clean == {}
    return errors["x"]


@pytest.mark.parametrize(
    ("kind", "raw", "kept"),
    [
        ("text", "  张记面馆\u3000 ", "张记面馆"),
        ("text", "一行\r\n两行", "一行 两行"),
        ("text", "看不见\u200b的\x07字\u202e符", "看不见的字符"),
        ("long", "一行\r\n两行 ", "一行\n两行"),
        ("integer", "１２３", 123),
        ("integer", "1,234", 1234),
        ("integer", 5.0, 5),
        ("integer", "-7", -7),
        ("decimal", "３．５０", "3.5"),
        ("decimal", 0.1, "0.1"),
        ("money", "¥1,234.5", 123450),
        ("money", "12 元", 1200),
        ("money", 99.99, 9999),
        ("date", "2026-11-23", "2026-11-23"),
        ("date", "２０２６年１１月３日", "2026-11-03"),
        ("date", "20261103", "2026-11-03"),
        ("date", "2026/1/3", "2026-01-03"),
        ("choice", "b", "b"),
        ("choices", ["c", "a", "a"], ["a", "c"]),
        ("choices", "b", ["b"]),
        ("bool", "on", True),
        ("bool", "否", False),
        ("bool", False, False),
        ("id_number", f" {GOOD_ID[:6]} {GOOD_ID[6:14]} {GOOD_ID[14:].lower()}", GOOD_ID),
        ("uscc", GOOD_USCC.lower(), GOOD_USCC),
        ("phone", "＋86 138-0358-2206", "13803582206"),
        ("phone", "(0358) 8222222", "03588222222"),
        ("email", "Wang@Example.CN", "Wang@example.cn"),
        ("region", "１４１１０２", "141102"),
        ("organisation", "7", 7),
        ("place", "离石区滨河街道 1 号", {"address": "离石区滨河街道 1 号"}),
        (
            "place",
            {"address": "离石区", "lon": "111.1400001", "lat": 37.52},
            {"address": "离石区", "lon": 111.14, "lat": 37.52},
        ),
    ],
)
def test_each_kind_keeps_what_its_standard_writes(kind: str, raw: Any, kept: Any) -> None:
    assert read(field(kind), raw) == kept


def test_full_width_id_numbers_and_look_alike_x_are_read_as_meant() -> None:
    ends_in_x = next(
        f"14110219900307{n:03d}X" for n in range(999) if id_check(f"14110219900307{n:03d}") == "X"
    )
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else "Х" for c in ends_in_x)
    assert read(field("id_number"), wide) == ends_in_x


@pytest.mark.parametrize(
    ("kind", "raw", "words"),
    [
        ("id_number", GOOD_ID[:17], "身份证号应为 18 位，现在是 17 位"),
        ("id_number", "1411021990130700" + "12", "身份证号第 7 到 14 位不是有效的出生日期，请核对"),
        (
            "id_number",
            GOOD_ID[:16] + ("2" if GOOD_ID[16] != "2" else "3") + GOOD_ID[17],
            "身份证号校验位不对，请核对是否有一位输错或相邻两位颠倒",
        ),
        ("uscc", GOOD_USCC[:17], "统一社会信用代码应为 18 位，现在是 17 位"),
        (
            "uscc",
            "O" + GOOD_USCC[1:],
            "统一社会信用代码不用字母 I、O、S、V、Z，请看看“O”是不是数字",
        ),
        ("phone", "1380358220", "电话号码不对：手机号 11 位，座机请带区号，如 0358-8222222"),
        ("email", "wang@", "电子邮箱格式不对，应像 name@example.cn"),
        ("email", "a..b@example.cn", "电子邮箱格式不对，应像 name@example.cn"),
        ("integer", "3.5", "请填整数"),
        ("integer", "很多", "请填数字"),
        ("integer", "9" * 18, "数字太大"),
        ("integer", float("nan"), "请填数字"),
        ("money", "1.234", "最多 2 位小数"),
        ("money", "-1", "金额不能为负"),
        ("date", "2026-02-30", "日历上没有这一天"),
        ("date", "明天", "请按 2026-11-23 的样子填日期"),
        ("date", "0026-01-01", "年份不对，请核对"),
        ("choice", "z", "请从所列的里面选"),
        ("bool", "也许", "请选“是”或“否”"),
        ("region", "999999", "没有这个区划"),
        ("region", "离石", "请从区划里选择"),
        ("organisation", "8", "没有这个单位"),
        ("place", {"address": "北京", "lon": 116.4, "lat": 39.9}, "这一点不在本市，请重新选点"),
        ("place", {"address": "离石", "lon": "东"}, "坐标不对，请重新选点，或只填地址"),
        ("place", {"address": "离石", "url": "x"}, "地点里没有“url”"),
        ("text", "坏\x00字", "内容里有不能保存的字符，请删去后重新输入"),
        ("text", "\ud800", "内容里有不能保存的字符，请删去后重新输入"),
        ("text", "长" * 201, "最多 200 个字，现在有 201 个"),
        ("text", {"a": 1}, "这一项的格式不对"),
        ("text", " \u3000", "请填写"),
        ("text", None, "请填写"),
        ("choice", "", "请选择"),
    ],
)
def test_each_slip_is_told_in_plain_words(kind: str, raw: Any, words: str) -> None:
    told = slip(field(kind), raw)
    assert told.zh == words
    assert told.en
    assert not re.search(r"[\u4e00-\u9fff]", told.en)


def test_bounds_patterns_and_days_from_today_are_kept() -> None:
    assert slip(field("integer", minimum=1, maximum=5), "6").zh == "不能大于 5"
    assert slip(field("money", minimum=0.5), "0.4").zh == "不能小于 0.5"
    assert slip(field("date", minimum=0), "2026-11-22").zh == "不能早于 2026-11-23"
    assert slip(field("date", maximum=30), "2027-01-01").zh == "不能晚于 2026-12-23"
    plate = field("text", pattern=r"晋J[A-Z0-9]{5}", pattern_words=T("车牌应像 晋J12345", "Like 晋J12345"))
    assert read(plate, "晋J12345") == "晋J12345"
    assert slip(plate, "京A12345").zh == "车牌应像 晋J12345"
    assert slip(field("choices", maximum=1), ["a", "b"]).zh == "最多选 1 项"


def test_fields_that_are_not_asked_are_neither_kept_nor_required() -> None:
    form = [
        Field("proxy", T("代办", "By proxy"), "bool"),
        Field("proxy_name", T("代办人", "Proxy"), when=("proxy", "true")),
        Field("proxy_id", T("代办人证件", "Proxy's ID"), "id_number", when=("proxy_name", "王五")),
    ]
    assert validate(form, {"proxy": "false", "proxy_name": "王五", "proxy_id": "坏"}, today=TODAY) == (
        {"proxy": False},
        {},
    )
    clean, errors = validate(form, {"proxy": "true"}, today=TODAY)
    assert (clean, list(errors)) == ({"proxy": True}, ["proxy_name"])
    clean, errors = validate(form, {"proxy": True, "proxy_name": "王五"}, today=TODAY)
    assert list(errors) == ["proxy_id"]


def test_a_condition_may_name_a_later_field_and_a_ring_asks_nothing() -> None:
    later = [
        Field("why", T("原因", "Why"), when=("kind", "b")),
        Field("kind", T("类别", "Kind"), "choice", choices=(("a", T("甲", "A")), ("b", T("乙", "B")))),
    ]
    assert list(validate(later, {"kind": "b"}, today=TODAY)[1]) == ["why"]
    ring = [Field("a", T("甲", "A"), when=("b", "1")), Field("b", T("乙", "B"), when=("a", "1"))]
    assert validate(ring, {"a": "1", "b": "1"}, today=TODAY) == ({}, {})


def test_entries_the_form_does_not_have_are_refused_by_name() -> None:
    clean, errors = validate([field("text")], {"x": "好", "role": "admin", "x.lon": "1"}, today=TODAY)
    assert clean == {"x": "好"}
    assert sorted(errors) == ["role", "x.lon"]
    assert errors["role"].zh == "表单里没有“role”这一项"


def test_the_flat_names_of_a_page_form_a_place() -> None:
    form = [field("place")]
    clean, errors = validate(form, {"x": "离石", "x.lon": "111.1", "x.lat": "37.5"}, today=TODAY)
    assert (clean, errors) == ({"x": {"address": "离石", "lon": 111.1, "lat": 37.5}}, {})
    assert validate(form, {"x": "离石", "x.lon": "", "x.lat": ""}, today=TODAY)[0] == {
        "x": {"address": "离石"}
    }


def test_files_are_judged_by_presence_number_size_and_ending() -> None:
    form = [field("files", accept=("pdf", "image/png"), maximum=2)]

    def told(*files: Upload) -> str:
        return validate(form, {}, {"x": files}, today=TODAY)[1]["x"].zh

    assert told() == "请上传文件"
    assert told(Upload("a.pdf", 0)) == "“a.pdf”是空文件"
    assert told(Upload("a.exe")) == "“a.exe”不是要求的格式（.pdf .png）"
    assert told(Upload("a.pdf", 40 * 1024 * 1024)) == "“a.pdf”有 40.0 MB，超过 20.0 MB"
    assert told(Upload("a.pdf"), Upload("b.pdf"), Upload("c.pdf")) == "最多 2 个文件"
    clean, errors = validate(form, {}, {"x": [Upload("A.PDF")]}, today=TODAY)
    assert errors == {}
    assert clean["x"] == [
        {"digest": "d" * 64, "name": "A.PDF", "size": 1000, "media_type": "application/pdf"}
    ]
    assert accepted(field("file", accept=("image",)))[0] == ".jpg"
    assert validate(form, {"x": "typed"}, {}, today=TODAY)[1]["x"].zh == "这一项请上传文件"


def test_an_optional_tick_left_empty_means_no_and_other_empty_entries_are_absent() -> None:
    form = [field("bool", required=False), Field("y", T("乙", "Y"), required=False)]
    assert validate(form, {"y": " "}, today=TODAY) == ({"x": False}, {})


def test_personal_values_are_parted_and_masked() -> None:
    form = [
        Field("item", T("事", "Item")),
        Field("name", T("姓名", "Name"), personal=True),
        Field("id", T("证件", "ID"), "id_number", personal=True),
        Field("phone", T("电话", "Phone"), "phone", personal=True),
        Field("mail", T("邮箱", "Mail"), "email", personal=True),
        Field("born", T("出生", "Born"), "date", personal=True),
        Field("home", T("住址", "Home"), "place", personal=True),
        Field("pay", T("收入", "Pay"), "money", personal=True),
    ]
    data = {
        "item": "补贴",
        "name": "张三丰",
        "id": GOOD_ID,
        "phone": "13803582206",
        "mail": "zhang@example.cn",
        "born": "1990-03-07",
        "home": "离石区滨河街道 1 号",
        "pay": "3000",
    }
    clean, errors = validate(form, data, today=TODAY)
    assert errors == {}
    open_facts, personal = split(form, clean)
    assert open_facts == {"item": "补贴"}
    assert masks(form, personal) == {
        "name": "张＊＊",
        "id": f"1411{'·' * 12}{GOOD_ID[-2:]}",
        "phone": "138····2206",
        "mail": "z···@example.cn",
        "born": "1990-··-··",
        "home": "离石区滨河＊＊＊",
        "pay": "＊＊＊",
    }
    rows = shown(form, open_facts, masks=masks(form, personal))
    assert [(row.name, row.masked) for row in rows][:3] == [("item", False), ("name", True), ("id", True)]
    revealed = shown(form, open_facts, masks=masks(form, personal), revealed={"name": "张三丰"})
    assert (revealed[1].text.zh, revealed[1].masked, revealed[1].personal) == ("张三丰", False, True)


def test_kept_values_read_well_in_both_languages() -> None:
    form = [
        Field("pay", T("金额", "Amount"), "money"),
        Field("yes", T("是否", "Yes"), "bool"),
        Field("kinds", T("类", "Kinds"), "choices", choices=(("a", T("甲", "A")), ("b", T("乙", "B")))),
        Field("day", T("日", "Day"), "date"),
        Field("where", T("区划", "Region"), "region"),
        Field("who", T("单位", "Body"), "organisation"),
    ]
    facts = {
        "pay": 123450,
        "yes": True,
        "kinds": ["a", "b"],
        "day": "2026-11-03",
        "where": "141102",
        "who": 7,
        "gone": "旧值",
    }
    rows = {row.name: row.text for row in shown(form, facts, lookup=City())}
    assert rows == {
        "pay": T("1,234.50 元", "¥1,234.50"),
        "yes": T("是", "Yes"),
        "kinds": T("甲、乙", "A, B"),
        "day": T("2026 年 11 月 3 日", "2026-11-03"),
        "where": T("离石区", "离石区"),
        "who": T("市行政审批局", "市行政审批局"),
        "gone": T("旧值", "旧值"),
    }
    assert shown(form, {"day": "以前是文字"})[0].text.zh == "以前是文字"


def test_a_form_describes_itself_to_programs() -> None:
    form = [
        field("choice", when=None, help=T("帮", "Help")),
        Field("y", T("乙", "Y"), "money", when=("x", "a")),
    ]
    body = json.loads(json.dumps(described(form)))
    assert body[0]["choices"][0] == {"value": "a", "title": {"zh": "甲", "en": "A"}}
    assert body[1]["when"] == {"field": "x", "value": "a"}


def test_a_badly_declared_form_is_told_to_its_author() -> None:
    bad = [
        Field("a", T("甲", "A"), "colour"),
        Field("a", T("甲", "A")),
        Field("b.c", T("乙", "B"), when=("z", "1")),
        Field("d", T("丁", "D"), "choice"),
    ]
    assert faults(bad) == (
        "a stands twice",
        "a: there is no kind 'colour'",
        "'b.c' is no identifier",
        "b.c: asked by 'z', which the form has not",
        "d: a choice without choices",
    )
    assert faults([field("text")]) == ()


WHOLE = [
    Field(
        kind,
        T(kind, kind),
        kind,
        required=number % 2 == 0,
        choices=(("a", T("甲", "A")), ("1", T("一", "1"))),
    )
    for number, kind in enumerate(KINDS)
]
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=()), max_size=300),
    st.sampled_from(
        ["1", "a", GOOD_ID, GOOD_USCC, "2026-11-23", "13803582206", "a@b.cn", "141102", "7", "1e9"]
    ),
)
garbage = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["address", "lon", "lat", "z"]), inner, max_size=4),
    ),
    max_leaves=8,
)


def holds(kind: str, value: Any) -> bool:
    """An independent reading of each kind's rule."""
    match kind:
        case "text" | "long":
            return isinstance(value, str) and 0 < len(value) <= 200 and "\x00" not in value
        case "integer" | "money":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
        case "decimal":
            return Decimal(value).is_finite()
        case "date":
            return date.fromisoformat(value).isoformat() == value
        case "choice":
            return value in ("a", "1")
        case "choices":
            return value in (["a"], ["1"], ["a", "1"])
        case "bool":
            return isinstance(value, bool)
        case "id_number":
            return id_slip(value, today=TODAY) is None
        case "uscc":
            return uscc_slip(value) is None
        case "phone":
            return phone_slip(value) is None
        case "email":
            return value.count("@") == 1 and " " not in value
        case "region":
            return value in ("141102", "141102001")
        case "organisation":
            return value == 7
        case "place":
            inside = "lon" not in value or (
                LONGITUDES[0] <= value["lon"] <= LONGITUDES[1]
                and LATITUDES[0] <= value["lat"] <= LATITUDES[1]
            )
            return bool(value["address"]) and inside
        case "file":
            return bool(value["name"]) or value["size"] > 0
        case "files":
            return 0 < len(value) <= 20
    return False


@settings(max_examples=400, deadline=None)
@given(
    data=st.dictionaries(
        st.one_of(st.sampled_from(KINDS), st.sampled_from(["place.lon", "z"]), st.text()), garbage
    ),
    files=st.dictionaries(
        st.sampled_from(["file", "files", "text"]),
        st.lists(st.builds(Upload, st.text(max_size=9), st.integers(-1, 10**9)), max_size=25),
    ),
)
def test_no_garbage_raises_and_all_that_is_kept_obeys_its_rule(data: Any, files: Any) -> None:
    clean, errors = validate(WHOLE, data, files, today=TODAY, lookup=City())
    json.dumps(clean).encode()
    "".join(f"{k}{t.zh}{t.en}" for k, t in errors.items()).encode()
    assert all(holds(name, value) for name, value in clean.items())
    assert not clean.keys() & errors.keys()
    for one in WHOLE:
        assert not one.required or one.name in clean or one.name in errors
    shown(WHOLE, clean)
    again = {k: v for k, v in typed(WHOLE, clean).items() if k not in ("file", "files")}
    twice, _ = validate(WHOLE, again, today=TODAY, lookup=City())
    assert {k: v for k, v in twice.items() if k in again} == {k: clean[k] for k in again}


@settings(max_examples=100, deadline=None)
@given(facts=st.dictionaries(st.one_of(st.sampled_from(KINDS), st.text(max_size=5)), garbage))
def test_rows_are_shown_of_whatever_was_kept(facts: Any) -> None:
    assert len(shown(WHOLE, facts)) == len(facts)
