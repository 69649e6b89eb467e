"""A definition's life: drafts, proposals, publication by a second person, versions that last."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded, TooLarge
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import api, flow, offers, reading
from tongzheng.kernel.identity.api import NOBODY, SYSTEM
from tongzheng.kernel.ledger import api as ledger

from .conftest import KIND, Office, told

MORNING = datetime(2026, 11, 23, 9, tzinfo=clock.CHINA)


def test_a_draft_is_proposed_approved_by_another_and_in_force(office: Office) -> None:
    draft = office.begin()
    assert (draft.state, draft.number, draft.lock, draft.based_on) == ("draft", None, 1, None)
    assert api.in_force(KIND, "parking") is None
    saved = api.save(draft.id, actor=office.ann, lock=1, content="car=6\r\nbus=20\r\n", note="调价")
    assert (saved.content, saved.note, saved.lock) == ("car=6\nbus=20\n", "调价", 2)
    done = office.published(saved)
    assert (done.state, done.number, done.decided_label) == ("published", 1, "陈")
    found = api.in_force(KIND, "parking")
    assert found is not None
    assert (found.id, found.content) == (draft.id, "car=6\nbus=20\n")
    assert [(one.id, one.key, one.number) for one in told] == [(draft.id, "parking", 1)]
    acts = [entry.act for entry in ledger.entries(subject="definition:trial.fees/parking")]
    assert acts == [f"definitions.{act}" for act in ("publish", "propose", "save", "begin")]


def test_whoever_made_changed_or_proposed_it_does_not_decide(office: Office) -> None:
    draft = office.begin(by=office.deputy)
    saved = api.save(draft.id, actor=office.bob, lock=draft.lock, content="car=7\n")
    proposed = api.propose(draft.id, actor=office.ann, lock=saved.lock)
    for actor in (office.deputy, office.bob):
        for approve in (True, False):
            with pytest.raises(Refused):
                api.decide(draft.id, actor=actor, lock=proposed.lock, approve=approve, reason="可以")
    assert api.look(draft.id, actor=office.ann).state == "proposed"
    assert api.decide(draft.id, actor=office.chief, lock=proposed.lock, approve=True).number == 1


def test_the_platform_needs_a_second_person_too(office: Office) -> None:
    draft = office.begin(by=SYSTEM)
    proposed = api.propose(draft.id, actor=SYSTEM, lock=draft.lock)
    with pytest.raises(Refused):
        api.decide(draft.id, actor=SYSTEM, lock=proposed.lock, approve=True)


def test_who_may_not_does_nothing(office: Office) -> None:
    draft = office.begin()
    before = len(ledger.entries(subject="definition:trial.fees/parking"))
    for actor, fault in ((office.reader, Refused), (office.stranger, Refused), (NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            api.save(draft.id, actor=actor, lock=draft.lock, content="car=0\n")
        with pytest.raises(fault):
            api.propose(draft.id, actor=actor, lock=draft.lock)
        with pytest.raises(fault):
            api.drop(draft.id, actor=actor, lock=draft.lock)
        with pytest.raises(fault):
            office.begin("other", by=actor)
    proposed = api.propose(draft.id, actor=office.ann, lock=draft.lock)
    for actor, fault in ((office.ann, Refused), (office.stranger, Refused), (NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            api.decide(draft.id, actor=actor, lock=proposed.lock, approve=True)
    for actor, fault in ((office.stranger, Refused), (NOBODY, SignInNeeded)):
        for read in (
            lambda who=actor: api.look(draft.id, actor=who),
            lambda who=actor: api.history(KIND, "parking", actor=who),
            lambda who=actor: api.compare(draft.id, draft.id, actor=who),
        ):
            with pytest.raises(fault):
                read()
    assert len(ledger.entries(subject="definition:trial.fees/parking")) == before + 1
    assert api.look(draft.id, actor=office.reader).content == "car=5\nbus=20\n"
    assert api.overview(actor=office.stranger).rows == ()


def test_a_second_hand_on_a_draft_overwrites_nothing_and_learns_who_was_first(office: Office) -> None:
    draft = office.begin()
    api.save(draft.id, actor=office.bob, lock=draft.lock, content="car=8\n")
    with pytest.raises(Conflict) as caught:
        api.save(draft.id, actor=office.ann, lock=draft.lock, content="car=9\n")
    assert "柏" in caught.value.words.zh
    assert api.look(draft.id, actor=office.ann).content == "car=8\n"


def test_errors_are_kept_in_a_draft_but_forbid_proposing(office: Office) -> None:
    draft = office.begin(content="car=5\nbus\ntram=0\n")
    assert [(one.level, one.place) for one in draft.findings] == [("error", "2,1"), ("warning", "tram")]
    with pytest.raises(Invalid) as caught:
        api.propose(draft.id, actor=office.ann, lock=draft.lock)
    assert list(caught.value.fields) == ["2,1"]
    assert api.look(draft.id, actor=office.ann).state == "draft"


def test_a_failing_test_row_forbids_and_a_broken_check_is_an_error(office: Office) -> None:
    draft = office.begin(content="car=5000\n")
    with pytest.raises(Invalid) as caught:
        api.propose(draft.id, actor=office.ann, lock=draft.lock)
    assert list(caught.value.fields) == ["car"]
    broken = office.begin("broken", content="break")
    assert [(one.level, one.words.en) for one in broken.findings] == [
        ("error", "The content cannot be checked")
    ]


def test_what_became_wrong_after_it_was_proposed_is_found_at_publication(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = office.begin()
    proposed = api.propose(draft.id, actor=office.ann, lock=draft.lock)
    monkeypatch.setattr(offers, "outcomes", lambda *_: (_ for _ in ()).throw(Invalid()))
    with pytest.raises(Invalid):
        api.decide(draft.id, actor=office.chief, lock=proposed.lock, approve=True)
    assert api.look(draft.id, actor=office.ann).state == "proposed"


def test_of_two_published_at_once_one_wins_and_the_other_learns_who(office: Office) -> None:
    office.published(office.begin())
    one = api.begin(KIND, "parking", actor=office.ann, content="car=6\n")
    other = api.begin(KIND, "parking", actor=office.ann, content="car=7\n")
    one = api.propose(one.id, actor=office.ann, lock=one.lock)
    other = api.propose(other.id, actor=office.ann, lock=other.lock)
    api.decide(one.id, actor=office.chief, lock=one.lock, approve=True)
    with pytest.raises(Conflict) as caught:
        api.decide(other.id, actor=office.deputy, lock=other.lock, approve=True)
    assert "陈已发布第 2 版" in caught.value.words.zh
    back = api.decide(other.id, actor=office.deputy, lock=other.lock, approve=False, reason="先合并第 2 版")
    assert (back.state, back.reason) == ("returned", "先合并第 2 版")
    with pytest.raises(Conflict):
        api.propose(other.id, actor=office.ann, lock=back.lock)
    mended = api.save(other.id, actor=office.ann, lock=back.lock, content="car=7\n", based_on=one.id)
    assert office.published(mended, by=office.deputy).number == 3


def test_a_draft_cannot_claim_to_build_on_a_version_that_is_not_the_newest(office: Office) -> None:
    first = office.published(office.begin())
    draft = api.begin(KIND, "parking", actor=office.ann, content="car=6\n")
    office.next("car=7\n")
    with pytest.raises(Conflict):
        api.save(draft.id, actor=office.ann, lock=draft.lock, content="car=6\n", based_on=first.id)


def test_a_return_needs_a_reason_and_leaves_a_draft_to_mend(office: Office) -> None:
    draft = office.begin()
    proposed = api.propose(draft.id, actor=office.ann, lock=draft.lock)
    with pytest.raises(Conflict):
        api.save(draft.id, actor=office.ann, lock=proposed.lock, content="car=1\n")
    with pytest.raises(Invalid) as caught:
        api.decide(draft.id, actor=office.chief, lock=proposed.lock, approve=False, reason=" ")
    assert list(caught.value.fields) == ["reason"]
    back = api.decide(draft.id, actor=office.chief, lock=proposed.lock, approve=False, reason="缺依据")
    assert api.save(draft.id, actor=office.ann, lock=back.lock, content="car=1\n").state == "draft"


def test_withdrawn_and_dropped(office: Office) -> None:
    draft = office.begin()
    proposed = api.propose(draft.id, actor=office.ann, lock=draft.lock)
    back = api.withdraw(draft.id, actor=office.ann, lock=proposed.lock)
    gone = api.drop(draft.id, actor=office.ann, lock=back.lock)
    assert (back.state, gone.state) == ("draft", "dropped")
    with pytest.raises(Conflict):
        api.save(draft.id, actor=office.ann, lock=gone.lock, content="car=1\n")


def test_a_version_is_in_force_from_its_day_and_old_cases_keep_theirs(office: Office) -> None:
    with clock.at(MORNING):
        first = office.published(office.begin())
        second = office.next("car=6\n", effective=date(2026, 12, 1))
        assert api.in_force(KIND, "parking").id == first.id  # type: ignore[union-attr]
    later = datetime(2026, 12, 1, tzinfo=clock.CHINA)
    assert api.in_force(KIND, "parking", at=later).id == second.id  # type: ignore[union-attr]
    assert api.in_force(KIND, "parking", at=later - timedelta(seconds=1)).id == first.id  # type: ignore[union-attr]
    assert api.in_force(KIND, "parking", at=MORNING - timedelta(seconds=1)) is None
    assert api.version(first.id).content == "car=5\nbus=20\n"
    assert [(one.key, one.number) for one in api.standing(KIND, at=later)] == [("parking", 2)]


def test_the_database_agrees_with_the_rule_of_what_is_in_force(office: Office) -> None:
    chance = random.Random(3)
    with clock.at(MORNING):
        made = [office.published(office.begin())]
        for n in range(8):
            day = (MORNING + timedelta(days=chance.randint(0, 6))).date()
            made.append(office.next(f"car={n + 6}\n", effective=day))
    for day in range(-1, 8):
        at = MORNING + timedelta(days=day)
        wanted: Any = flow.in_force(made, at)
        found = api.in_force(KIND, "parking", at=at)
        assert (found and found.id) == (wanted and wanted.id)


def test_rolling_back_is_a_new_version_with_a_reason_and_supersedes_what_was_to_come(office: Office) -> None:
    with clock.at(MORNING):
        first = office.published(office.begin())
        second = office.next("car=6\n", effective=date(2026, 12, 1))
        with pytest.raises(Invalid):
            api.roll_back(first.id, actor=office.chief, instead_of=second.id, reason="")
        with pytest.raises(Refused):
            api.roll_back(first.id, actor=office.ann, instead_of=second.id, reason="算错")
        with pytest.raises(Conflict):
            api.roll_back(first.id, actor=office.chief, instead_of=first.id, reason="算错")
        with pytest.raises(Conflict):
            api.roll_back(second.id, actor=office.chief, instead_of=second.id, reason="算错")
        back = api.roll_back(first.id, actor=office.chief, instead_of=second.id, reason="新标准算错")
    assert (back.number, back.content, back.based_on_number) == (3, first.content, 2)
    later = datetime(2026, 12, 2, tzinfo=clock.CHINA)
    assert api.in_force(KIND, "parking", at=later).id == back.id  # type: ignore[union-attr]
    assert [one.number for one in told] == [1, 2, 3]


def test_publishing_keeps_what_the_trials_showed(office: Office) -> None:
    office.published(office.begin())
    second = office.next("car=6\nbus=20\n")
    cases = [(one.passed, one.words.en) for one in second.outcomes if one.kind == "case"]
    assert cases == [(False, "6"), (True, "20")]
    entry = ledger.entries(subject="definition:trial.fees/parking", act="definitions.publish")[0]
    assert (entry.body["tests"], entry.body["differing"]) == (2, 1)


def test_a_published_version_cannot_be_changed_or_deleted_even_by_sql(office: Office) -> None:
    done = office.published(office.begin())
    for sql in (
        "UPDATE definitions_version SET content = 'x' WHERE id = %s",
        "DELETE FROM definitions_version WHERE id = %s",
    ):
        with (
            pytest.raises(DatabaseError, match="published"),
            transaction.atomic(),
            connection.cursor() as one,
        ):
            one.execute(sql, [done.id])
    assert api.version(done.id).content == "car=5\nbus=20\n"


def test_what_cannot_be_kept_is_named_and_changes_nothing(office: Office) -> None:
    draft = office.begin()
    for content, fault in (("a\0", Invalid), ("\ud800", Invalid), ("x" * 10_001, TooLarge)):
        with pytest.raises(fault):
            api.save(draft.id, actor=office.ann, lock=draft.lock, content=content)
    with pytest.raises(Invalid) as caught:
        api.begin(KIND, "Bad Key", actor=office.ann, title=T("", "x" * 81), organisation=10**12)
    assert sorted(caught.value.fields) == ["key", "organisation", "title_en", "title_zh"]
    with pytest.raises(Conflict):
        office.begin()
    with pytest.raises(Missing):
        api.begin(KIND, "no-such", actor=office.ann)
    with pytest.raises(Missing):
        api.begin("no.such", "parking", actor=office.ann)
    with pytest.raises(Missing):
        api.version(10**30)
    assert api.look(draft.id, actor=office.ann).lock == draft.lock


def test_at_most_twenty_drafts_of_one_definition_are_open(office: Office) -> None:
    office.begin()
    for _ in range(19):
        api.begin(KIND, "parking", actor=office.ann)
    with pytest.raises(Conflict):
        api.begin(KIND, "parking", actor=office.ann)


def test_what_is_in_force_costs_one_statement_and_sends_its_content_once(
    office: Office, django_assert_num_queries: Any
) -> None:
    done = office.published(office.begin())
    reading._kept.clear()
    reading._of_key.clear()
    with django_assert_num_queries(1):
        api.in_force(KIND, "parking")
    with django_assert_num_queries(1) as asked:
        assert api.in_force(KIND, "parking").content == done.content  # type: ignore[union-attr]
    assert str(done.id) in asked.captured_queries[0]["sql"]
    with django_assert_num_queries(0):
        api.version(done.id)
    with django_assert_num_queries(1):
        api.standing(KIND)


def test_versions_are_compared_by_parts(office: Office) -> None:
    first = office.published(office.begin())
    second = office.next("bus=25\ntram=3\n")
    found = api.compare(first.id, second.id, actor=office.reader)
    assert [(one.place, one.kind, one.before, one.after) for one in found.changes] == [
        ("bus", "changed", "20", "25"),
        ("tram", "added", "", "3"),
        ("car", "removed", "5", ""),
    ]
    other = office.begin("other")
    with pytest.raises(Missing):
        api.compare(first.id, other.id, actor=office.reader)


def test_the_list_shows_what_is_in_force_what_comes_and_what_waits(office: Office) -> None:
    with clock.at(MORNING):
        office.published(office.begin())
        office.next("car=6\n", effective=date(2026, 12, 1))
        draft = office.begin("waiting")
        api.propose(draft.id, actor=office.ann, lock=draft.lock)
        found = api.overview(actor=office.reader)
        rows = [(row.definition.key, row.number, row.drafts, row.proposed) for row in found.rows]
        assert rows == [("waiting", None, 0, 1), ("parking", 1, 0, 0)]
        assert found.rows[1].coming == datetime(2026, 12, 1, tzinfo=clock.CHINA)
        assert [row.definition.key for row in api.overview(actor=office.reader, waiting=True).rows] == [
            "waiting"
        ]
        assert [row.definition.key for row in api.overview(actor=office.reader, words="PARK").rows] == [
            "waiting",
            "parking",
        ]
        first = api.overview(actor=office.reader, limit=1)
        assert [r.definition.key for r in api.overview(actor=office.reader, after=first.after).rows] == [
            "parking"
        ]
