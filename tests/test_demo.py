"""The demo city: loaded twice it is the same city, and it obeys the rules because it goes through the doors."""

from datetime import datetime

import pytest
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.site import demo

UNTIL = datetime(2026, 11, 20, 18, 0, tzinfo=clock.CHINA)
TABLES = (
    "identity_organisation",
    "identity_person",
    "identity_account",
    "cases_case",
    "cases_event",
    "cases_task",
    "messages_message",
    "ledger_entry",
    "cases_review",
)


def counted():
    with connection.cursor() as cursor:
        found = {}
        for table in TABLES:
            cursor.execute(f"SELECT count(*) FROM {table}")
            found[table] = cursor.fetchone()[0]
        cursor.execute(
            "SELECT type_id, key, title, state, opened_at, due_at, closed_at, organisation_label, version"
            " FROM cases_case ORDER BY key"
        )
        return found, cursor.fetchall()


@pytest.fixture
def small_city(db, settings, tmp_path):
    settings.DATA = tmp_path
    demo.load(password="Rain-horse-42-battery", until=UNTIL, size=0.004)
    return tmp_path


def test_the_demo_city_loads_twice_identically(small_city):
    numbers, cases = counted()
    assert numbers["cases_case"] >= 50
    demo.load(password="Rain-horse-42-battery", until=UNTIL, size=0.004)
    assert counted() == (numbers, cases)


def test_a_loaded_city_says_so_and_is_not_loaded_again(small_city, monkeypatch):
    assert demo.finished(small_city)
    monkeypatch.setattr(demo, "load", lambda **_: pytest.fail("it was loaded again"))
    demo.load_in_background(password="x")


def test_people_and_bodies_of_the_demo_pass_the_check_digits(small_city):
    from tongzheng.kernel.core.codes import uscc_slip

    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc FROM identity_organisation WHERE uscc <> ''")
        codes = [row[0] for row in cursor.fetchall()]
    assert len(codes) > 400
    assert [code for code in codes if uscc_slip(code)] == []
