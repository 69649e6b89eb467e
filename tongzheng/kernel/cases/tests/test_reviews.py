"""Reviews by behaviour: once, by the applicant, never altered, answered by the judged body."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.views import CaseView
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY, SYSTEM, Actor
from tongzheng.kernel.ledger import api as ledger

from .test_life import counted, opened

KEPT = ("cases_review", "cases_event", "ledger_entry")


def own(city: Any, **more: Any) -> CaseView:
    """Open a case that is the citizen's own."""
    return opened(city, applicant=api.Applicant(account_id=city.citizen.id, name="马小云"), **more)


def closed(city: Any) -> CaseView:
    """Return the citizen's own case, answered and closed."""
    case = own(city)
    api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
    api.move_case(case.id, "sign", actor=city.clerk)
    api.move_case(case.id, "answer", actor=city.clerk, note="已修复")
    return api.move_case(case.id, "close", actor=city.second)


def answering(city: Any) -> Actor:
    """Return the clerk with the power to answer reviews of their body."""
    (post,) = city.clerk.posts
    return replace(city.clerk, posts=(replace(post, actions={**post.actions, "cases.answer_review": "own"}),))


def test_the_applicant_reviews_a_closed_case_and_the_judged_body_is_named(
    city: Any, morning: datetime
) -> None:
    case = closed(city)
    said = api.review(case.id, actor=city.citizen, level=2, text="修得快", tags=("效率高",))
    assert (said.level, said.text, said.tags) == (2, "修得快", ("效率高",))
    assert said.words.en == "Satisfied"
    assert (said.organisation_id, said.organisation_label) == (city.company, "供热公司")
    assert said.by_label == "马＊＊"
    assert said.reply_due_at is None
    sheet = api.sheet(case.id, actor=city.clerk)
    assert sheet.review == said
    assert not sheet.may_review
    assert sheet.timeline[-1].title.en == "Reviewed"
    (entry,) = ledger.entries(subject=f"case:{case.number}", act="cases.review")
    assert entry.body["level"] == 2
    assert "修得快" not in str(entry.body)


def test_a_second_review_is_a_conflict_and_leaves_nothing(city: Any, morning: datetime) -> None:
    case = closed(city)
    api.review(case.id, actor=city.citizen, level=1)
    before = counted(*KEPT)
    with pytest.raises(Conflict):
        api.review(case.id, actor=city.citizen, level=5)
    assert counted(*KEPT) == before
    assert api.review_of(case.id, actor=city.citizen).level == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("who", "fault"),
    [("clerk", Refused), ("stranger", Missing), (NOBODY, SignInNeeded), (SYSTEM, Refused)],
)
def test_nobody_but_the_applicant_reviews(
    city: Any, morning: datetime, who: Any, fault: type[Exception]
) -> None:
    case = closed(city)
    before = counted(*KEPT)
    with pytest.raises(fault):
        api.review(case.id, actor=getattr(city, who) if isinstance(who, str) else who, level=1)
    assert counted(*KEPT) == before


def test_an_open_case_is_not_reviewed(city: Any, morning: datetime) -> None:
    case = own(city)
    with pytest.raises(Conflict):
        api.review(case.id, actor=city.citizen, level=1)
    assert not api.sheet(case.id, actor=city.citizen).may_review


@pytest.mark.parametrize(
    ("given", "entry"),
    [
        ({"level": 0}, "level"),
        ({"level": 6}, "level"),
        ({"level": 1, "text": "好" * 1001}, "text"),
        ({"level": 1, "text": "\0"}, "text"),
        ({"level": 1, "tags": ("",)}, "tags"),
        ({"level": 1, "channel": "pigeon"}, "channel"),
    ],
)
def test_a_bad_entry_is_named_and_nothing_is_kept(
    city: Any, morning: datetime, given: dict[str, Any], entry: str
) -> None:
    case = closed(city)
    before = counted(*KEPT)
    with pytest.raises(Invalid) as refusal:
        api.review(case.id, actor=city.citizen, **given)
    assert set(refusal.value.fields) == {entry}
    assert counted(*KEPT) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cases_review SET level = 1",
        "UPDATE cases_review SET text = ''",
        "UPDATE cases_review SET reply = '谢谢', reply_at = now(), level = 1",
        "DELETE FROM cases_review",
        "TRUNCATE cases_review",
    ],
)
def test_the_database_itself_refuses_to_alter_a_review(city: Any, morning: datetime, statement: str) -> None:
    case = closed(city)
    api.review(case.id, actor=city.citizen, level=5, text="态度差")
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    kept = api.review_of(case.id, actor=city.clerk)
    assert kept is not None
    assert (kept.level, kept.text) == (5, "态度差")


def test_an_anonymous_review_tells_nobody_who_it_was(city: Any, morning: datetime) -> None:
    case = closed(city)
    said = api.review(case.id, actor=city.citizen, level=3, anonymous=True)
    assert said.by_label == "匿名 anonymous"
    event = api.sheet(case.id, actor=city.clerk).timeline[-1]
    assert (event.actor_id, event.actor_label) == (None, "匿名 anonymous")
    with connection.cursor() as cursor:
        cursor.execute("SELECT by_id FROM cases_review")
        assert cursor.fetchall() == [(None,)]
    (entry,) = ledger.entries(subject=f"case:{case.number}", act="cases.review")
    assert entry.actor is None


def test_number_and_code_review_without_signing_in(city: Any, morning: datetime) -> None:
    case = closed(city)
    code = api.sheet(case.id, actor=city.citizen).case.query_code
    with pytest.raises(Missing):
        api.review_by_code(case.number, "ABCDEFGH", level=1)
    said = api.review_by_code(case.number.lower(), code.lower(), level=1)
    assert (said.channel, said.anonymous) == ("code", True)


def test_a_bad_review_is_answered_once_within_the_limit(city: Any, morning: datetime) -> None:
    case, clerk = closed(city), answering(city)
    said = api.review(case.id, actor=city.citizen, level=4, text="等了三天")
    assert said.reply_due_at == datetime(2026, 11, 27, 18, tzinfo=clock.CHINA)
    leader = replace(city.leader)
    assert [row.case_id for row in api.reviews(actor=leader, unanswered=True)] == [case.id]
    assert api.sheet(case.id, actor=clerk).may_answer
    before = counted("messages_message")[0]
    answered = api.answer_review(case.id, actor=clerk, text="已加派人手，向您致歉")
    assert answered.reply == "已加派人手，向您致歉"
    assert counted("messages_message")[0] == before + 1
    with pytest.raises(Conflict):
        api.answer_review(case.id, actor=clerk, text="再说一次")
    assert not api.reviews(actor=leader, unanswered=True).rows
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE cases_review SET reply = '改口'")


def test_an_answer_needs_the_power_and_words(city: Any, morning: datetime) -> None:
    case = closed(city)
    api.review(case.id, actor=city.citizen, level=5)
    before = counted(*KEPT)
    with pytest.raises(Refused):
        api.answer_review(case.id, actor=city.clerk, text="谢谢您")
    with pytest.raises(Missing):
        api.answer_review(case.id, actor=city.stranger, text="谢谢您")
    with pytest.raises(Invalid):
        api.answer_review(case.id, actor=answering(city), text=" ")
    assert counted(*KEPT) == before


def test_reviews_are_listed_within_reach_by_level_in_one_statement(
    city: Any, morning: datetime, django_assert_num_queries: Any
) -> None:
    cases = [closed(city) for _ in range(3)]
    for case, level in zip(cases, (1, 4, 5), strict=True):
        api.review(case.id, actor=city.citizen, level=level)
    with django_assert_num_queries(1):
        page = api.reviews(actor=city.clerk, limit=2)
    assert [row.level for row in page] == [5, 4]
    assert [row.level for row in api.reviews(actor=city.clerk, limit=2, after=page.after)] == [1]
    assert [row.level for row in api.reviews(actor=city.clerk, levels=(4, 5), region="141100")] == [5, 4]
    assert not api.reviews(actor=city.clerk, organisation=city.other).rows
    assert not api.reviews(actor=city.stranger).rows


def test_the_limit_is_a_dated_rule_that_a_city_sets(city: Any, morning: datetime) -> None:
    keeper = replace(
        city.leader,
        posts=(
            *city.leader.posts,
            replace(city.leader.posts[0], actions={"cases.review_limit": "region"}),
        ),
    )
    assert api.review_limit() == 5
    api.set_review_limit(3, actor=keeper, valid_from=date(2026, 12, 1))
    assert (api.review_limit(), api.review_limit(date(2026, 12, 1))) == (5, 3)
    with pytest.raises(Invalid):
        api.set_review_limit(0, actor=keeper)
    with pytest.raises(Invalid):
        api.set_review_limit(3, actor=keeper, valid_from=date(2026, 11, 1))
    with pytest.raises(Refused):
        api.set_review_limit(3, actor=city.clerk)


@pytest.mark.parametrize("lang", ["zh-hans", "en"])
def test_the_pages_show_what_is_due_and_take_the_answer(
    city: Any, morning: datetime, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    case, clerk = closed(city), answering(city)
    api.review(case.id, actor=city.citizen, level=5, text="没人接电话")
    monkeypatch.setattr("tongzheng.site.middleware.actor_from", lambda request: clerk)
    client = Client(headers={"accept-language": lang})
    with clock.at(morning + timedelta(days=30)):
        page = client.get("/work/reviews/").content.decode()
    assert case.number in page
    assert ("已超期" if lang == "zh-hans" else "Overdue") in page
    sheet = client.get(f"/work/cases/{case.number}/").content.decode()
    assert "没人接电话" in sheet
    empty = client.post(f"/work/cases/{case.number}/review/", {"reply": ""})
    assert empty.status_code == 422
    done = client.post(f"/work/cases/{case.number}/review/", {"reply": "已整改，电话专人值守"})
    assert done.status_code == 303
    assert "已整改" in client.get(f"/work/cases/{case.number}/").content.decode()
    assert case.number not in client.get("/work/reviews/").content.decode()
    assert client.post("/work/reviews/limit/", {"days": "3"}).status_code == 403
