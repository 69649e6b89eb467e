"""The pages, as a designer, a publisher and somebody without a post see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.world import World
from tongzheng.kernel.definitions import api
from tongzheng.kernel.definitions.tests.conftest import KIND


@pytest.fixture
def room(world: World) -> Any:
    """A bureau with a designer, a publisher and a clerk without a post of this kind."""
    bureau = world.office("市行政审批局", region="141100")
    people = {
        "designer": world.staff(bureau, "definitions.designer", name="安设计", region="141100"),
        "publisher": world.staff(bureau, "definitions.publisher", name="陈审定", region="141100"),
        "both": world.staff(
            bureau, "definitions.designer", "definitions.publisher", name="邓兼任", region="141100"
        ),
        "clerk": world.staff(bureau, name="无权"),
    }
    return {
        "bureau": bureau,
        **{name: world.client(actor) for name, actor in people.items()},
        "actors": people,
    }


def begun(room: Any, by: str = "designer") -> int:
    answer = room[by].post(
        f"/definitions/new/?kind={KIND}",
        {"title_zh": "停车收费", "title_en": "Parking", "key": "parking", "organisation": room["bureau"]},
    )
    assert answer.status_code == 303, answer.content.decode()
    return int(answer["Location"].split("/")[3])


def saved(client: Client, id: int, content: str, lock: int = 1, **more: str) -> Any:
    return client.post(f"/definitions/versions/{id}/", {"content": content, "lock": str(lock), **more})


def test_drawn_proposed_decided_by_another_and_rolled_back_on_the_pages(room: Any) -> None:
    id = begun(room)
    assert "保存草稿" in room["designer"].get(f"/definitions/versions/{id}/").content.decode()
    answer = saved(room["designer"], id, "car=5\nbus=20\n", note="首版", propose="1")
    assert answer["Location"].endswith("?done=saved")
    page = room["designer"].get(f"/definitions/versions/{id}/").content.decode()
    assert "待审定" in page
    assert "您的岗位没有“审定发布定义”权限" in page
    page = room["publisher"].get(f"/definitions/versions/{id}/").content.decode()
    assert "2 条测试，0 条未通过" in page
    assert "批准发布" in page
    answer = room["publisher"].post(
        f"/definitions/versions/{id}/decide/", {"lock": "3", "decision": "approve"}
    )
    assert answer.status_code == 303
    assert api.in_force(KIND, "parking").content == "car=5\nbus=20\n"  # type: ignore[union-attr]

    answer = room["designer"].post(f"/definitions/{KIND}/parking/draft/")
    second = int(answer["Location"].split("/")[3])
    saved(room["designer"], second, "car=6\n", propose="1")
    room["publisher"].post(f"/definitions/versions/{second}/decide/", {"lock": "3", "decision": "approve"})
    page = room["publisher"].get(f"/definitions/compare/?first={id}&second={second}").content.decode()
    assert "<del>5</del>" in page
    assert "<ins>6</ins>" in page
    page = room["publisher"].get(f"/definitions/versions/{id}/").content.decode()
    assert "回退到这一版" in page
    answer = room["publisher"].post(
        f"/definitions/versions/{id}/roll-back/", {"instead_of": second, "reason": "新标准算错"}
    )
    assert answer.status_code == 303
    page = room["publisher"].get(f"/definitions/{KIND}/parking/").content.decode()
    assert "第 3 版 · 现行" in page
    assert "已被取代" in page


def test_what_was_typed_is_kept_on_the_page_when_somebody_else_saved_first(room: Any) -> None:
    id = begun(room)
    saved(room["both"], id, "car=6\n")
    answer = saved(room["designer"], id, "car=7\ntram=1\n")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "邓兼任已改过这一版" in page
    assert "car=7\ntram=1" in page
    assert "<del>6</del>" in page
    copy = room["designer"].post(f"/definitions/{KIND}/parking/draft/", {"content": "car=7\ntram=1\n"})
    other = int(copy["Location"].split("/")[3])
    assert api.look(other, actor=room["actors"]["designer"]).content == "car=7\ntram=1\n"
    assert api.look(id, actor=room["actors"]["designer"]).content == "car=6\n"


def test_errors_are_shown_at_their_places_and_nothing_typed_is_lost(room: Any) -> None:
    id = begun(room)
    answer = saved(room["designer"], id, "car=5\nbus\n", propose="1")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'data-goto="2,1"' in page
    assert "缺少等号" in page
    answer = saved(room["designer"], id, "x" * 20_000, lock=2)
    assert answer.status_code == 413
    assert "x" * 20_000 in answer.content.decode()
    assert api.look(id, actor=room["actors"]["designer"]).state == "draft"


def test_a_simulation_runs_on_what_is_typed_and_saves_nothing(room: Any) -> None:
    id = begun(room)
    saved(room["designer"], id, "car=5\n")
    answer = saved(room["designer"], id, "car=9\nbus=3\n", lock=2, simulate="1", **{"fact.name": "bus"})
    page = answer.content.decode()
    assert "<output>3</output>" in page
    assert 'data-goto="bus"' in page
    assert "尚未保存" in page
    broken = saved(room["designer"], id, "car=9\n", lock=2, simulate="1", **{"fact.name": "nothing"})
    assert "无法试算" in broken.content.decode()
    assert api.look(id, actor=room["actors"]["designer"]).content == "car=5\n"


def test_slips_in_a_new_definition_come_back_with_what_was_typed(room: Any) -> None:
    answer = room["designer"].post(f"/definitions/new/?kind={KIND}", {"title_zh": "停车", "key": "Bad Key"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="Bad Key"' in page
    assert "请选择归口单位" in page
    begun(room)
    answer = room["designer"].post(
        f"/definitions/new/?kind={KIND}",
        {"title_zh": "停", "title_en": "P", "key": "parking", "organisation": room["bureau"]},
    )
    assert answer.status_code == 409
    assert "已被使用" in answer.content.decode()


def test_who_holds_no_post_is_refused_everywhere(room: Any) -> None:
    id = begun(room)
    for address in (
        "/definitions/",
        f"/definitions/new/?kind={KIND}",
        f"/definitions/{KIND}/parking/",
        f"/definitions/versions/{id}/",
        f"/definitions/versions/{id}/content",
        f"/definitions/compare/?first={id}&second={id}",
    ):
        assert room["clerk"].get(address).status_code == 403, address
        assert Client().get(address).status_code == 401, address
    assert saved(room["clerk"], id, "car=0\n").status_code == 403
    assert room["designer"].get(f"/definitions/versions/{10**20}/").status_code == 404
    assert room["designer"].get("/definitions/no.kind/parking/").status_code == 404
    assert room["designer"].post(f"/definitions/versions/{id}/burn/").status_code == 404


def test_the_content_is_handed_out_as_a_file(room: Any) -> None:
    id = begun(room)
    saved(room["designer"], id, "car=5\n")
    answer = room["publisher"].get(f"/definitions/versions/{id}/content")
    assert answer.content == b"car=5\n"
    assert answer["Content-Disposition"] == f'attachment; filename="parking-draft-{id}.txt"'


def test_the_list_in_english_and_when_empty(room: Any) -> None:
    assert "没有符合的定义" in room["designer"].get("/definitions/").content.decode()
    begun(room)
    room["designer"].cookies["language"] = "en"
    page = room["designer"].get("/definitions/").content.decode()
    assert "Not yet published" in page
    assert "Parking" in page


def test_the_pages_cost_few_statements(room: Any, django_assert_max_num_queries: Any) -> None:
    id = begun(room)
    with django_assert_max_num_queries(6):
        room["designer"].get("/definitions/")
    with django_assert_max_num_queries(8):
        room["designer"].get(f"/definitions/versions/{id}/")
