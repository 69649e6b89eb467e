from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from tongzheng.site import tables


def test_it_finds_the_same_migrations_as_django():
    assert set(tables.on_disk()) == set(MigrationLoader(None).disk_migrations)


def url() -> str:
    now = connection.get_connection_params()
    parts = {
        "host": now.get("host"),
        "port": now.get("port"),
        "user": now.get("user"),
        "password": now.get("password"),
    }
    return f"dbname={now['dbname']} " + " ".join(f"{k}={v}" for k, v in parts.items() if v)


@pytest.mark.django_db(transaction=True)
def test_one_migration_that_is_not_recorded_is_noticed():
    assert tables.up_to_date(url())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'ledger' AND name = '0001_initial'")
        assert not tables.up_to_date(url())
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '0001_initial', now())"
        )


def test_a_database_that_does_not_answer_is_not_up_to_date():
    assert not tables.up_to_date("host=/nonexistent dbname=x")
