from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.sealing import blind
from tongzheng.kernel.identity.api import NOBODY
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.registers import api, queries, reading
from tongzheng.kernel.registers.tables import table_of

from .trial import Dam, Remark, clerk

pytestmark = pytest.mark.usefixtures("city")
ID = "11010519491231002X"


def dam(number: int, **values: Any) -> Dam:
    given = {"name": f"第{number}坝", "code": f"D{number:03}", "region": "141102", **values}
    return Dam.objects.create(**given)


def names(page: api.Page) -> list[str]:
    return [row.values["name"] for row in page.rows]


def walk(**asked: Any) -> list[str]:
    seen: list[str] = []
    after = None
    for _ in range(50):
        page = api.rows("trial.dams", actor=clerk(), after=after, limit=2, **asked)
        seen += [row.values["code"] for row in page.rows]
        if not page.next:
            return seen
        after = page.next
    raise AssertionError("the pages never end")


def test_a_walk_through_the_pages_meets_every_row_once_in_order() -> None:
    for n in range(1, 8):
        dam(n)
    assert walk() == [f"D{n:03}" for n in range(7, 0, -1)]
    assert walk(sort="code") == [f"D{n:03}" for n in range(1, 8)]
    assert walk(sort="-code") == [f"D{n:03}" for n in range(7, 0, -1)]


def test_equal_and_empty_values_are_walked_once_and_empty_ones_come_last_both_ways() -> None:
    for n, built in enumerate([None, "2020-01-01", "2020-01-01", None, "2019-05-05", "2020-01-01", None], 1):
        dam(n, built=built)
    assert walk(sort="built") == ["D005", "D002", "D003", "D006", "D001", "D004", "D007"]
    assert walk(sort="-built") == ["D006", "D003", "D002", "D005", "D007", "D004", "D001"]


def test_a_reader_sees_only_rows_within_reach() -> None:
    dam(1, region="141102")
    dam(2, region="141181")
    dam(3, region="141181", organisation=9)
    assert names(api.rows("trial.dams", actor=clerk(region="141181"))) == ["第3坝", "第2坝"]
    assert names(api.rows("trial.dams", actor=clerk(reach="own", organisation=9))) == ["第3坝"]
    assert names(api.rows("trial.dams", actor=clerk(region="140000"))) == ["第3坝", "第2坝", "第1坝"]
    with pytest.raises(Missing):
        api.row("trial.dams", Dam.objects.get(code="D001").pk, actor=clerk(region="141181"))


def test_reading_needs_the_registers_own_action() -> None:
    with pytest.raises(SignInNeeded):
        api.rows("trial.dams", actor=NOBODY)
    with pytest.raises(Refused):
        api.rows("trial.dams", actor=clerk("trial.write"))
    with pytest.raises(Missing):
        api.rows("trial.nothing", actor=clerk())
    assert [r.id for r in api.registers(actor=clerk())] == [
        "registers.organisations",
        "registers.regions",
        "trial.dams",
        "trial.remarks",
        "trial.looks",
    ]
    assert not [r for r in api.registers(actor=NOBODY) if r.id.startswith("trial")]


def test_words_are_found_inside_names_by_one_two_and_more_characters() -> None:
    dam(1, name="贺家湾淤地坝", note="曾加固 100% ok_1")
    dam(2, name="张家沟坝")
    assert names(api.rows("trial.dams", actor=clerk(), words="家")) == ["张家沟坝", "贺家湾淤地坝"]
    assert names(api.rows("trial.dams", actor=clerk(), words="家湾")) == ["贺家湾淤地坝"]
    assert names(api.rows("trial.dams", actor=clerk(), words="贺家 加固")) == ["贺家湾淤地坝"]
    assert names(api.rows("trial.dams", actor=clerk(), words="100% OK_1")) == ["贺家湾淤地坝"]
    assert names(api.rows("trial.dams", actor=clerk(), words="湾家")) == []
    assert names(api.rows("trial.dams", actor=clerk(), words="%")) == ["贺家湾淤地坝"]


def test_the_search_can_use_the_gram_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM trial_dam WHERE registers_grams(name, note) @> '{家湾}'::text[]"
        )
        assert "trial_dam_search" in "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("SELECT registers_grams('贺家 A1', NULL, '')")
        assert sorted(cursor.fetchone()[0]) == sorted(["贺", "家", "a", "1", "贺家", "a1"])


def test_a_sealed_column_is_found_by_its_whole_value_only_and_shown_masked() -> None:
    api.create(
        "trial.dams", actor=clerk(), values={"name": "甲", "code": "A", "region": "141102", "owner": ID}
    )
    found = api.rows("trial.dams", actor=clerk(), words=ID.lower())
    assert [row.values["owner"] for row in found.rows] == ["1101············2X"]
    assert names(api.rows("trial.dams", actor=clerk(), filters={"owner": ID})) == ["甲"]
    assert names(api.rows("trial.dams", actor=clerk(), words=ID[:10])) == []
    stored = Dam.objects.get(code="A")
    assert bytes(stored.owner_blind) == blind(ID, use="dam.owner")
    assert ID.encode() not in bytes(stored.owner_sealed)


def test_filters_compare_by_kind() -> None:
    dam(1, kind="earth", height=Decimal("3.5"), built="2020-01-01", checked="2026-01-02T10:00:00+08:00")
    dam(2, active=False, height=Decimal("9"), built="2021-06-01", region="141181")

    def by(**filters: Any) -> list[str]:
        return names(api.rows("trial.dams", actor=clerk(), filters=filters))

    assert by(kind="土坝") == ["第1坝"]
    assert by(kind=["earth", "check"]) == ["第2坝", "第1坝"]
    assert by(active="否") == ["第2坝"]
    assert by(height__from="4") == ["第2坝"]
    assert by(built__from="2020-01-01", built__to="2020-12-31") == ["第1坝"]
    assert by(checked__to="2026-01-02") == ["第1坝"]
    assert by(checked="2026-01-02") == ["第1坝"]
    assert by(checked__to="2026-01-01") == []
    assert by(code="D002") == ["第2坝"]
    assert by(code="") == ["第2坝", "第1坝"]


@pytest.mark.parametrize(
    "asked",
    [
        {"filters": {"name": "x"}},
        {"filters": {"nothing": "x"}},
        {"filters": {"name; DROP TABLE": "x"}},
        {"filters": {"height__from": "高"}},
        {"filters": {"kind__from": "earth"}},
        {"filters": {"owner": ["1", "2"]}},
        {"sort": "note"},
        {"sort": "id; DROP TABLE trial_dam"},
        {"after": "nonsense"},
        {"after": "W10"},
        {"after": "WyItaWQiLG51bGwsIngiXQ"},
    ],
)
def test_an_unknown_filter_sort_or_page_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        api.rows("trial.dams", actor=clerk(), **asked)


def test_the_first_page_of_few_rows_knows_their_number_and_later_pages_ask_nothing() -> None:
    for n in range(3):
        dam(n)
    page = api.rows("trial.dams", actor=clerk())
    assert (page.estimate, page.exact, page.next) == (3, True, "")
    first = api.rows("trial.dams", actor=clerk(), limit=2)
    assert not first.exact
    assert api.rows("trial.dams", actor=clerk(), limit=2, after=first.next).estimate is None


@pytest.mark.parametrize("count", [3, 30])
def test_a_list_takes_the_same_statements_for_any_number_of_rows(
    count: int, django_assert_num_queries: Any
) -> None:
    for n in range(count):
        dam(n)
    with django_assert_num_queries(2):
        page = api.rows("trial.dams", actor=clerk(), limit=2, sort="-built")
    with django_assert_num_queries(1):
        api.rows("trial.dams", actor=clerk(), limit=2, sort="-built", after=page.next)


@pytest.mark.parametrize("near", [2, 5, 8_000])
@pytest.mark.parametrize("sort", ["", "code", "-code", "built", "-built"])
def test_a_search_finds_the_same_pages_however_far_it_walks_before_it_asks_the_index(
    near: int, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(1, 25):
        dam(n, name="骨干坝" if n % 3 else "谷坊", built=None if n % 4 == 0 else f"20{n % 5:02}-01-01")
    everything = [row for row in walk(sort=sort) if int(row[1:]) % 3]
    monkeypatch.setattr(queries, "WALKED", near)
    monkeypatch.setattr(queries, "SCATTERED", near)
    assert walk(sort=sort, words="骨干坝") == everything
    assert walk(sort=sort, words="骨干 坝") == everything
    assert walk(sort=sort, words="谷坊 骨干") == []


def test_a_common_word_is_found_without_the_index_and_a_rare_one_with_one_statement_more(
    django_assert_num_queries: Any,
) -> None:
    for n in range(9):
        dam(n, name="骨干坝" if n else "谷坊", note="骨干坝")
    after = _after("D008")
    with django_assert_num_queries(1) as asked:
        page = api.rows("trial.dams", actor=clerk(), words="骨干", limit=2, after=after)
    assert names(page) == ["骨干坝", "骨干坝"]
    assert "registers_grams" not in asked[0]["sql"]
    with django_assert_num_queries(2) as asked:
        page = api.rows("trial.dams", actor=clerk(), words="谷坊", limit=2, after=after)
    assert names(page) == ["谷坊"]
    assert "registers_grams" in asked[1]["sql"]


def test_the_number_of_hits_is_guessed_from_the_index_and_not_from_word_and_pieces_at_once() -> None:
    for n in range(300):
        dam(n, name=f"骨干坝{n:04}")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE trial_dam")
    assert api.rows("trial.dams", actor=clerk(), words="骨干", limit=2).estimate == 300


def _after(code: str) -> str:
    return queries.cursor_of(
        queries.order_of(table_of("trial.dams"), ""), None, Dam.objects.get(code=code).pk
    )


def test_a_sheet_takes_two_statements_and_a_savepoint(django_assert_num_queries: Any) -> None:
    pk = dam(1).pk
    with django_assert_num_queries(4):
        sheet = api.row("trial.dams", pk, actor=clerk())
    assert sheet.subject == f"trial.dams:{pk}"
    assert sheet.row.values["name"] == "第1坝"
    assert sheet.row.version == "1"
    assert sheet.may_write


@pytest.mark.parametrize("pk", ["x", "", "9" * 40, "1\x00", "-1", None])
def test_a_row_that_cannot_exist_is_missing(pk: Any) -> None:
    with pytest.raises(Missing):
        api.row("trial.dams", pk, actor=clerk())


def test_a_sealed_value_is_shown_in_clear_only_with_permission_and_purpose() -> None:
    row = api.create(
        "trial.dams", actor=clerk(), values={"name": "甲", "code": "A", "region": "141102", "owner": ID}
    )
    with pytest.raises(Refused):
        api.row("trial.dams", row.pk, actor=clerk(), reveal=("owner",), purpose="核对")
    keeper = clerk("trial.read", "registers.reveal")
    with pytest.raises(Invalid):
        api.row("trial.dams", row.pk, actor=keeper, reveal=("owner",))
    assert not entries(act="registers.reveal")
    assert api.row("trial.dams", row.pk, actor=keeper, reveal=("owner",), purpose="核对").revealed == {
        "owner": ID
    }
    (entry,) = entries(act="registers.reveal")
    assert entry.body == {"columns": ["owner"], "purpose": "核对"}


def test_points_are_single_when_few_and_gathered_when_dense(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(5):
        dam(n, lon=111.1 + n / 1000, lat=37.5)
    dam(9, lon=110.9, lat=37.9)
    dam(10)
    near = api.points("trial.dams", actor=clerk(), box=(111, 37, 112, 38), zoom=8)
    assert [f["properties"]["count"] for f in near["features"]] == [1] * 5
    monkeypatch.setattr(reading, "POINT_LIMIT", 4)
    far = api.points("trial.dams", actor=clerk(), box=(110, 37, 112, 38), zoom=8)
    assert sorted(f["properties"]["count"] for f in far["features"]) == [1, 5]
    single = next(f for f in far["features"] if f["properties"]["count"] == 1)
    assert single["properties"]["title"] == "第9坝"
    with pytest.raises(Invalid):
        api.points("trial.dams", actor=clerk(), box=(112, 37, 111, 38), zoom=8)
    with pytest.raises(Missing):
        api.points("trial.remarks", actor=clerk(), box=(110, 37, 112, 38), zoom=8)


def test_saved_views_are_ones_own_or_the_organisations() -> None:
    mine = clerk()
    api.save_view(
        "trial.dams", actor=mine, name="在建", query={"words": "坝", "filters": {"kind": "earth"}, "x": 1}
    )
    api.save_view("trial.dams", actor=mine, name="全市", query={"sort": "code"}, shared=True)
    colleague, stranger = clerk(id=8), clerk(id=9, organisation=2)
    assert [(v.name, v.mine) for v in api.views("trial.dams", actor=mine)] == [("全市", True), ("在建", True)]
    assert [(v.name, v.mine) for v in api.views("trial.dams", actor=colleague)] == [("全市", False)]
    assert api.views("trial.dams", actor=stranger) == ()
    view = api.views("trial.dams", actor=mine)[1]
    assert view.query == {"words": "坝", "filters": {"kind": "earth"}}
    with pytest.raises(Missing):
        api.drop_view("trial.dams", actor=colleague, id=view.id)
    api.drop_view("trial.dams", actor=mine, id=view.id)
    assert len(api.views("trial.dams", actor=mine)) == 1
    with pytest.raises(Invalid):
        api.save_view("trial.dams", actor=mine, name=" ", query={})


def test_a_register_without_region_or_organisation_is_read_whole() -> None:
    Remark.objects.create(text="好")
    assert len(api.rows("trial.remarks", actor=clerk(region="141181")).rows) == 1


def test_dates_come_as_dates() -> None:
    dam(1, built=date(2020, 1, 2))
    assert api.rows("trial.dams", actor=clerk()).rows[0].values["built"] == date(2020, 1, 2)
