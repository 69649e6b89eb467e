"""The pages by behaviour: what a citizen, an enterprise's agent and a clerk see, do and are refused."""

from __future__ import annotations

import io
import re
import zipfile

import pytest

from tests.world import PASSWORD
from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Refused
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.decision.services import services

from .conftest import MONDAY, REGION, VALUES, upload

APPLY = "/services/items/food-business/apply/"


def text(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def post(client, *, file=None, address=APPLY, **changes):
    given = {**VALUES, "region": REGION, "for": "", "once": "k1", **changes}
    given["material_premises_plan"] = file or upload()
    with clock.at(MONDAY):
        return client.post(address, {k: v for k, v in given.items() if v is not None})


def applied(hall, client=None):
    """Hand in an application by the page and return its number."""
    answer = post(client or hall.client(hall.citizen))
    assert answer.status_code == 302, text(answer)
    return answer["Location"].split("/")[3]


def case_of(hall, number):
    return cases.sheet(number, actor=hall.clerk).case


def walk(hall, number, *moves):
    with clock.at(MONDAY):
        for move, actor, more in moves:
            cases.move_case(number, move, actor=actor, **more)


def closed(hall, number):
    walk(
        hall,
        number,
        ("accept", hall.clerk, {}),
        ("review", hall.reviewer, {}),
        ("propose", hall.reviewer, {"note": "材料齐全", "data": {"opinion": "grant"}}),
        ("grant", hall.decider, {}),
        ("deliver", hall.decider, {"data": {"way": "electronic"}}),
    )


@pytest.mark.parametrize(
    ("lang", "words"), [("zh-hans", "食品经营许可（新办）"), ("en", "Food business licence")]
)
def test_the_catalogue_is_found_by_everyday_words_and_department(hall, lang, words):
    client = hall.client(lang=lang)
    assert words in text(client.get("/services/"))
    assert words in text(client.get("/services/", {"q": "我想开面馆"}))
    assert words not in text(client.get("/services/", {"department": "police"}))
    assert words not in text(client.get("/services/", {"q": "宇宙飞船\0"}))
    assert client.get("/services/", {"department": "nonsense"}).status_code == 200


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_the_guide_shows_every_element(hall, lang):
    client = hall.client(lang=lang)
    page = text(client.get("/services/items/food-business/"))
    wanted = {
        "zh-hans": ["怎么办", "场所平面图", "申请人上传", "数据核验", "10 个工作日", "5 个工作日", "不收费", "第三十五条", "有效期 60 个月", "离石区", "现场核查", "自然人"],
        "en": ["How it goes", "Floor plan", "Uploaded by the applicant", "Checked against data", "10 working days", "5 working days", "Free", "Art 35", "Valid for 60 months", "On-site check", "Persons"],
    }[lang]  # fmt: skip
    for one in wanted:
        assert one in page, one
    assert client.get("/services/items/food-business/print/").status_code == 200
    assert client.get("/services/items/no-such/").status_code == 404


def test_how_many_statements_a_page_takes(hall, django_assert_num_queries):
    client = hall.client()
    client.get("/services/")
    with django_assert_num_queries(1):
        client.get("/services/")
    with django_assert_num_queries(5):
        client.get("/services/items/food-business/")


def test_applying_needs_a_sign_in_and_brings_back_what_was_typed(hall):
    client = hall.client()
    page = client.get(APPLY)
    assert page.status_code == 401
    lost = client.post(
        APPLY, {**VALUES, "region": REGION, "once": "k1"}, headers={"referer": f"http://testserver{APPLY}"}
    )
    assert lost.status_code == 401
    (account,) = identity.accounts(ids=[hall.citizen.id])
    back = client.post(
        "/account/sign-in/", {"username": account.username, "password": PASSWORD, "next": APPLY}
    )
    assert back["Location"] == APPLY
    form = client.get(APPLY).content.decode()
    assert "老李面馆" in form
    assert 'value="hot" checked' in form
    assert "您登录前填写的内容已恢复" in form


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_the_form_knows_who_applies(hall, lang):
    page = hall.client(hall.citizen, lang).get(APPLY, {"region": REGION}).content.decode()
    assert 'value="李桂英"' in page
    assert 'value="13800000001"' in page
    assert re.search(r'name="applicant_id" value="1411001985', page)
    assert ("提交申请" if lang == "zh-hans" else "Hand in") in page


def test_a_citizen_applies_and_sees_number_code_clock_and_receipt(hall):
    client = hall.client(hall.citizen)
    number = applied(hall, client)
    page = client.get(f"/services/mine/{number}/")
    words = text(page)
    assert number in words
    assert re.search(r"查询码 [2-9A-Z]{8}", words)
    assert "李桂英" not in words
    receipt = client.get(f"/services/mine/{number}/documents/1/")
    assert receipt["Content-Type"] == "application/pdf"
    assert receipt.content.startswith(b"%PDF-")
    again = client.get(f"/services/mine/{number}/documents/1/")
    assert again.content == receipt.content
    assert client.get(f"/services/mine/{number}/documents/9/").status_code == 404
    verified = client.get(f"/work/verify/{number}/1/{cases.document_code(number, 1)}/")
    assert verified.status_code == 200
    assert "李桂英" not in verified.content.decode()
    case = case_of(hall, number)
    assert (case.applicant_account_id, case.organisation_id) == (hall.citizen.id, hall.bureau)


def test_a_double_click_makes_one_case(hall):
    client = hall.client(hall.citizen)
    assert applied(hall, client) == applied(hall, client)


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"applicant_id": "110105194912310021"}, "applicant_id", "校验"),
        ({"uscc": "11100000000013338X"}, "uscc", "校验"),
        ({"premises_area": "-3"}, "premises_area", "1"),
        ({"trade_name": ""}, "trade_name", "请填写"),
    ],
)
def test_a_slip_is_named_and_nothing_is_lost(hall, change, field, words):
    client = hall.client(hall.citizen)
    page = post(client, **change)
    body = page.content.decode()
    assert page.status_code == 422
    assert f'href="#id_{field}"' in body
    assert words in text(page)
    assert 'value="13800000001"' in body
    assert 'name="material_premises_plan.kept"' in body
    assert not cases.my_cases(actor=hall.citizen).rows
    token = re.search(r'name="material_premises_plan.kept" value="([^"]+)"', body)[1]
    given = {**VALUES, "region": REGION, "once": "k1", "material_premises_plan.kept": token}
    with clock.at(MONDAY):
        assert client.post(APPLY, given).status_code == 302


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", b"\0" * (300 << 20))
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.png", lambda: b"MZ" + b"\0" * 600),
        ("plan.exe", lambda: b"MZ" + b"\0" * 600),
        ("plan.png", lambda: b""),
        ("plan.docx", bomb),
    ],
    ids=["renamed program", "program", "empty", "bomb"],
)
def test_a_bad_file_is_refused_at_its_place_and_the_rest_stays(hall, name, content):
    page = post(hall.client(hall.citizen), file=upload(name, content()))
    assert page.status_code == 422
    assert 'id="error_material_premises_plan"' in page.content.decode()
    assert "老李面馆" in page.content.decode()
    assert not cases.my_cases(actor=hall.citizen).rows


def test_a_photo_of_40_mb_is_told_its_limit(hall):
    photo = upload("plan.jpg", b"\xff\xd8\xff\xe0" + b"\0" * (40 << 20))
    page = post(hall.client(hall.citizen), file=photo)
    assert page.status_code in (413, 422)
    assert "MB" in text(page)
    assert not cases.my_cases(actor=hall.citizen).rows


def test_a_place_without_an_office_and_an_item_for_bodies_are_refused(hall):
    client = hall.client(hall.citizen)
    page = post(client, region="141121")
    assert page.status_code == 422
    assert "没有办理机构" in text(page)
    assert "只由单位申请" in text(client.get("/services/items/presale-permit/apply/", {"region": REGION}))


def test_an_agent_applies_for_the_enterprise_and_only_for_their_own(hall):
    client = hall.client(hall.agent)
    choose = text(client.get(APPLY))
    assert "离石老王餐饮有限公司" in choose
    form = client.get(APPLY, {"region": REGION, "for": hall.firm}).content.decode()
    assert "离石老王餐饮有限公司" in form
    answer = post(client, **{"for": str(hall.firm)})
    number = answer["Location"].split("/")[3]
    assert case_of(hall, number).applicant_label == "离石老王餐饮有限公司"
    refused = post(client, once="k2", **{"for": str(hall.bureau)})
    assert refused.status_code == 403


def test_nobody_sees_anothers_application(hall):
    number = applied(hall)
    other = hall.client(hall.other)
    for address in ("", "documents/1/", f"files/{'0' * 64}/"):
        assert other.get(f"/services/mine/{number}/{address}").status_code == 404
    for address in ("moves/withdraw/", "review/"):
        assert other.post(f"/services/mine/{number}/{address}", {"level": "1"}).status_code == 404
    assert hall.client().get(f"/services/mine/{number}/").status_code == 401
    assert other.get(f"/services/documents/{number}/1/").status_code == 404
    assert case_of(hall, number).state == "received"


def test_what_is_asked_for_is_handed_in(hall):
    client = hall.client(hall.citizen)
    number = applied(hall, client)
    walk(hall, number, ("supplement", hall.clerk, {"note": "平面图未标清洗池；请写明面积"}))
    page = text(client.get(f"/services/mine/{number}/"))
    assert "平面图未标清洗池" in page
    address = f"/services/mine/{number}/moves/resubmit/"
    assert client.post(address, {}).status_code == 422
    assert client.get(f"/services/mine/{number}/documents/2/").content.startswith(b"%PDF-")
    done = client.post(address, {"supplements": [upload("new.png")], "note": "已补"})
    assert done.status_code == 302
    sheet = cases.sheet(number, actor=hall.clerk)
    assert sheet.case.state == "received"
    assert {file.field for file in sheet.files} == {"material_premises_plan", "supplements"}
    assert client.post(address, {"note": "再来"}).status_code == 409


def test_an_application_is_withdrawn_once(hall):
    client = hall.client(hall.citizen)
    number = applied(hall, client)
    address = f"/services/mine/{number}/moves/withdraw/"
    assert client.post(address, {"note": "不开了"}).status_code == 302
    assert case_of(hall, number).state == "withdrawn"
    assert client.post(address).status_code == 409


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_every_document_of_a_granted_application_is_a_pdf_and_the_review_is_given_once(hall, lang):
    client = hall.client(hall.citizen, lang)
    number = applied(hall)
    address = f"/services/mine/{number}/review/"
    assert client.post(address, {"level": "1"}).status_code == 409
    closed(hall, number)
    page = client.get(f"/services/mine/{number}/")
    links = re.findall(rf"/services/mine/{number}/documents/(\d+)/", page.content.decode())
    assert set(links) == {"0", "1", "2", "5", "6"}
    for n in set(links):
        paper = client.get(f"/services/mine/{number}/documents/{n}/")
        assert paper.content.startswith(b"%PDF-"), n
    assert client.post(address, {}).status_code == 422
    given = {"level": "2", "tags": ["办得快"], "text": "两天就办好了", "anonymous": "true"}
    assert client.post(address, given).status_code == 302
    assert "两天就办好了" in text(client.get(f"/services/mine/{number}/"))
    assert client.post(address, given).status_code == 409
    assert cases.review_of(number, actor=hall.decider).level == 2


def test_a_denial_and_a_special_procedure_have_their_documents(hall):
    client = hall.client(hall.citizen)
    number = applied(hall, client)
    walk(
        hall,
        number,
        ("accept", hall.clerk, {}),
        ("review", hall.reviewer, {}),
        ("special", hall.reviewer, {"note": "现场核查", "data": {"ground": "onsite", "announced": "5"}}),
        ("resume", hall.reviewer, {"note": "核查完毕"}),
        ("ask_extension", hall.reviewer, {"note": "需要会商", "days": 5}),
        ("extend", hall.decider, {"note": "需要会商"}),
        ("propose", hall.reviewer, {"note": "不符合", "data": {"opinion": "deny"}}),
        ("deny", hall.decider, {"note": "场所不符合卫生要求"}),
        ("deliver", hall.clerk, {"data": {"way": "window"}}),
    )
    page = client.get(f"/services/mine/{number}/").content.decode()
    for n in sorted(set(re.findall(rf"/services/mine/{number}/documents/(\d+)/", page))):
        assert client.get(f"/services/mine/{number}/documents/{n}/").content.startswith(b"%PDF-"), n


def test_staff_get_the_documents_and_the_look_is_on_record(hall):
    number = applied(hall)
    clerk = hall.client(hall.clerk)
    assert clerk.get(f"/services/documents/{number}/1/").content.startswith(b"%PDF-")
    assert cases.sheet(number, actor=hall.clerk).timeline[-1].kind == "reveal"
    assert hall.client(hall.citizen).get(f"/services/documents/{number}/1/").status_code == 200
    stranger = hall.world.citizen(name="赵六")
    assert hall.client(stranger).get(f"/services/documents/{number}/1/").status_code == 404


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_a_clerk_takes_an_application_at_the_counter(hall, lang):
    client = hall.client(hall.clerk, lang)
    assert client.get("/services/window/").status_code == 200
    who = {
        "window_id": "110105194912310 02x",
        "window_name": "刘大妈",
        "window_phone": "13900000009",
        "item": f"food-business@{REGION}",
    }
    bad = client.post("/services/window/", {**who, "window_id": "123"})
    assert bad.status_code == 422
    assert 'value="刘大妈"' in bad.content.decode()
    form = client.post("/services/window/", who).content.decode()
    assert 'name="applicant_name" value="刘大妈"' in form
    assert 'value="hot" checked' not in form
    given = {**who, **VALUES, "applicant_name": "刘大妈", "step": "submit", "once": "w1"}
    assert client.post("/services/window/", given).status_code == 422
    with clock.at(MONDAY):
        done = client.post("/services/window/", {**given, "material_premises_plan": upload()})
    assert done["Location"] == "/services/window/done/"
    page = client.get("/services/window/done/")
    number = re.search(r"SP\d{15}", page.content.decode())[0]
    assert case_of(hall, number).applicant_label == "刘＊＊"
    wrong = client.post("/services/window/", {**who, "window_name": "张三丰"})
    assert wrong.status_code == 422
    assert 'id="error_window_name"' in wrong.content.decode()


def test_the_counter_is_for_clerks(hall):
    assert hall.client(hall.citizen).get("/services/window/").status_code == 403
    assert hall.client(hall.reviewer).get("/services/window/").status_code == 403
    assert hall.client().get("/services/window/").status_code == 401


def test_two_clerks_at_once_decide_once(hall):
    number = applied(hall)
    version = case_of(hall, number).version
    first, second = hall.client(hall.clerk), hall.client(hall.world.staff(hall.bureau, "services.window"))
    address = f"/work/cases/{number}/moves/accept/"
    with clock.at(MONDAY):
        assert first.post(address, {"version": version, "seen": 1}).status_code == 303
        assert second.post(address, {"version": version, "seen": 1}).status_code == 409
    assert case_of(hall, number).version == version + 1


def test_the_register_of_items_has_its_page(hall):
    steward = hall.world.staff(hall.bureau, "services.steward")
    page = hall.client(steward).get("/registers/services.items/")
    assert page.status_code == 200


def test_services_refuses_an_agent_of_nobody(hall):
    with pytest.raises(Refused):
        services.submit(
            "food-business",
            actor=hall.citizen,
            region=REGION,
            values=VALUES,
            once="x",
            applicant=cases.Applicant(organisation_id=hall.firm),
        )
