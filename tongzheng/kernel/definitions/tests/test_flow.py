"""The pure rules, held to by what hypothesis makes up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.core.errors import Conflict, Invalid, Refused
from tongzheng.kernel.core.text import T
from tongzheng.kernel.definitions import flow
from tongzheng.kernel.definitions.kinds import Finding, Outcome

NOW = datetime(2026, 11, 23, 10, tzinfo=CHINA)


@dataclass(frozen=True)
class Dated:
    number: int
    effective_from: datetime


days = st.lists(st.integers(-50, 50), max_size=12)
parts = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.text("xyz", max_size=2), max_size=8)


@given(days, st.integers(-60, 60))
def test_the_version_in_force_is_due_and_no_due_one_was_published_later(starts: list[int], at: int) -> None:
    versions = [Dated(n, NOW + timedelta(days=day)) for n, day in enumerate(starts, start=1)]
    moment = NOW + timedelta(days=at)
    found = flow.in_force(versions, moment)
    due = [one.number for one in versions if one.effective_from <= moment]
    assert (found.number if found else 0) == max(due, default=0)


@given(days, st.integers(-60, 60), st.integers(0, 60))
def test_time_alone_never_brings_an_older_version_back(starts: list[int], at: int, later: int) -> None:
    versions = [Dated(n, NOW + timedelta(days=day)) for n, day in enumerate(starts, start=1)]
    first = flow.in_force(versions, NOW + timedelta(days=at))
    second = flow.in_force(versions, NOW + timedelta(days=at + later))
    assert first is None or (second is not None and second.number >= first.number)


@given(parts, parts)
def test_a_difference_turns_the_first_into_the_second(before: dict[str, str], after: dict[str, str]) -> None:
    made = dict(before)
    for change in flow.difference(before, after):
        if change.kind == "removed":
            assert made.pop(change.place) == change.before
        else:
            assert (change.place in made) == (change.kind == "changed")
            made[change.place] = change.after
    assert made == after
    assert flow.difference(before, before) == ()


@given(st.integers(0, 9), st.lists(st.integers(0, 9)))
def test_nobody_decides_on_what_they_touched(account: int, touched: list[int]) -> None:
    if account in touched:
        with pytest.raises(Refused):
            flow.second_person(account or None, touched)
    else:
        flow.second_person(account or None, touched)


@given(st.sampled_from(sorted(flow.ACTS)), st.sampled_from(sorted(flow.STATES)))
def test_an_act_reaches_its_state_or_is_a_conflict(act: str, state: str) -> None:
    if state in flow.ACTS[act][1]:
        assert flow.step(act, state) == flow.ACTS[act][2]
    else:
        with pytest.raises(Conflict):
            flow.step(act, state)


def test_what_is_published_or_dropped_has_no_act_left() -> None:
    assert not [act for act, (_, sources, _) in flow.ACTS.items() if {"published", "dropped"} & set(sources)]


@given(st.one_of(st.none(), st.integers(1, 9)), st.one_of(st.none(), st.integers(1, 9)))
def test_a_draft_is_published_only_upon_the_version_it_was_made_from(
    base: int | None, newest: int | None
) -> None:
    rivals = flow.Rivals(base, newest, 3, "陈")
    if base == newest:
        flow.up_to_date(rivals)
    else:
        with pytest.raises(Conflict) as caught:
            flow.up_to_date(rivals)
        assert "陈" in caught.value.words.zh
        assert "version 3" in caught.value.words.en


def test_a_date_of_effect_is_today_or_later_and_not_in_another_age() -> None:
    assert flow.effective(None, now=NOW) == flow.effective(date(2026, 11, 23), now=NOW) == NOW
    assert flow.effective(date(2026, 12, 1), now=NOW) == datetime(2026, 12, 1, tzinfo=CHINA)
    for day in (date(2026, 11, 22), date(2099, 1, 1), date(1, 1, 1)):
        with pytest.raises(Invalid) as caught:
            flow.effective(day, now=NOW)
        assert list(caught.value.fields) == ["effective"]


def test_errors_and_failed_tests_forbid_but_warnings_and_past_cases_inform() -> None:
    words = T("字", "word")
    flow.sound([Finding("warning", "a", words)], [Outcome("case", False, words, words)])
    with pytest.raises(Invalid) as caught:
        flow.sound([Finding("error", "2,1", words)], [Outcome("test", False, words, words, place="row 3")])
    assert sorted(caught.value.fields) == ["2,1", "row 3"]
