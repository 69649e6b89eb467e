from __future__ import annotations

import pytest

from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity import api
from tongzheng.kernel.identity.models import Person
from tongzheng.kernel.ledger.api import entries

from .world import account, body, id_number, post

pytestmark = pytest.mark.django_db


def wang(**more):
    return api.register_person(
        actor=api.SYSTEM, name="王小明", id_number=id_number(), phone="138 0358 2206", region="141102", **more
    )


def clerk(region: str = "141102"):
    id = account("clerk")
    post(id, body("离石区大厅", "141102"), "identity.person_clerk", region=region)
    return api.actor_of(id)


def test_a_person_is_shown_masked():
    view = wang()
    assert (view.name, view.phone) == ("王＊＊", "138····2206")
    assert view.id_number == id_number()[:4] + "············" + id_number()[-2:]
    assert id_number() not in str(view)


def test_nothing_personal_is_stored_in_the_clear():
    row = Person.objects.get(pk=wang(address="滨河街道 1 号").id)
    stored = b"|".join(
        bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in vars(row).values()
    )
    for secret in ("王小明", id_number(), "13803582206", "滨河街道"):
        assert secret.encode() not in stored


def test_registering_twice_gives_the_same_person_and_one_entry():
    assert wang().id == wang().id
    assert Person.objects.count() == 1
    assert len(entries(act="identity.register_person")) == 1


def test_a_person_is_found_by_exact_number_and_phone():
    view = wang()
    assert api.find_person(id_number=f" {id_number().lower()} ") == (view,)
    assert api.find_person(phone="+86 138-0358-2206") == (view,)
    assert api.find_person(phone="13803582207") == ()
    assert api.find_person() == ()


def test_slips_are_named_by_row_and_nothing_enters():
    rows = [
        api.NewPerson("李四", id_number(2)),
        api.NewPerson("1", id_number(3)[:-1] + "Z", phone="12"),
    ]
    with pytest.raises(Invalid) as refused:
        api.register_persons(actor=api.SYSTEM, rows=rows)
    assert sorted(refused.value.fields) == ["2.id_number", "2.name", "2.phone"]
    assert Person.objects.count() == 0
    assert entries() == ()


def test_a_clerk_registers_in_their_region_only():
    actor = clerk()
    api.register_person(actor=actor, name="李四", id_number=id_number(2), region="141102001001")
    with pytest.raises(Refused):
        api.register_person(actor=actor, name="王五", id_number=id_number(3), region="141121")
    assert Person.objects.count() == 1


def test_revealing_needs_a_purpose_and_is_recorded():
    person, actor = wang(), clerk()
    before = len(entries())
    with pytest.raises(Invalid) as refused:
        api.reveal(actor=actor, person_id=person.id, fields=["id_number"], purpose="  ")
    assert list(refused.value.fields) == ["purpose"]
    assert len(entries()) == before

    shown = api.reveal(
        actor=actor, person_id=person.id, fields=["id_number", "phone"], purpose="核对申请材料", case="LS1"
    )
    assert shown == {"id_number": id_number(), "phone": "13803582206"}
    (entry,) = entries(act="identity.reveal")
    assert entry.actor == actor.id
    assert entry.body == {
        "case": "LS1",
        "fields": ["id_number", "phone"],
        "own": False,
        "purpose": "核对申请材料",
    }


def test_revealing_outside_the_region_is_refused_and_leaves_nothing():
    person, actor = wang(), clerk(region="141121")
    before = len(entries())
    with pytest.raises(Refused):
        api.reveal(actor=actor, person_id=person.id, fields=["name"], purpose="核对申请材料")
    with pytest.raises(SignInNeeded):
        api.reveal(actor=api.NOBODY, person_id=person.id, fields=["name"], purpose="核对申请材料")
    assert len(entries()) == before


def test_a_clerk_learns_nothing_about_a_person_who_is_not_there():
    with pytest.raises((Missing, Refused)):
        api.reveal(actor=clerk(), person_id=10**9, fields=["name"], purpose="核对申请材料")


def test_people_may_see_their_own_data():
    person = wang()
    id = api.create_account(
        actor=api.SYSTEM, username="wangxm", password="Yellow-River-2026", kind="citizen", person_id=person.id
    ).id
    actor = api.actor_of(id)
    assert actor.label == "王＊＊"
    shown = api.reveal(actor=actor, person_id=person.id, fields=["name"], purpose="本人查看")
    assert shown == {"name": "王小明"}
    assert entries(act="identity.reveal")[0].body["own"] is True
