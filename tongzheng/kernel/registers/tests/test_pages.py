from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.registers import api, import_work, imports

from . import sheets
from .trial import Dam, Remark, clerk

pytestmark = pytest.mark.usefixtures("city")
ID = "11010519491231002X"


class Desk:
    """A browser at which somebody sits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.client = Client()
        self.who: Actor = clerk()
        monkeypatch.setattr("tongzheng.site.middleware.actor_from", lambda request: self.who)

    def get(self, path: str, status: int = 200, **query: Any) -> str:
        answer = self.client.get(f"/registers/{path}", query)
        assert answer.status_code == status, answer.content.decode()[:2000]
        return answer.content.decode()

    def post(self, path: str, status: int = 302, **data: Any) -> Any:
        answer = self.client.post(f"/registers/{path}", data)
        assert answer.status_code == status, answer.content.decode()[:3000]
        return answer


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(monkeypatch)


def dam(number: int, **values: Any) -> Dam:
    return Dam.objects.create(
        **{"name": f"第{number}坝", "code": f"D{number:03}", "region": "141102", **values}
    )


def cells(page: str) -> list[str]:
    return re.findall(r'<td data-label="名称"[^>]*><a [^>]*>([^<]*)</a>', page)


def test_the_index_shows_what_may_be_read(desk: Desk) -> None:
    page = desk.get("")
    assert "/registers/trial.dams/" in page
    assert "/registers/registers.regions/" in page


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_every_page_comes_in_both_languages(desk: Desk, lang: str) -> None:
    desk.client.cookies["language"] = lang
    pk = dam(1, lon=111.1, lat=37.5).pk
    other = "登记" if lang == "en" else "Enter a row"
    for path in (
        "",
        "trial.dams/",
        "trial.dams/new/",
        f"trial.dams/rows/{pk}/",
        f"trial.dams/rows/{pk}/edit/",
        "trial.dams/map/",
        "trial.dams/export/",
        "trial.dams/import/",
    ):
        page = desk.get(path)
        assert f"> {other}" not in page
        assert "{%" not in page
        assert ' style="' not in page


def test_a_list_is_searched_filtered_sorted_and_paged_by_its_address(desk: Desk) -> None:
    for n in range(1, 4):
        dam(n, active=n != 2)
    assert cells(desk.get("trial.dams/")) == ["第3坝", "第2坝", "第1坝"]
    assert cells(desk.get("trial.dams/", sort="code")) == ["第1坝", "第2坝", "第3坝"]
    assert cells(desk.get("trial.dams/", words="第2")) == ["第2坝"]
    assert cells(desk.get("trial.dams/", **{"f.active": "0"})) == ["第2坝"]
    page = desk.get("trial.dams/", c=["name", "people"])
    assert "下游人口" in page
    assert 'data-label="编号"' not in page


def test_an_unreadable_filter_shows_its_words_and_no_rows(desk: Desk) -> None:
    dam(1)
    page = desk.get("trial.dams/", status=422, **{"f.height__from": "高"})
    assert "“高”不是数字" in page
    assert cells(page) == []


def test_the_next_page_is_a_link_that_keeps_the_conditions(desk: Desk) -> None:
    for n in range(60):
        dam(n)
    page = desk.get("trial.dams/", sort="code", words="坝")
    link = re.search(r'href="(\?[^"]*after=[^"]*)"', page)
    assert link is not None
    following = desk.client.get("/registers/trial.dams/" + link[1].replace("&amp;", "&")).content.decode()
    assert cells(following) == [f"第{n}坝" for n in range(50, 60)]


@pytest.mark.parametrize("count", [2, 40])
def test_a_list_page_takes_the_same_statements_for_any_number_of_rows(
    desk: Desk, count: int, django_assert_num_queries: Any
) -> None:
    for n in range(count):
        dam(n)
    desk.get("trial.dams/")
    with django_assert_num_queries(3):  # views, page, estimate; region names are remembered
        desk.get("trial.dams/", sort="-built")


def test_without_javascript_a_place_is_found_by_its_name(desk: Desk) -> None:
    desk.post("trial.dams/new/", name="甲", code="A", region="", region_words="离石区")
    assert Dam.objects.get().region == "141102"
    assert cells(desk.get("trial.dams/", **{"f.region": "", "f.region_words": "离石区"})) == ["甲"]
    assert cells(desk.get("trial.dams/", **{"f.region_words": "孝义市"})) == []


def test_a_live_search_keeps_a_clean_address_and_the_exports_conditions(desk: Desk) -> None:
    answer = desk.client.get(
        "/registers/trial.dams/?words=坝&f.kind=&f.height__from=", headers={"HX-Request": "true"}
    )
    assert answer["HX-Push-Url"] == "/registers/trial.dams/?words=%E5%9D%9D"
    page = answer.content.decode()
    assert 'hx-select-oob="#actions,#clear"' in page
    assert 'href="/registers/trial.dams/export/?words=%E5%9D%9D"' in page


def test_empty_refused_and_missing_have_their_own_pages(desk: Desk) -> None:
    assert "还没有内容" in desk.get("trial.dams/")
    assert "没有符合条件的行" in desk.get("trial.dams/", words="无")
    desk.get("trial.nothing/", status=404)
    desk.get("trial.dams/rows/1/", status=404)
    desk.who = clerk("trial.write")
    desk.get("trial.dams/", status=403)
    desk.who = clerk("trial.read")
    assert "/new/" not in desk.get("trial.dams/")
    desk.get("trial.dams/new/", status=403)
    desk.get("trial.dams/import/", status=403)
    desk.get("trial.dams/export/", status=403)
    desk.get("trial.remarks/map/", status=404)


def test_a_row_is_entered_shown_and_changed(desk: Desk) -> None:
    answer = desk.post("trial.dams/new/", name="贺家湾坝", code="A1", region="141102", owner=ID, active="0")
    page = desk.client.get(answer["Location"]).content.decode()
    assert "贺家湾坝" in page
    assert "离石区" in page
    assert ID not in page
    assert "1101············2X" in page
    path = answer["Location"].removeprefix("/registers/")
    form = desk.get(path + "edit/")
    assert 'value="贺家湾坝"' in form
    assert "留空不改" in form
    desk.post(path + "edit/", name="新名", code="A1", region="141102", owner="", version="1", active="0")
    stored = Dam.objects.get()
    assert (stored.name, stored.version, bool(stored.owner_sealed)) == ("新名", 2, True)
    assert "贺家湾坝 → 新名" in desk.client.get(answer["Location"]).content.decode()


def test_a_form_sent_twice_enters_one_row(desk: Desk) -> None:
    key = re.search(r'name="once" value="([0-9a-f]{32})"', desk.get("trial.remarks/new/"))
    assert key is not None
    answers = [desk.post("trial.remarks/new/", text="好", once=key[1]) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Remark.objects.count() == 1


def test_a_bad_form_comes_back_with_everything_typed(desk: Desk) -> None:
    page = desk.post(
        "trial.dams/new/", 422, name="贺家湾坝", code="", region="离石", height="高"
    ).content.decode()
    assert 'value="贺家湾坝"' in page
    assert 'value="高"' in page
    assert "没有这个区划" in page
    assert Dam.objects.count() == 0
    dam(1)
    page = desk.post("trial.dams/new/", 409, name="x", code="D001", region="141102").content.decode()
    assert "已有这样的一行" in page


def test_who_saves_second_sees_what_changed_and_keeps_what_they_typed(desk: Desk) -> None:
    row = dam(1)
    api.update("trial.dams", actor=clerk(id=8), pk=row.pk, values={"name": "别人改的"}, version="1")
    page = desk.post(
        f"trial.dams/rows/{row.pk}/edit/", 409, name="我改的", code="D001", region="141102", version="1"
    ).content.decode()
    assert "第1坝 → 别人改的" in page
    assert 'value="我改的"' in page
    assert 'name="version" value="2"' in page
    desk.post(f"trial.dams/rows/{row.pk}/edit/", name="我改的", code="D001", region="141102", version="2")
    assert Dam.objects.get().name == "我改的"


def test_sealed_columns_are_shown_for_a_purpose(desk: Desk) -> None:
    row = api.create(
        "trial.dams", actor=clerk(), values={"name": "甲", "code": "A", "region": "141102", "owner": ID}
    )
    path = f"trial.dams/rows/{row.pk}/reveal/"
    desk.post(path, 403, purpose="核对")
    desk.who = clerk("trial.read", "registers.reveal")
    assert "请写明" in desk.post(path, 422, purpose="").content.decode()
    assert ID in desk.post(path, 200, purpose="核对").content.decode()
    assert len(entries(act="registers.reveal")) == 1


def test_bulk_asks_for_the_value_then_changes_the_chosen_rows(desk: Desk) -> None:
    pks = [dam(n).pk for n in (1, 2, 3)]
    ask = desk.post("trial.dams/bulk/retire/", 200, pk=pks[:2]).content.decode()
    assert "选中的 2 行" in ask
    assert Dam.objects.filter(active=False).count() == 0
    done = desk.post("trial.dams/bulk/retire/", 200, pk=pks[:2], go="1", active="0").content.decode()
    assert "改动了 2 行" in done
    assert Dam.objects.filter(active=False).count() == 2
    assert "还没有选择行" in desk.post("trial.dams/bulk/retire/", 200).content.decode()
    desk.post("trial.dams/bulk/retire/", 422, pk=pks, go="1", active="也许")
    desk.post("trial.dams/bulk/nothing/", 404, pk=pks)


def test_a_view_is_saved_opened_and_deleted(desk: Desk) -> None:
    answer = desk.post("trial.dams/views/", words="坝", sort="code", name="我的坝", **{"f.active": "1"})
    assert "words=%E5%9D%9D" in answer["Location"]
    page = desk.get("trial.dams/", words="坝", sort="code", **{"f.active": "1"})
    assert re.search(r'aria-current="page">我的坝', page)
    (view,) = api.views("trial.dams", actor=clerk())
    desk.post(f"trial.dams/views/{view.id}/delete/")
    assert api.views("trial.dams", actor=clerk()) == ()


def test_the_map_gets_points_within_the_conditions(desk: Desk) -> None:
    dam(1, lon=111.1, lat=37.5)
    dam(2, lon=111.2, lat=37.5)
    found = json.loads(desk.get("trial.dams/points.json", words="第1"))
    assert [f["properties"]["title"] for f in found["features"]] == ["第1坝"]
    assert found["features"][0]["geometry"]["coordinates"] == [111.1, 37.5]
    desk.get("trial.dams/points.json", status=422, box="x")
    desk.get("trial.dams/points.json", status=422, box="nan,1,2,3")
    assert 'data-map="/registers/trial.dams/points.json' in desk.get("trial.dams/map/")


def test_an_import_walks_from_upload_to_result(desk: Desk) -> None:
    body = sheets.xlsx(
        ("甲坝", "A", "141102", 3.5, date(2020, 1, 2)),
        ("乙坝", "B", "141181", None, None),
        ("丙", "C", "x", None, None),
    )
    answer = desk.post("trial.dams/import/", file=SimpleUploadedFile("坝.xlsx", body))
    preview = desk.client.get(answer["Location"]).content.decode()
    assert "导入 2 行" in preview
    assert "没有这个区划" in preview
    assert Dam.objects.count() == 0
    path = answer["Location"].removeprefix("/registers/")
    desk.post(path)
    result = desk.client.get(answer["Location"]).content.decode()
    assert "已新增" in result
    assert Dam.objects.count() == 2
    back = desk.client.get(f"/registers/{path}bad.csv")
    assert "丙,C,x" in b"".join(back.streaming_content).decode()  # type: ignore[arg-type]
    assert "坝.xlsx" in desk.get("trial.dams/import/")


def test_a_large_import_shows_its_progress_and_says_when_no_worker_runs(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_BYTES", 1)
    monkeypatch.setattr(imports, "SMALL", 1)
    monkeypatch.setattr(import_work, "_actor", lambda account: clerk())
    body = sheets.csv(("甲", "A", "141102", "", ""), ("乙", "B", "141102", "", ""))
    answer = desk.post("trial.dams/import/", file=SimpleUploadedFile("a.csv", body))
    page = desk.client.get(answer["Location"]).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "正在核对" in page
    assert "后台程序还没有动静" not in page
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registers_import SET created_at = created_at - interval '1 minute'")
    assert "后台程序还没有动静" in desk.client.get(answer["Location"]).content.decode()
    import_work.advance()
    assert "导入 2 行" in desk.client.get(answer["Location"]).content.decode()
    desk.client.post(answer["Location"])
    assert "正在导入" in desk.client.get(answer["Location"]).content.decode()
    import_work.advance()
    assert "已新增" in desk.client.get(answer["Location"]).content.decode()


def test_a_file_that_cannot_be_used_comes_back_with_the_reason(desk: Desk) -> None:
    page = desk.post(
        "trial.dams/import/", 415, file=SimpleUploadedFile("a.xlsx", b"MZ\x90\x00")
    ).content.decode()
    assert "这不是表格文件" in page
    page = desk.post("trial.dams/import/", 422).content.decode()
    assert "请选择一个文件" in page


def test_an_import_can_be_dropped(desk: Desk) -> None:
    answer = desk.post(
        "trial.dams/import/", file=SimpleUploadedFile("a.csv", sheets.csv(("甲", "A", "141102", "", "")))
    )
    desk.post(answer["Location"].removeprefix("/registers/") + "cancel/")
    assert "已取消" in desk.client.get(answer["Location"]).content.decode()


def test_an_export_is_asked_for_and_sent(desk: Desk) -> None:
    dam(1)
    assert "共 1 行" in desk.get("trial.dams/export/", words="坝")
    answer = desk.post("trial.dams/export/", 200, form="csv", c=["name", "code"], purpose="核查", words="坝")
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert body.splitlines()[:2] == ["名称,编号", "第1坝,D001"]
    desk.who = clerk("trial.read", "trial.export", "registers.reveal")
    assert "请写明导出的用途" in desk.post("trial.dams/export/", 422, reveal="1").content.decode()
    desk.who = clerk()
    template = desk.client.get("/registers/trial.dams/template.xlsx")
    assert b"".join(template.streaming_content)[:2] == b"PK"  # type: ignore[arg-type]


def test_comboboxes_find_regions_and_organisations(desk: Desk) -> None:
    assert 'data-value="141102"' in desk.get("options/region", q="离石")
    desk.get("options/organisation", q="水")
    desk.get("options/nothing", status=404)


def test_text_from_rows_cannot_become_markup(desk: Desk) -> None:
    pk = dam(1, name="<script>alert(1)</script>", note="</td><img src=x>").pk
    for path in ("trial.dams/", f"trial.dams/rows/{pk}/", f"trial.dams/rows/{pk}/edit/"):
        page = desk.get(path)
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
    assert "<script>alert" not in desk.get("trial.dams/", words='"><script>alert(1)')


def test_no_text_of_a_row_or_a_place_is_taken_for_markup(desk: Desk) -> None:
    dam(1, name="<b>坝</b>&\"'", note="<script>x</script>")
    page = desk.get("trial.dams/", c=["name", "note"])
    assert "<b>坝" not in page
    assert "<script>x" not in page
    assert ">&lt;b&gt;坝&lt;/b&gt;&amp;&quot;&#x27;</a>" in page
    assert "&lt;script&gt;x&lt;/script&gt;</td>" in page


def test_an_empty_cell_is_a_dash_and_a_number_says_so(desk: Desk) -> None:
    pk = dam(1, name="甲坝", height=None, people=5).pk
    page = desk.get("trial.dams/", c=["name", "height", "people"])
    assert f'<td data-label="名称"><a href="/registers/trial.dams/rows/{pk}/">甲坝</a></td>' in page
    assert '<td data-label="坝高" class="number"><span class="none">—</span></td>' in page
    assert '<td data-label="下游人口" class="number">5</td>' in page
