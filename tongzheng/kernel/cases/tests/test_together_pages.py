"""Pages of work done together, as people use them: merge, split, ask, answer, tick, look up a ruling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tongzheng.kernel.cases import api
from tongzheng.kernel.identity.api import NOBODY

from .test_joining import joint
from .test_life import counted
from .test_merging import lamps
from .test_objecting import judge
from .test_pages import SHEET, As, as_, text

__all__ = ["as_", "joint", "judge"]


def test_likely_duplicates_are_offered_merged_and_split_off(
    as_: As, city: Any, morning: datetime, django_assert_num_queries: Any
) -> None:
    leader, first, second = lamps(city, 3, morning)
    client = as_(city.agent)
    page = client.get(f"/work/cases/{leader.number}/merge/")
    assert first.number in text(page)
    assert second.number in text(page)
    sent = {
        "version": leader.version,
        "member": [first.number],
        "more": f" {second.number.lower()}",
        "note": "同一盏",
    }
    assert client.post(f"/work/cases/{leader.number}/merge/", sent).status_code == 303
    sheet = text(client.get(f"/work/cases/{leader.number}/"))
    assert "拆分选中的（不选为全部）" in sheet
    with django_assert_num_queries(SHEET):
        client.get(f"/work/cases/{leader.number}/")
    late = client.post(f"/work/cases/{leader.number}/merge/", sent)
    assert late.status_code == 422
    assert "同一盏" in text(late)
    split = {"version": 2, "member": [second.number]}
    assert client.post(f"/work/cases/{leader.number}/split/", split).status_code == 303
    assert [one.number for one in api.sheet(leader.number, actor=city.agent).together.members] == [
        first.number
    ]
    assert "已并入" in text(client.get(f"/work/cases/{first.number}/"))


def test_another_body_is_asked_and_answers_on_its_own_page(as_: As, city: Any, joint: Any) -> None:
    case, of_roads, _, roads, power = joint
    client = as_(city.clerk)
    ask = f"/work/cases/{case.number}/ask/opinion/"
    assert "不填则 2 个工作日" in text(client.get(ask))
    before = counted("cases_subtask")
    version = api.sheet(case.id, actor=city.clerk).case.version
    bad = client.post(ask, {"version": version, "question": "", "body1": str(roads)})
    assert (bad.status_code, counted("cases_subtask")) == (422, before)
    sent = {
        "version": version,
        "question": "能否断电",
        "body1": str(roads),
        "body2": str(power),
        "required": "true",
    }
    assert client.post(ask, sent).status_code == 303
    assert "还缺“协办意见”" in text(client.get(f"/work/cases/{case.number}/"))
    first, second = (one.part for one in api.sheet(case.id, actor=city.clerk).together.parts)
    client = as_(of_roads)
    assert "协办意见" in text(client.get("/work/"))
    sheet = client.get(f"/work/cases/{case.number}/")
    assert "能否断电" in text(sheet)
    for hidden in ("来电人0", "来＊", "供电公司", "张＊", "138"):
        assert hidden not in text(sheet).replace("张＊ · 供热", ""), hidden
    page = f"/work/cases/{case.number}/parts/{first.id}/"
    assert client.post(page, {"part_answer": "no", "part_opinion": ""}).status_code == 422
    assert client.post(page, {"part_answer": "yes", "part_opinion": "可以占道"}).status_code == 303
    assert client.get(page).status_code == 404
    assert client.get(f"/work/cases/{case.number}/parts/{second.id}/").status_code == 404
    client = as_(city.clerk)
    assert "可以占道" in text(client.get(f"/work/cases/{case.number}/"))
    back = f"/work/cases/{case.number}/parts/{second.id}/back/"
    assert client.post(back, {"note": ""}).status_code == 422
    assert client.post(back, {"note": "不需要了"}).status_code == 303
    assert as_(NOBODY).get(page).status_code == 401


def test_a_checklist_is_ticked_on_the_sheet(as_: As, city: Any, morning: datetime) -> None:
    (case,) = lamps(city, 1, morning)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    client = as_(city.clerk)
    assert "核对单还没有勾选“已到现场”" in text(client.get(f"/work/cases/{case.number}/"))
    assert client.post(f"/work/cases/{case.number}/checks/seen/", {"done": "1"}).status_code == 303
    assert "核对单还没有勾选" not in text(client.get(f"/work/cases/{case.number}/"))
    assert client.post(f"/work/cases/{case.number}/checks/none/", {"done": "1"}).status_code == 404
    assert client.post(f"/work/cases/{case.number}/checks/seen/", {"done": "0"}).status_code == 303
    assert "核对单还没有勾选" in text(client.get(f"/work/cases/{case.number}/"))


def test_a_ruling_is_shown_at_the_next_dispatch_of_that_kind(
    as_: As, city: Any, morning: datetime, judge: Any
) -> None:
    first, second = lamps(city, 2, morning)
    api.move_case(first.id, "assign", actor=city.agent, organisation=city.company)
    api.move_case(first.id, "object", actor=city.clerk, note="归住建", data={"ground": "duty"})
    ruling = {"actor": judge, "organisation": city.other, "note": "照明归住建", "data": {"basis": "三定规定"}}
    api.move_case(first.id, "rule", **ruling)
    client = as_(city.agent)
    page = text(client.get(f"/work/cases/{second.number}/moves/assign/"))
    assert "照明归住建" in page
    assert "照明归住建" in text(client.get("/work/precedents/?words=照明"))
    assert "没有裁定" in text(client.get("/work/precedents/?words=燃气"))
    assert client.get("/work/precedents/?words=x").status_code == 200
    assert as_(city.citizen).get("/work/precedents/").status_code == 403
    assert as_(NOBODY).get("/work/precedents/").status_code == 401


def test_a_batch_page_moves_the_chosen_and_tells_what_became_of_each(
    as_: As, city: Any, morning: datetime
) -> None:
    first, second, third = lamps(city, 3, morning)
    client = as_(city.agent)
    assert "批量办理" in text(client.get("/work/?type=casetest.lamp"))
    where = "/work/batch/?type=casetest.lamp&state=new&move=assign"
    assert first.number in text(client.get(where))
    sent = {"type": "casetest.lamp", "state": "new", "move": "assign", "move_organisation": str(city.company)}
    assert client.post("/work/batch/", sent).status_code == 422
    sent["case"] = [f"{first.number}:1", f"{second.number}:9"]
    page = text(client.post("/work/batch/", sent))
    assert "已办 1 件" in page
    assert "未办 1 件" in page
    assert api.sheet(first.id, actor=city.agent).case.state == "working"
    assert [api.sheet(one.id, actor=city.agent).case.state for one in (second, third)] == ["new", "new"]
    assert client.get("/work/batch/?type=none").status_code == 200
    assert client.post("/work/batch/", {"type": "none"}).status_code == 404


def test_a_case_is_linked_on_its_sheet(as_: As, city: Any, morning: datetime) -> None:
    first, second = lamps(city, 2, morning)
    client = as_(city.agent)
    page = f"/work/cases/{first.number}/link/"
    assert client.post(page, {"kind": "cause_of", "other": "nothing"}).status_code == 422
    assert client.post(page, {"kind": "cause_of", "other": second.number}).status_code == 303
    assert "起因于" in text(client.get(f"/work/cases/{first.number}/"))
    assert client.post(page, {"kind": "cause_of", "other": second.number, "remove": "1"}).status_code == 303
    assert api.sheet(first.number, actor=city.agent).together.links == ()
