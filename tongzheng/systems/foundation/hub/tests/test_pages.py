"""The hub's pages as those who may see them meet them."""

import pytest
from django.db import connection
from django.test import Client


@pytest.fixture
def operator(world):
    office = world.office("吕梁市数据局", region="141100")
    account = world.staff(office, "hub.operator", region="141100")
    client = Client()
    world.enter(client, account)
    return client


@pytest.fixture
def young(db):
    """A ledger in the first second of its life, whatever tests on real transactions have left there."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE ledger_checkpoint DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM ledger_checkpoint")
        yield cursor


def test_the_ledger_page_says_so_while_there_is_no_checkpoint(young, operator):
    page = operator.get("/hub/ledger/")
    assert page.status_code == 200
    assert "还没有检查点" in page.content.decode()
    assert operator.get("/hub/ledger/checkpoint.txt").status_code == 404


def test_the_signed_checkpoint_is_taken_away_as_text(young, operator):
    young.execute(
        "INSERT INTO ledger_checkpoint VALUES (7, now(), %s, %s)", [bytes(32), "origin\n7\nroot\n\n— key"]
    )
    page = operator.get("/hub/ledger/").content.decode()
    assert 'href="/hub/ledger/checkpoint.txt"' in page
    note = operator.get("/hub/ledger/checkpoint.txt")
    assert note.content.decode() == "origin\n7\nroot\n\n— key"
    assert note["Content-Type"] == "text/plain; charset=utf-8"
    assert note["Content-Disposition"] == 'attachment; filename="checkpoint-7.txt"'


@pytest.mark.parametrize("query", ["after=²", f"after={'9' * 40}", "after=-1", "after=1%00", "subject=%00"])
def test_a_garbled_address_of_the_ledger_page_is_told_and_never_breaks_it(operator, query):
    assert operator.get(f"/hub/ledger/?{query}").status_code in (200, 422)


def test_nobody_else_reads_the_ledger_or_takes_its_checkpoint(client, world):
    for path in ("/hub/ledger/", "/hub/ledger/checkpoint.txt"):
        assert client.get(path).status_code == 401
    world.enter(client, world.citizen())
    for path in ("/hub/ledger/", "/hub/ledger/checkpoint.txt"):
        assert client.get(path).status_code == 403
