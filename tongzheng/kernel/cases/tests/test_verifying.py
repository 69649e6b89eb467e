"""A document on somebody's table: is it one of ours?"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tongzheng.kernel.cases import api, verifying
from tongzheng.kernel.cases.tests.test_life import FACTS, opened
from tongzheng.kernel.core.errors import Missing


@pytest.fixture
def answered(city: Any, morning: Any) -> Any:
    case = opened(city)
    case = api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    case = api.move_case(case.id, "sign", actor=city.clerk)
    return api.move_case(case.id, "answer", actor=city.clerk, note="已修好")


def address(number: str, n: int, code: str) -> str:
    return f"/work/verify/{number}/{n}/{code}/"


def test_whoever_holds_a_document_learns_that_it_is_ours_and_nothing_personal(answered, city):
    shown = Client().get(address(answered.number, 4, api.document_code(answered.number, 4)))
    words = shown.content.decode()
    assert shown.status_code == 200
    for expected in ("核验通过", "答复书", answered.documents[0], answered.number):
        assert expected in words
    for hidden in ("马小云", "138", "滨河", "已修好", "李"):
        assert hidden not in words.split("<main")[1].split("</main")[0]
    assert shown["X-Robots-Tag"] == "noindex"


def test_the_code_may_be_typed_as_people_type(answered):
    code = api.document_code(answered.number, 4).replace("-", "").lower()
    assert api.verify_document(answered.number.lower(), 4, code).number == answered.documents[0]


@pytest.mark.parametrize(
    ("n", "code"), [(4, "AAAA-AAAA-AAAA-AAAA"), (4, ""), (3, None), (2, None), (99, None), (4, "é" * 16)]
)
def test_whatever_else_is_refused_with_one_answer(answered, n, code):
    code = api.document_code(answered.number, n) if code is None else code
    with pytest.raises(Missing) as refused:
        api.verify_document(answered.number, n, code)
    assert refused.value.words == verifying.NOT_OURS
    if code:
        assert Client().get(address(answered.number, n, code)).status_code == 404


def test_the_code_of_one_document_fits_no_other(answered):
    assert api.document_code(answered.number, 4) != api.document_code(answered.number, 1)
    with pytest.raises(Missing):
        api.verify_document(answered.number, 1, api.document_code(answered.number, 4))


def test_a_later_document_of_the_case_is_told(city, morning):
    case = api.open_case(
        "casetest.repair",
        actor=city.citizen,
        title="暖气不热",
        facts=FACTS,
        region="141102001",
        organisation=city.company,
        applicant=api.Applicant(account_id=city.citizen.id, name="马小云", phone="13812345678"),
    )
    case = api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    case = api.move_case(case.id, "sign", actor=city.clerk)
    case = api.move_case(case.id, "ask", actor=city.clerk, note="缺证明")
    code = api.document_code(case.number, 4)
    found = api.verify_document(case.number, 4, code)
    assert (found.title.zh, found.newer, found.phase) == ("补正告知书", (), "paused")
    case = api.move_case(case.id, "supplement", actor=city.citizen)
    case = api.move_case(case.id, "answer", actor=city.clerk, note="已修好")
    found = api.verify_document(case.number, 4, code)
    assert [(title.zh, number) for title, number, _ in found.newer] == [("答复书", case.documents[1])]
