from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client, RequestFactory

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Throttled
from tongzheng.kernel.identity import api, throttling
from tongzheng.kernel.identity.models import Pace

NOON = datetime(2026, 11, 20, 12, tzinfo=clock.CHINA)


def tries(count: int, key: str = "192.0.2.1", use: str = "test") -> int:
    """Return how many of so many tries were let through."""
    let = 0
    for _ in range(count):
        try:
            api.pace(use, key, limit=3, seconds=600)
            let += 1
        except Throttled:
            pass
    return let


@pytest.mark.django_db
def test_so_many_tries_are_let_through_in_a_window_and_the_rest_told_how_long_to_wait():
    with clock.at(NOON):
        assert tries(3) == 3
    with clock.at(NOON + timedelta(minutes=4)), pytest.raises(Throttled) as caught:
        api.pace("test", "192.0.2.1", limit=3, seconds=600)
    assert caught.value.wait == 360
    assert caught.value.words.zh == "操作太频繁，请在 6 分钟后再试"
    with clock.at(NOON + timedelta(minutes=10)):
        assert tries(5) == 3


@pytest.mark.django_db
def test_each_key_and_each_use_is_counted_by_itself_and_neither_can_be_read_from_the_table():
    assert [tries(4), tries(4, key="192.0.2.2"), tries(4, use="other")] == [3, 3, 3]
    assert Pace.objects.count() == 3
    assert not any(b"192" in bytes(row.key) for row in Pace.objects.all())


@pytest.mark.django_db
def test_asking_counts_nothing():
    for _ in range(5):
        api.pace("test", "k", limit=3, seconds=600, count=False)
    assert tries(3, key="k") == 3
    with pytest.raises(Throttled):
        api.pace("test", "k", limit=3, seconds=600, count=False)


@pytest.mark.django_db
def test_sweeping_forgets_the_windows_that_have_ended():
    with clock.at(NOON):
        tries(1, key="old")
    with clock.at(NOON + timedelta(minutes=5)):
        tries(1, key="new")
    with clock.at(NOON + timedelta(minutes=12)):
        assert throttling.sweep_paces() == 1
    assert Pace.objects.count() == 1


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.7", "192.0.2.1"),
        (1, "198.51.100.7", "198.51.100.7"),
        (1, "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.9, 198.51.100.7", "203.0.113.9"),
        (2, "198.51.100.7", "192.0.2.1"),
        (1, "", "192.0.2.1"),
    ],
)
def test_an_address_is_what_our_own_proxies_saw_and_never_what_a_caller_claims(
    proxies: int, forwarded: str, address: str, settings
):
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", headers={"X-Forwarded-For": forwarded})
    assert api.address_of(request) == address


@pytest.mark.django_db
def test_a_locked_sign_in_says_how_long_to_wait():
    for _ in range(5):
        Client().post("/account/sign-in/", {"username": "nobody", "password": "wrong-one-1A"})
    answer = Client().post("/account/sign-in/", {"username": "nobody", "password": "wrong-one-1A"})
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= 15 * 60 + 1
