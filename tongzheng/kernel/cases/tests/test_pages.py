"""The workbench's pages by behaviour: what is shown, what is refused, what two people at once get."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity.api import NOBODY, Actor, Grantee
from tongzheng.kernel.ledger import api as ledger

from .test_life import EVERYTHING, counted, opened

As = Callable[[Actor], Client]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)


@pytest.fixture
def as_(monkeypatch: pytest.MonkeyPatch, city: Any, morning: datetime) -> As:
    """Return a client on which an actor is signed in; sessions themselves are identity's to test."""

    def client(actor: Actor) -> Client:
        monkeypatch.setattr("tongzheng.site.middleware.actor_from", lambda request: actor)
        return Client(enforce_csrf_checks=False)

    return client


def text(response: HttpResponse) -> str:
    """Return a page's words without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def working(city: Any, **more: Any) -> CaseView:
    """Return a case that the clerk has signed for."""
    case = opened(city, **more)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    return api.move_case(case.id, "sign", actor=city.clerk)


def test_the_inbox_shows_what_waits_for_me_and_nothing_of_others(as_: As, city: Any) -> None:
    mine, other = working(city, title="滨河小区暖气不热"), opened(city, title="别家的事")
    page = as_(city.clerk).get("/work/")
    assert page.status_code == 200
    assert mine.number in text(page)
    assert other.number not in text(page)
    assert "剩 5 个工作日" in text(page)
    assert "没有办件" in text(as_(city.stranger).get("/work/"))


def test_nobody_is_asked_to_sign_in(as_: As, city: Any) -> None:
    assert as_(NOBODY).get("/work/").status_code == 401
    assert as_(NOBODY).get(f"/work/cases/{opened(city).number}/").status_code in (401, 404)
    assert as_(NOBODY).get("/work/organisations/?q=局").status_code == 401


def test_an_inbox_page_takes_two_statements_however_many_rows(
    as_: As, city: Any, django_assert_num_queries: Any
) -> None:
    client = as_(city.clerk)
    for _ in range(2):
        working(city)
    with django_assert_num_queries(INBOX):
        client.get("/work/")
    for _ in range(8):
        working(city)
    with django_assert_num_queries(INBOX):
        assert client.get("/work/").content.count(b"data-row ") == 10


def test_a_sheet_takes_as_many_statements_however_long_its_timeline(
    as_: As, city: Any, django_assert_num_queries: Any
) -> None:
    case, client = working(city), as_(city.clerk)
    with django_assert_num_queries(SHEET):
        client.get(f"/work/cases/{case.number}/")
    for n in range(6):
        api.add_note(case.id, actor=city.clerk, note=f"备注 {n}")
    with django_assert_num_queries(SHEET):
        client.get(f"/work/cases/{case.number}/")
    with django_assert_num_queries(SHEET_PART):
        client.get(f"/work/?case={case.number}", headers={"HX-Request": "true", "HX-Target": "sheet"})


INBOX = 3
"""The rows, the counts, the unread messages of the shell."""
SHEET = 3
"""The case with its files, its events, the unread messages of the shell."""
SHEET_PART = 2


def test_filters_words_and_pages_keep_their_query(as_: As, city: Any) -> None:
    for n in range(51):
        working(city, title=f"报修 {n}")
    client = as_(city.clerk)
    page = client.get("/work/?view=todo&type=casetest.repair").content.decode()
    after = re.search(r'href="(\?[^"]*after=[^"]+)"', page)
    assert after
    assert "type=casetest.repair" in after[1]
    assert client.get("/work/" + after[1].replace("&amp;", "&")).content.count(b"data-row ") == 1
    assert "没有符合条件的办件" in text(client.get("/work/?light=red"))
    assert client.get("/work/?light=purple").status_code == 200
    assert client.get("/work/?after=nonsense").status_code == 200
    assert client.get("/work/?words=%00").status_code == 200


def test_the_sheet_says_who_what_by_when_and_why(as_: As, city: Any) -> None:
    case = working(city)
    page = as_(city.clerk).get(f"/work/cases/{case.number}/")
    words = text(page)
    for wanted in (
        case.number,
        "滨河小区暖气不热",
        "办理中",
        "马＊＊",
        "1101············2X",
        "离石区滨河北路 12 号",
        "承诺时限",
        "应于2026年11月27日（周五）18:00前完成",
        "《行政许可法》第四十二条",
        "签收",
        "供热公司",
    ):
        assert wanted in words, wanted
    assert "11010519491231002X" not in page.content.decode()
    assert "马小云" not in page.content.decode()


def test_every_move_of_the_sheet_has_one_key_of_its_own(as_: As, city: Any) -> None:
    case = working(city)
    page = as_(city.clerk).get(f"/work/?case={case.number}").content.decode()
    sheet = page[page.index('id="sheet"') :]
    allowed = [move for move in api.sheet(case.id, actor=city.clerk).moves if move.allowed]
    keys = re.findall(r'data-key="(\w)"', sheet)
    assert len(allowed) > 2
    assert len(keys) >= len(allowed)
    assert len(set(keys)) == len(keys)


def test_who_may_not_read_a_case_is_told_that_there_is_none(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.stranger)
    before = counted(*EVERYTHING)
    for path in ("", "print/", "related/", "moves/answer/", "files/" + "a" * 64 + "/"):
        assert client.get(f"/work/cases/{case.number}/{path}").status_code == 404, path
    for path in ("moves/answer/", "notes/", "reveal/", "files/"):
        data = {"note": "x", "move_note": "x", "version": "3", "purpose": "看看这个人", "field": "id_number"}
        assert client.post(f"/work/cases/{case.number}/{path}", data).status_code == 404, path
    assert counted(*EVERYTHING) == before


def test_a_reader_without_the_move_is_refused_and_nothing_happens(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.leader)
    before = counted(*EVERYTHING)
    assert client.get(f"/work/cases/{case.number}/").status_code == 200
    data = {"version": str(case.version), "seen": "3", "move_note": "已修好"}
    assert client.post(f"/work/cases/{case.number}/moves/answer/", data).status_code == 403
    assert client.post(f"/work/cases/{case.number}/notes/", {"note": "x"}).status_code == 403
    assert counted(*EVERYTHING) == before


def test_a_move_is_made_and_leads_back_to_the_sheet(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    form = client.get(f"/work/cases/{case.number}/moves/answer/").content.decode()
    assert 'name="cost"' in form
    assert 'name="move_note"' in form
    assert "将出具：答复书" in form
    data = {**hidden(form), "cost": "1,200.50", "witness": "138 1234 5678", "move_note": "已换阀门"}
    done = client.post(f"/work/cases/{case.number}/moves/answer/", data)
    assert (done.status_code, done["Location"]) == (303, f"/work/cases/{case.number}/?done=1")
    page = text(client.get(done["Location"]))
    assert "已办：答复" in page
    assert "1,200.50 元" in page
    assert "138····5678" in page
    assert api.sheet(case.id, actor=city.clerk).case.state == "answered"


def hidden(page: str) -> dict[str, str]:
    """Return the hidden entries of a page's move form."""
    form = page[page.index('class="form moveform"') :]
    return dict(re.findall(r'<input type="hidden" name="(version|seen)" value="(\d+)"', form))


def test_a_slip_keeps_what_was_typed_and_does_nothing(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    before = counted(*EVERYTHING)
    data = {"version": str(case.version), "seen": "3", "cost": "1.234", "witness": "12", "move_note": ""}
    answer = client.post(f"/work/cases/{case.number}/moves/answer/", data)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="1.234"' in page
    assert 'value="12"' in page
    assert "最多 2 位小数" in page
    assert '<a href="#id_move_note">' in page
    assert 'aria-describedby="error_cost"' in page
    assert counted(*EVERYTHING) == before


def test_two_clerks_at_once_the_second_sees_what_the_first_did(as_: As, city: Any) -> None:
    case = working(city)
    stale = {"version": str(case.version), "seen": "3", "move_note": "第二人的意见", "cost": "5"}
    api.move_case(case.id, "inspect", actor=city.second, note="去看现场")
    before = counted(*EVERYTHING)
    answer = as_(city.clerk).post(f"/work/cases/{case.number}/moves/answer/", stale)
    words = text(answer)
    assert answer.status_code == 409
    assert "您这次没有提交" in words
    assert "王＊" in words
    assert "去看现场" in words
    assert "第二人的意见" in words
    assert counted(*EVERYTHING) == before
    api.move_case(case.id, "inspected", actor=city.second)
    again = as_(city.clerk).post(f"/work/cases/{case.number}/moves/answer/", stale).content.decode()
    assert "第二人的意见" in again
    fresh = {**stale, **hidden(again)}
    assert as_(city.clerk).post(f"/work/cases/{case.number}/moves/answer/", fresh).status_code == 303


def test_a_double_click_counts_once(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    data = {"version": str(case.version), "seen": "3", "move_note": "已换阀门"}
    first = client.post(f"/work/cases/{case.number}/moves/answer/", data)
    before = counted(*EVERYTHING)
    second = client.post(f"/work/cases/{case.number}/moves/answer/", data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    assert counted(*EVERYTHING) == before


def test_a_move_by_htmx_answers_the_fresh_sheet_and_wakes_the_list(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    data = {"version": str(case.version), "seen": "3", "move_note": "去看现场"}
    answer = client.post(
        f"/work/cases/{case.number}/moves/inspect/",
        data,
        headers={"HX-Request": "true", "HX-Target": "sheet"},
    )
    assert (answer.status_code, answer["HX-Retarget"], answer["HX-Trigger"]) == (
        200,
        "#sheet",
        "inbox-changed",
    )
    assert answer.content.lstrip().startswith(b"<header>")
    assert "暂停计时" in text(answer)
    slip = client.post(
        f"/work/cases/{case.number}/moves/inspected/", {"version": "4", "seen": "9", "role": "x"},
        headers={"HX-Request": "true"},
    )  # fmt: skip
    assert (slip.status_code, slip["HX-Retarget"]) == (422, "#move")
    assert "表单里没有“role”这一项" in text(slip)


def test_handing_over_takes_an_organisation_by_id_or_typed_name(as_: As, city: Any) -> None:
    case, client = opened(city), as_(city.agent)
    found = client.get("/work/organisations/?q=供热").content.decode()
    assert f'data-value="{city.company}"' in found
    form = {"version": "1", "seen": "1", "move_note": ""}
    lost = client.post(
        f"/work/cases/{case.number}/moves/assign/", {**form, "move_organisation_words": "没有的局"}
    )
    assert lost.status_code == 422
    assert "没有找到这个单位" in text(lost)
    typed = {**form, "move_organisation": "", "move_organisation_words": "供热公司"}
    assert client.post(f"/work/cases/{case.number}/moves/assign/", typed).status_code == 303
    assert api.sheet(case.id, actor=city.agent).case.organisation_id == city.company


def test_handing_over_may_name_a_person_who_can_take_it_and_nobody_else(
    as_: As, city: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker = world.staff(city.company, name="李大海")
    clerk = Grantee(taker.id, "李大海", "运行科", "", T("岗位", "post"), T("供热公司", "Heating"))
    monkeypatch.setattr(
        "tongzheng.kernel.identity.api.who_may",
        lambda action, *, organisation=None, region=None: (
            (clerk,) if (action, organisation) == ("casetest.handle", city.company) else ()
        ),
    )
    case, client = opened(city), as_(city.agent)
    path = f"/work/cases/{case.number}/moves/assign/"
    listed = client.get(f"{path}people/?organisation={city.company}&q=李").content.decode()
    assert f'data-value="{taker.id}"' in listed
    assert b"data-value" not in client.get(f"{path}people/?organisation={city.other}&q=").content
    assert client.get(f"{path}people/?organisation=%00").status_code == 200
    assert as_(city.stranger).get(f"{path}people/?organisation={city.company}").status_code == 404
    client, before = as_(city.agent), counted(*EVERYTHING)
    form = {"version": "1", "seen": "1", "move_organisation": str(city.company)}
    wrong = client.post(path, {**form, "move_handler": "999999"})
    assert wrong.status_code == 422
    assert "请重选" in text(wrong)
    assert counted(*EVERYTHING) == before
    assert client.post(path, {**form, "move_handler": "", "move_handler_words": "李大海"}).status_code == 303
    assert api.sheet(case.id, actor=city.clerk).case.handler_id == taker.id


def test_an_extension_asks_for_days_within_its_limit(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    form = {"version": str(case.version), "seen": "3", "move_note": ""}
    far = client.post(f"/work/cases/{case.number}/moves/extend/", {**form, "move_days": "11"})
    assert far.status_code == 422
    assert "不能大于 10" in text(far)
    assert (
        client.post(f"/work/cases/{case.number}/moves/extend/", {**form, "move_days": "3"}).status_code == 303
    )
    due = api.sheet(case.id, actor=city.clerk).case.due_at
    assert due is not None
    assert due.date() == date(2026, 12, 2)


def test_a_move_that_the_state_never_had_is_missing(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    assert client.get(f"/work/cases/{case.number}/moves/fly/").status_code == 404
    assert client.post(f"/work/cases/{case.number}/moves/fly/", {"version": "3"}).status_code == 404
    assert client.get("/work/cases/GR2026112000000XX/").status_code == 404
    assert client.get("/work/cases/%00/").status_code == 404


def test_revealing_needs_a_purpose_and_goes_on_the_ledger(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    path = f"/work/cases/{case.number}/reveal/"
    before = counted("ledger_entry")[0]
    short = client.post(path, {"field": ["id_number"], "purpose": "看"})
    assert short.status_code == 422
    assert "11010519491231002X" not in short.content.decode()
    assert counted("ledger_entry")[0] == before
    shown = client.post(path, {"field": ["id_number", "applicant.name"], "purpose": "核对报修人身份"})
    assert shown.status_code == 200
    assert "11010519491231002X" in shown.content.decode()
    assert "马小云" in shown.content.decode()
    assert counted("ledger_entry")[0] == before + 1
    entry = ledger.entries(subject=f"case:{case.number}", limit=1)[0]
    assert entry.body["purpose"] == "核对报修人身份"
    assert "11010519491231002X" not in str(entry)


def test_notes_and_files_are_added_and_files_given_back_safely(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    assert client.post(f"/work/cases/{case.number}/notes/", {"note": "去过一次，无人"}).status_code == 303
    empty = client.post(f"/work/cases/{case.number}/notes/", {"note": " "})
    assert empty.status_code == 422
    upload = SimpleUploadedFile("现场 照片.png", PNG, "image/png")
    assert client.post(f"/work/cases/{case.number}/files/", {"file": upload}).status_code == 303
    page = client.get(f"/work/cases/{case.number}/").content.decode()
    assert "去过一次，无人" in page
    href = re.search(r'<img src="([^"]+)"', page)
    assert href
    given = client.get(href[1])
    assert b"".join(given.streaming_content) == PNG  # type: ignore[attr-defined]
    assert given["Content-Type"] == "image/png"
    assert given["X-Content-Type-Options"] == "nosniff"
    assert given["Content-Security-Policy"].startswith("sandbox;")
    assert given["Content-Disposition"].startswith("inline;")
    assert client.get(href[1] + "?download=1")["Content-Disposition"].startswith("attachment;")
    assert as_(city.stranger).get(href[1]).status_code == 404


def test_a_renamed_program_is_refused_with_words_and_nothing_is_attached(as_: As, city: Any) -> None:
    case, client = working(city), as_(city.clerk)
    before = counted(*EVERYTHING)
    program = SimpleUploadedFile("照片.png", b"MZ" + b"\0" * 200, "image/png")
    answer = client.post(f"/work/cases/{case.number}/files/", {"file": program})
    assert answer.status_code == 422
    assert "照片.png" in text(answer)
    assert counted(*EVERYTHING) == before


def test_search_finds_by_number_and_only_what_may_be_read(as_: As, city: Any) -> None:
    case = working(city)
    assert "开始查找" in text(as_(city.leader).get("/work/search/"))
    assert case.title in text(as_(city.leader).get(f"/work/search/?words={case.number}"))
    assert "没有找到" in text(as_(city.stranger).get(f"/work/search/?words={case.number}"))
    assert (
        as_(city.leader).get("/work/search/?words=%00&region=x&state=%00&subject=%00&type=%00").status_code
        == 200
    )


def test_related_cases_are_those_about_the_same_thing(as_: As, city: Any) -> None:
    first, second = working(city, subject="boilers.boiler:7"), working(city, subject="boilers.boiler:7")
    page = text(as_(city.clerk).get(f"/work/cases/{first.number}/related/"))
    assert second.number in page
    assert first.number not in page


def test_the_cases_about_a_thing_are_listed_for_its_own_sheet(as_: As, city: Any) -> None:
    case = working(city, subject="boilers.boiler:7")
    asked = "/work/related/?subject=boilers.boiler:7"
    assert case.number in text(as_(city.clerk).get(asked, headers={"HX-Request": "true"}))
    assert case.number not in text(as_(city.stranger).get(asked, headers={"HX-Request": "true"}))
    assert as_(city.clerk).get(asked)["Location"] == "/work/search/?subject=boilers.boiler%3A7"


def test_the_calendar_shows_a_year_and_only_its_keeper_changes_a_day(
    as_: As, city: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = as_(city.leader).get("/work/calendar/?year=2026")
    assert "工作日历 2026" in text(page)
    assert "国庆" in text(page)
    change = {"day": "2026-11-28", "kind": "work", "name": "调休", "source": "市政府办公室通知"}
    assert as_(city.leader).post("/work/calendar/", change).status_code == 403
    keeper = Actor(
        21, "钱＊", "staff", (type(city.leader.posts[0])(9, "秘书", city.other, "政府办", "141100", {"cases.calendar": "region"}),)
    )  # fmt: skip
    slip = as_(keeper).post("/work/calendar/", {**change, "day": "2026-02-30"})
    assert slip.status_code == 422
    assert "日历上没有这一天" in text(slip)
    done = as_(keeper).post("/work/calendar/", change)
    assert (done.status_code, done["Location"]) == (303, "/work/calendar/?year=2026&done=2026-11-28")
    assert any(d.date == date(2026, 11, 28) and d.kind == "work" for d in api.calendar(2026).days)
    for year in ("1", "99999", "abc", ""):
        assert as_(keeper).get(f"/work/calendar/?year={year}").status_code == 200


def test_the_region_selects_grow_with_the_choice(as_: As, city: Any) -> None:
    client = as_(NOBODY)
    counties = client.get("/work/regions/?name=where").content.decode()
    assert counties.count("<select") == 1
    assert "离石区" in counties
    assert client.get("/work/regions/?name=where&code=141102").content.decode().count("<select") == 2
    assert client.get("/work/regions/?name=where&code=141102001").content.decode().count("<select") == 3
    for odd in ("name=%22%3E%3Cscript%3E", "code=999999", "code=abc", "code=" + "1" * 99):
        answer = client.get(f"/work/regions/?{odd}")
        assert answer.status_code == 200
        assert b"<script" not in answer.content


@pytest.mark.parametrize("path", ["/work/", "/work/?case={n}", "/work/cases/{n}/", "/work/cases/{n}/moves/answer/",
                                  "/work/cases/{n}/moves/extend/", "/work/cases/{n}/print/", "/work/search/",
                                  "/work/calendar/?year=2026"])  # fmt: skip
def test_every_page_reads_in_english_too(as_: As, city: Any, path: str) -> None:
    case, client = (
        working(city, facts={"place": "12 Binhe"}, title="No heat", applicant=None),
        as_(city.clerk),
    )
    client.cookies["language"] = "en"
    page = client.get(path.format(n=case.number))
    assert page.status_code == 200
    body = re.sub(r"<title>.*?</title>", "", page.content.decode())
    left = set(re.findall(r"[\u4e00-\u9fff]+", re.sub(r"<[^>]+>", " ", body[body.index("<main") :])))
    allowed = {"李", "张", "供热公司", "热线中心", "运行科", "坐席", "中文", "国务院办公厅节假日安排通知"}
    assert {word for word in left if not any(word in a or a in word for a in allowed)} == set()


def test_a_late_light_is_said_in_words(as_: As, city: Any) -> None:
    case = working(city)
    with clock.at(clock.now() + timedelta(days=14)):
        assert "超期 5 个工作日" in text(as_(city.clerk).get(f"/work/cases/{case.number}/"))
        assert case.number in text(as_(city.clerk).get("/work/?light=red"))
