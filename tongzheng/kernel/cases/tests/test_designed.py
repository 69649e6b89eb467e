"""Forms drawn in the browser: what is wrong is named at its component, and the server judges by the very same schema."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.cases import designed, forms
from tongzheng.kernel.core.text import T

TODAY = date(2026, 11, 23)


def form(*components: dict[str, Any]) -> str:
    return json.dumps({"type": "default", "id": "f", "schemaVersion": 18, "components": list(components)})


def part(kind: str, key: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "id": f"id_{key}", "label": key, **more}


NEEDED = {"required": True}
SHOP = form(
    {"type": "text", "id": "t", "text": "# 店铺 <b>信息</b>"},
    part("textfield", "name", label="店名", validate={**NEEDED, "maxLength": 20}, description="与牌匾一致",
         properties={"en": "Shop name", "help_en": "As on the sign"}),
    part("number", "area", label="面积", decimalDigits=0, validate={**NEEDED, "min": 1, "max": 500}),
    part("number", "rent", label="租金", properties={"kind": "money"}),
    part("radio", "trade", label="业态", validate=NEEDED,
         values=[{"label": "餐饮", "value": "food"}, {"label": "零售", "value": "retail"}],
         properties={"en": "Trade", "en.food": "Catering"}),
    part("group", "g", conditional={"hide": '=trade != "food"'}, components=[
        part("checklist", "dishes", label="菜品", validate=NEEDED, values=[{"label": "冷", "value": "cold"}]),
    ]),
    part("textarea", "plan", label="排烟", conditional={"hide": "=area < 50"}, validate=NEEDED),
    part("textfield", "phone", label="电话", validate={"validationType": "phone"}, properties={"personal": "true", "prefill": "person.phone"}),
    part("datetime", "opens", subtype="date", label="开业日"),
    part("filepicker", "photos", multiple=True, accept=".jpg,.png"),
    part("checkbox", "agreed"),
)  # fmt: skip


def test_a_form_comes_to_the_entries_that_cases_know() -> None:
    made = designed.compiled(SHOP)
    assert made.findings == []
    kinds = {one.name: one.kind for one in made.fields}
    assert kinds == {
        "name": "text", "area": "integer", "rent": "money", "trade": "choice", "dishes": "choices", "plan": "long",
        "phone": "phone", "opens": "date", "photos": "files", "agreed": "bool",
    }  # fmt: skip
    named = {one.name: one for one in made.fields}
    assert (named["name"].title, named["name"].help) == (
        T("店名", "Shop name"),
        T("与牌匾一致", "As on the sign"),
    )
    assert named["trade"].choices == (("food", T("餐饮", "Catering")), ("retail", T("零售", "零售")))
    assert named["dishes"].when == ("trade", "food")
    assert named["plan"].hide == "area < 50"
    assert (named["phone"].personal, named["phone"].prefill) == (True, "person.phone")
    assert made.notes == ["店铺 信息"]


def judged(**data: Any) -> tuple[dict[str, Any], list[str]]:
    clean, errors = forms.validate(designed.compiled(SHOP).fields, data, today=TODAY)
    return clean, sorted(errors)


def test_the_server_judges_by_the_schema_and_its_conditions() -> None:
    clean, errors = judged(name="老李", area="60", trade="retail", plan="后窗", opens="2026-12-01")
    assert errors == []
    assert (clean["area"], clean["plan"], "dishes" in clean) == (60, "后窗", False)
    assert judged(name="老李", area="60", trade="retail")[1] == ["plan"]
    assert judged(name="老李", area="30", trade="retail")[1] == []
    assert judged(name="老李", area="30", trade="food")[1] == ["dishes"]
    assert judged(name="老" * 21, area="501", trade="x", phone="12")[1] == [
        "area",
        "name",
        "phone",
        "plan",
        "trade",
    ]
    assert "plan" not in judged(name="老李", area="30", trade="retail", plan="不该有")[0]


@pytest.mark.parametrize(
    ("component", "place", "word"),
    [
        (part("expression", "x"), "id_x", "expression"),
        (part("dynamiclist", "rows"), "id_rows", "dynamiclist"),
        (part("iframe", "x"), "id_x", "iframe"),
        (part("textfield", "name"), "id_name", "stands twice"),
        (part("textfield", "坏键"), "id_坏键", "letters, digits"),
        (part("select", "s"), "id_s", "List the choices"),
        (part("select", "s", values=[{"value": "a"}, {"value": "a"}]), "id_s", "stands twice"),
        (part("textfield", "s", conditional={"hide": "=s = 1"}), "id_s", "leads back"),
        (part("textfield", "s", conditional={"hide": "=1 = 1"}), "id_s", "no entry"),
        (part("textfield", "s", conditional={"hide": "=name ="}), "id_s", "condition is wrong"),
        (part("textfield", "s", validate={"pattern": "(a+)+"}), "id_s", "pattern"),
        (part("textfield", "s", properties={"kind": "money"}), "id_s", "cannot be of kind"),
        (part("textfield", "s", properties={"prefill": "password"}), "id_s", "no source"),
        (part("datetime", "s", subtype="time"), "id_s", "Only dates"),
        (part("number", "s", validate={"min": "few"}), "id_s", "has to be a number"),
        (part("group", "s", path="x", components=[]), "id_s", "path"),
    ],
)
def test_what_cannot_be_honoured_is_an_error_at_its_component(component: Any, place: str, word: str) -> None:
    found = designed.check(form(part("textfield", "name"), component))
    assert [(one.level, one.place) for one in found if word in one.words.en] == [("error", place)], found


def test_conditions_in_a_ring_are_found() -> None:
    ring = form(
        part("textfield", "a", conditional={"hide": '=b = "1"'}),
        part("textfield", "b", conditional={"hide": '=a = "1"'}),
    )
    assert [one.place for one in designed.check(ring)] == ["id_a", "id_b"]


def test_what_is_no_form_is_said() -> None:
    for bad in (
        "",
        "[]",
        "{",
        '{"components": 3}',
        "[" * 5000,
        form(),
        form(*[part("textfield", f"f{n}") for n in range(201)]),
    ):
        assert [one.level for one in designed.check(bad)] == ["error"], bad[:40]
    deep = part("textfield", "x")
    for n in range(30):
        deep = part("group", f"g{n}", components=[deep])
    assert [one.words.en for one in designed.check(form(deep))] == ["The form asks for nothing"]


def test_an_entry_is_kept_whole() -> None:
    for one in designed.compiled(SHOP).fields:
        assert designed.restored(json.loads(json.dumps(designed.kept(one)))) == one


def test_a_blank_form_is_sound_and_versions_differ_by_their_entries() -> None:
    blank = designed.blank(T("表", "Form"))
    assert designed.check(blank) == ()
    assert designed.parts(blank) == {"name": "名称 / Name · kind=text, required=✓"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["textfield", "group", "select"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["type", "key", "components", "values", "validate", "conditional", "hide", "properties", "label"]), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_no_schema_breaks_the_check(schema: Any) -> None:
    designed.check(json.dumps({"components": [schema, schema]}))
    designed.check(json.dumps(schema))
