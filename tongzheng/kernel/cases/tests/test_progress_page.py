from datetime import timedelta

import pytest
from django.test import Client

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock


@pytest.fixture
def opened(city, morning):
    return cases.open_case(
        "casetest.repair",
        actor=city.agent,
        title="供暖",
        facts={"place": "滨河北路", "what": "张三家不热"},
        region="141102",
        organisation=city.bureau,
    )


def test_number_and_code_show_how_it_stands_and_nothing_personal(opened, morning):
    answer = Client().post("/work/progress/", {"number": opened.number.lower(), "code": opened.query_code})
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert opened.number in shown
    assert "张三" not in shown
    assert "滨河北路" not in shown


@pytest.mark.parametrize("number", ["", "RX1", "\x00", "9" * 300])
def test_a_wrong_pair_gets_one_answer_whatever_was_wrong(opened, number):
    wrong = Client().post("/work/progress/", {"number": number, "code": "AAAAAAAA"})
    other = Client().post("/work/progress/", {"number": opened.number, "code": "AAAAAAAA"})
    assert (wrong.status_code, other.status_code) == (404, 404)
    assert opened.title not in other.content.decode()


def test_an_open_case_is_not_reviewed(opened, morning):
    answer = Client().post(
        "/work/progress/", {"number": opened.number, "code": opened.query_code, "level": "1"}
    )
    assert answer.status_code == 200
    assert "谢谢" not in answer.content.decode()


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_the_page_reads_in_both_languages_and_keeps_the_number_of_a_link(opened, language):
    client = Client()
    client.cookies["language"] = language
    shown = client.get(f"/work/progress/?number={opened.number}").content.decode()
    assert ("Follow a matter" in shown) == (language == "en")
    assert opened.number in shown


def test_after_ten_wrong_codes_every_process_refuses_and_says_how_long(opened, morning):
    wrong = {"number": opened.number, "code": "AAAAAAAA"}
    right = {"number": opened.number, "code": opened.query_code}
    for _ in range(10):
        assert Client().post("/work/progress/", wrong).status_code == 404
    answer = Client().post("/work/progress/", right)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "600"
    with clock.at(morning + timedelta(minutes=10)):
        assert Client().post("/work/progress/", right).status_code == 200
