import re

import pytest
from django.test import Client

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.identity import api as identity
from tongzheng.systems.public.hotline import pages

SEAT = {
    "caller_phone": "13800000001",
    "caller_name": "王建国",
    "kind": "help",
    "urgency": "normal",
    "text": "家里暖气不热，室内温度只有十四度",
    "region": "141102",
    "town": "141102001",
    "place": "滨河北路 8 号",
}
WEB = {"kind": "help", "text": "楼下路灯不亮", "region": "141102", "caller_phone": "13800000001"}


@pytest.fixture
def city(world):
    class City:
        centre = world.office("12345热线服务中心", region="141100", kind="institution")
        heating = world.office("离石区城市供热公司", region="141102", kind="utility")
        seat = world.staff(centre, "hotline.agent")
        handler = world.staff(heating, "hotline.handler")
        citizen = world.citizen()

    return City


def tickets():
    return cases.find_cases(actor=identity.SYSTEM, type_id="hotline.ticket").rows


def once(client, path):
    return re.search(r'name="once" value="([^"]+)"', client.get(path).content.decode())[1]


def test_a_seat_registers_and_dispatches_in_one_go(world, city):
    client = world.client(city.seat)
    form = {
        **SEAT,
        "class": "010101",
        "office": city.heating,
        "act": "dispatch",
        "once": once(client, "/hotline/seat/"),
    }
    answer = client.post("/hotline/seat/", form, follow=True)
    (ticket,) = tickets()
    assert (ticket.state, ticket.organisation_id, ticket.region) == ("dispatched", city.heating, "141102001")
    assert ticket.number in answer.content.decode()
    assert client.post("/hotline/seat/", form, follow=True).status_code == 200
    assert len(tickets()) == 1


def test_a_seat_answers_at_once_and_must_say_what(world, city):
    client = world.client(city.seat)
    form = {**SEAT, "class": "010101", "act": "answer", "once": "o1"}
    refused = client.post("/hotline/seat/", form)
    assert refused.status_code == 422
    assert "请写明答复内容" in refused.content.decode()
    assert "家里暖气不热" in refused.content.decode()
    assert tickets() == ()
    client.post("/hotline/seat/", {**form, "answer": "已告知报修电话"})
    assert [t.state for t in tickets()] == ["closed"]


def test_the_help_names_the_class_the_body_and_what_is_near_by(world, city):
    client = world.client(city.seat)
    client.post("/hotline/seat/", {**SEAT, "class": "010101", "act": "register", "once": "o1"})
    shown = client.get("/hotline/seat/help/", {"text": SEAT["text"], "region": "141102"}).content.decode()
    assert "温度不达标" in shown
    assert "离石区城市供热公司" in shown
    assert tickets()[0].number in shown


def test_anyone_reports_on_the_web_and_gets_a_number_and_a_code(city):
    client = Client()
    answer = client.post("/hotline/", {**WEB, "once": once(client, "/hotline/")}, follow=True)
    (ticket,) = tickets()
    shown = answer.content.decode()
    assert ticket.number in shown
    assert ticket.title.startswith("路灯不亮")
    code = re.search(r"查询码</dt><dd><b>([^<]+)</b>", shown)[1]
    assert cases.progress(ticket.number, code).number == ticket.number
    assert Client().get("/hotline/done/").status_code == 404


def test_a_bad_entry_keeps_what_was_typed(city):
    answer = Client().post("/hotline/", {**WEB, "caller_phone": "12", "once": "o1"})
    assert answer.status_code == 422
    assert "楼下路灯不亮" in answer.content.decode()
    assert tickets() == ()


def test_a_citizens_words_without_a_class_are_classified_or_kept_for_classifying(city):
    client = Client()
    client.post("/hotline/", {**WEB, "text": "有件事想说", "once": "o1"})
    assert tickets()[0].title.startswith("待分类")


@pytest.mark.parametrize("path", ["/hotline/seat/", "/hotline/seat/help/"])
def test_the_seat_is_for_seats_only(world, city, path):
    assert Client().get(path).status_code in (302, 401)
    assert world.client(city.citizen).get(path).status_code == 403
    assert world.client(city.handler).get(path).status_code == 403


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("path", ["/hotline/", "/hotline/seat/"])
def test_every_page_reads_in_both_languages(world, city, path, language):
    client = world.client(city.seat)
    client.cookies["language"] = language
    shown = client.get(path).content.decode()
    assert ("County" in shown) == (language == "en")


def test_the_seats_pages_ask_as_much_of_the_database_with_many_tickets_as_with_few(
    world, city, django_assert_max_num_queries
):
    client = world.client(city.seat)
    typed = {"text": SEAT["text"], "region": "141102"}
    client.get("/hotline/seat/help/", typed)
    for number in range(12):
        client.post("/hotline/seat/", {**SEAT, "class": "010101", "act": "register", "once": f"o{number}"})
    with django_assert_max_num_queries(6):
        shown = client.get("/hotline/seat/help/", typed).content.decode()
    assert shown.count("/work/cases/") == 5
    with django_assert_max_num_queries(11):
        client.get("/hotline/seat/")


def test_one_address_hands_in_so_many_and_then_waits_with_its_words_kept(city, monkeypatch):
    monkeypatch.setitem(pages.REPORTS, "limit", 2)
    client = Client()
    for _ in range(2):
        assert client.post("/hotline/", {**WEB, "once": once(client, "/hotline/")}).status_code == 302
    answer = client.post("/hotline/", {**WEB, "text": "井盖不见了", "once": once(client, "/hotline/")})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 600
    assert "井盖不见了" in answer.content.decode()
    assert "您填写的内容还在本页" in answer.content.decode()
    assert len(tickets()) == 2
    assert Client(REMOTE_ADDR="192.0.2.9").post("/hotline/", WEB).status_code == 302
