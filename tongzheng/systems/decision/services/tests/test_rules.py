from dataclasses import replace
from datetime import date

import pytest

from tongzheng.kernel.core.text import T
from tongzheng.systems.decision.services import items, rules


@pytest.fixture(scope="module")
def catalogue():
    return {raw["key"]: raw for raw in items.read_items()}


def test_the_catalogue_has_common_items_of_many_departments(catalogue):
    assert len(catalogue) == 32
    assert len({raw["department"] for raw in catalogue.values()}) == 14
    assert {raw["department"] for raw in catalogue.values()} == set(items.DEPARTMENTS)


def test_every_item_of_the_catalogue_is_sound(catalogue):
    for raw in catalogue.values():
        assert list(rules.item_faults(raw.get("kind", "2"), raw["promised"][0], rules.elements_of(raw))) == []


def test_the_form_asks_for_a_file_only_where_no_data_replace_it(catalogue):
    food = rules.elements_of(catalogue["food-business"])
    assert [field.name for field in food.form if field.kind == "file"] == ["material_premises_plan"]
    plan = next(field for field in food.form if field.name == "material_premises_plan")
    assert plan.title == T("场所平面图", "Floor plan of the premises")
    assert ".exe" not in plan.accept


def test_personal_entries_are_marked_so_that_they_are_kept_sealed(catalogue):
    for raw in catalogue.values():
        for field in rules.elements_of(raw).fields:
            if field.kind in ("id_number", "phone"):
                assert field.personal, (raw["key"], field.name)


@pytest.mark.parametrize(
    ("kind", "promised", "change", "said"),
    [
        ("2", 40, {}, "The promised limit is longer than the statutory one"),
        ("1", 2, {}, "An instant case is promised within one working day"),
        ("2", 5, {"visits": 1}, "Visits are required without a reason"),
        ("2", 5, {"fee": T("收费", "Fee")}, "A fee without a basis"),
        ("2", 5, {"bases": ()}, "No legal basis"),
        ("2", 5, {"result_kind": "gift"}, "The kind of result is not in the code table"),
    ],
)
def test_an_unsound_item_says_why(catalogue, kind, promised, change, said):
    elements = replace(rules.elements_of(catalogue["food-business"]), **change)
    assert said in [fault.en for fault in rules.item_faults(kind, promised, elements)]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("我想开面馆", "food-business"),
        ("孩子上户口", "birth-registration"),
        ("二手房过户", "property-transfer"),
    ],
)
def test_everyday_words_find_the_item(catalogue, words, key):
    raw = catalogue[key]
    assert rules.found_by(words, raw["name"][0], raw["name"][1], rules.elements_of(raw))
    other = catalogue["passport"]
    assert not rules.found_by(words, other["name"][0], other["name"][1], rules.elements_of(other))


def test_a_version_applies_from_its_first_day_until_the_day_before_its_end():
    first, end = date(2026, 1, 1), date(2026, 7, 1)
    assert not rules.in_force(first, end, date(2025, 12, 31))
    assert rules.in_force(first, end, first)
    assert rules.in_force(first, end, date(2026, 6, 30))
    assert not rules.in_force(first, end, end)
    assert rules.in_force(first, None, date(2099, 1, 1))
