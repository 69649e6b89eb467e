from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import unseal
from tongzheng.kernel.identity.api import NOBODY
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.registers import api

from .trial import Dam, Remark, clerk

pytestmark = pytest.mark.usefixtures("city")
ID = "11010519491231002X"
GOOD = {"name": "贺家湾坝", "code": "D1", "region": "141102"}


def history(pk: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    return [(c.act, dict(c.before), dict(c.after)) for c in api.row("trial.dams", pk, actor=clerk()).history]


def nothing_happened() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registers_change")
        return cursor.fetchone()[0] == 0 and not entries()


def test_a_created_row_has_history_and_a_ledger_entry_without_values() -> None:
    row = api.create(
        "trial.dams", actor=clerk(), values={**GOOD, "owner": ID, "height": "3.5", "active": "否"}
    )
    stored = Dam.objects.get(pk=row.pk)
    assert (stored.name, stored.height, stored.active, stored.kind) == (
        "贺家湾坝",
        Decimal("3.5"),
        False,
        "check",
    )
    assert unseal(stored.owner_sealed, use="dam.owner") == ID
    ((act, before, after),) = history(row.pk)
    assert (act, before) == ("create", {})
    assert after["owner"] == "1101············2X"
    assert after["height"] == "3.5"
    (entry,) = entries()
    assert (entry.act, entry.subject, entry.actor) == ("registers.create", f"trial.dams:{row.pk}", 7)
    assert set(entry.body) == {"columns", "digest"}
    assert "贺家湾" not in str(entry.body)


def test_bad_values_are_all_named_and_nothing_happens() -> None:
    with pytest.raises(Invalid) as fault:
        api.create(
            "trial.dams",
            actor=clerk(),
            values={"name": "", "code": "D1", "region": "999999", "height": "高", "people": 40000, "zzz": 1},
        )
    assert set(fault.value.fields) == {"name", "region", "height", "people", "zzz"}
    assert nothing_happened()
    assert Dam.objects.count() == 0


def test_a_column_that_is_not_edited_cannot_be_set() -> None:
    with pytest.raises(Invalid) as fault:
        api.create("trial.dams", actor=clerk(), values={**GOOD, "created_at": "2020-01-01"})
    assert set(fault.value.fields) == {"created_at"}


def test_a_row_beyond_reach_can_be_neither_made_nor_changed_nor_moved_there() -> None:
    near = clerk(region="141181")
    with pytest.raises(Refused):
        api.create("trial.dams", actor=near, values=GOOD)
    row = api.create("trial.dams", actor=clerk(), values=GOOD)
    with pytest.raises(Missing):
        api.update("trial.dams", actor=near, pk=row.pk, values={"name": "x"})
    mine = api.create("trial.dams", actor=near, values={**GOOD, "code": "D2", "region": "141181"})
    with pytest.raises(Refused):
        api.update("trial.dams", actor=near, pk=mine.pk, values={"region": "141102"})
    assert Dam.objects.get(code="D2").region == "141181"
    assert len(entries()) == 2


def test_writing_needs_its_action_and_a_register_that_can_be_written() -> None:
    with pytest.raises(SignInNeeded):
        api.create("trial.dams", actor=NOBODY, values=GOOD)
    with pytest.raises(Refused):
        api.create("trial.dams", actor=clerk("trial.read"), values=GOOD)
    with pytest.raises(Refused):
        api.create("trial.looks", actor=clerk(), values={"text": "x"})
    assert nothing_happened()


def test_an_update_records_only_what_differs() -> None:
    row = api.create("trial.dams", actor=clerk(), values=GOOD)
    changed = api.update("trial.dams", actor=clerk(), pk=row.pk, values={"name": "新名"}, version="1")
    assert changed.version == "2"
    assert history(row.pk)[0] == ("update", {"name": "贺家湾坝"}, {"name": "新名"})
    again = api.update("trial.dams", actor=clerk(), pk=row.pk, values={"name": "新名"}, version="2")
    assert again.version == "2"
    assert len(history(row.pk)) == 2
    assert len(entries()) == 2


def test_a_sealed_value_changes_only_when_it_differs() -> None:
    row = api.create("trial.dams", actor=clerk(), values={**GOOD, "owner": ID})
    assert api.update("trial.dams", actor=clerk(), pk=row.pk, values={"owner": ID.lower()}).version == "1"
    api.update("trial.dams", actor=clerk(), pk=row.pk, values={"owner": ""})
    assert history(row.pk)[0] == ("update", {"owner": "1101············2X"}, {"owner": ""})
    assert bytes(Dam.objects.get(pk=row.pk).owner_sealed) == b""


def test_of_two_clerks_the_second_is_told_and_nothing_is_lost() -> None:
    row = api.create("trial.dams", actor=clerk(), values=GOOD)
    api.update("trial.dams", actor=clerk(), pk=row.pk, values={"name": "甲"}, version=row.version)
    with pytest.raises(Conflict):
        api.update("trial.dams", actor=clerk(id=8), pk=row.pk, values={"name": "乙"}, version=row.version)
    assert Dam.objects.get(pk=row.pk).name == "甲"


def test_a_model_without_version_is_guarded_by_what_the_row_shows() -> None:
    row = api.create("trial.remarks", actor=clerk(), values={"text": "好", "number": 1})
    api.update("trial.remarks", actor=clerk(), pk=row.pk, values={"text": "很好"}, version=row.version)
    with pytest.raises(Conflict):
        api.update("trial.remarks", actor=clerk(), pk=row.pk, values={"text": "坏"}, version=row.version)


def test_a_key_that_exists_and_a_value_the_database_refuses_get_words() -> None:
    api.create("trial.dams", actor=clerk(), values=GOOD)
    with pytest.raises(Conflict) as fault:
        api.create("trial.dams", actor=clerk(), values=GOOD)
    assert fault.value.words.en == "There already is such a row"
    with pytest.raises(Invalid):
        api.create("trial.remarks", actor=clerk(), values={"text": "x", "number": 100})
    assert Remark.objects.count() == 0
    assert len(entries()) == 1


def test_what_is_sent_twice_under_one_key_is_entered_once() -> None:
    first = api.create("trial.remarks", actor=clerk(), values={"text": "好"}, once="k1")
    again = api.create("trial.remarks", actor=clerk(), values={"text": "好"}, once="k1")
    assert again == first
    assert api.create("trial.remarks", actor=clerk(), values={"text": "好"}, once="k2") != first
    with pytest.raises(Conflict):
        api.create("trial.remarks", actor=clerk(id=8), values={"text": "好"}, once="k1")
    assert Remark.objects.count() == 2
    assert len(entries()) == 2


def test_a_missing_row_cannot_be_changed() -> None:
    with pytest.raises(Missing):
        api.update("trial.dams", actor=clerk(), pk=1, values={"name": "x"})


def test_bulk_changes_chosen_rows_within_reach_at_once() -> None:
    for n, region in enumerate(("141102", "141102", "141181")):
        Dam.objects.create(name=str(n), code=str(n), region=region, active=n != 1)
    pks = list(Dam.objects.order_by("code").values_list("pk", flat=True))
    result = api.bulk("trial.dams", "retire", actor=clerk(region="141102"), pks=[*pks, 999999], value="否")
    assert result == api.BulkResult(changed=1, unchanged=1, refused=2)
    assert list(Dam.objects.order_by("code").values_list("active", "version")) == [
        (False, 2),
        (False, 1),
        (True, 1),
    ]
    assert history(str(pks[0]))[0] == ("bulk", {"active": True}, {"active": False})
    (entry,) = entries()
    assert entry.body["pks"] == [pks[0]]
    assert entry.body["rows"] == 1


def test_bulk_needs_its_own_action_a_good_value_and_some_rows() -> None:
    pk = Dam.objects.create(name="1", code="1", region="141102").pk
    with pytest.raises(Refused):
        api.bulk("trial.dams", "retire", actor=clerk("trial.read", "trial.write"), pks=[pk], value="否")
    with pytest.raises(Invalid):
        api.bulk("trial.dams", "retire", actor=clerk(), pks=[pk], value="也许")
    with pytest.raises(Invalid):
        api.bulk("trial.dams", "retire", actor=clerk(), pks=[], value="否")
    with pytest.raises(Missing):
        api.bulk("trial.dams", "nothing", actor=clerk(), pks=[pk], value="否")
    with pytest.raises(Refused):
        api.bulk("trial.dams", "move", actor=clerk(region="141102"), pks=[pk], value="141181")
    assert nothing_happened()


@pytest.mark.parametrize("count", [1, 40])
def test_bulk_takes_the_same_statements_for_any_number_of_rows(
    count: int, django_assert_num_queries: Any
) -> None:
    pks = [Dam.objects.create(name=str(n), code=str(n), region="141102").pk for n in range(count)]
    with django_assert_num_queries(8):
        api.bulk("trial.dams", "retire", actor=clerk(), pks=pks, value="否")
