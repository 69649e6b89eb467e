"""The demo year: what its applicants write is sound for every item, and each item has its weight."""

from __future__ import annotations

from datetime import date
from random import Random

import pytest

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.decision.services import demo_forms, items, rules
from tongzheng.systems.decision.services.casetypes import APPLICATION

RAW = {raw["key"]: raw for raw in items.read_items()}
TOWN = identity.RegionView("141102001", "城北街道", "township", "141102")


def test_every_item_has_a_weight_and_a_known_season():
    assert set(demo_forms.WEIGHT) == set(RAW)
    assert set(demo_forms.SEASONS) <= set(RAW)
    assert set(demo_forms.SEASONS.values()) <= set(demo_forms.SEASON)


@pytest.mark.parametrize("key", sorted(RAW))
def test_what_applicants_of_the_demo_write_is_sound(db, key):
    identity.load_regions()
    elements = rules.elements_of(RAW[key])

    class Item:
        pass

    Item.elements = elements
    for seed in range(20):
        random = Random(seed)
        person = demo_forms.invented_person(random)
        values = demo_forms.values(Item, random, person, TOWN, date(2026, 3, 2))
        assert cases.validate(elements.fields, values)[1] == {}


def test_the_same_seed_invents_the_same_person():
    one, again = (demo_forms.invented_person(Random(7)) for _ in range(2))
    assert one == again
    assert one.id_number.startswith("141100")


def test_a_special_procedure_of_an_item_is_one_that_the_move_knows():
    known = {
        code
        for move in APPLICATION.moves
        if move.name == "special"
        for code in [ground.name for ground in move.grounds]
    }
    for raw in RAW.values():
        assert {code for code, *_ in raw.get("special", ())} <= known
