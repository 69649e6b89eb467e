import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import TooLarge
from tongzheng.kernel.ledger import api, record
from tongzheng.kernel.ledger.hashing import HASHES, _sm3_of_cryptography, sm3
from tongzheng.kernel.ledger.record import body_text, canonical

MOMENT = datetime(2026, 11, 23, 10, 51, 0, 120000, tzinfo=clock.CHINA)


def put(**changes):
    return api.append(
        **{
            "act": "cases.move",
            "subject": "case:LS1",
            "actor": 7,
            "label": "王某 · 窗口",
            "body": {"to": "受理", "from": "申请"},
            **changes,
        }
    )


def test_the_canonical_bytes_are_exactly_as_written_down():
    data = canonical(
        at=MOMENT,
        act="cases.move",
        subject='case:"1"',
        actor=None,
        label="王\n",
        body='{"a":1.50}',
        salt=bytes(range(16)),
    )
    assert (
        data
        == (
            '{"act":"cases.move","actor":null,"at":"2026-11-23T02:51:00.120000+00:00","body":{"a":1.50},'
            '"label":"王\\n","salt":"000102030405060708090a0b0c0d0e0f","subject":"case:\\"1\\"","v":1}'
        ).encode()
    )


def test_a_body_is_stored_with_sorted_keys_and_without_white_space():
    assert (
        body_text({"b": [1, 2.5, None], "a": {"z": "中", "y": True}})
        == '{"a":{"y":true,"z":"中"},"b":[1,2.5,null]}'
    )


def test_sm3_agrees_with_the_standard_and_both_ways_of_computing_it():
    abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abc").hex() == _sm3_of_cryptography(b"abc").hex() == abc


@pytest.mark.django_db
def test_an_entry_is_read_back_as_it_was_written():
    id = put(at=MOMENT)
    (entry,) = api.entries(subject="case:LS1")
    assert (entry.id, entry.at, entry.act, entry.subject) == (id, MOMENT, "cases.move", "case:LS1")
    assert (entry.actor, entry.label, entry.body) == (7, "王某 · 窗口", {"from": "申请", "to": "受理"})
    assert entry.place is None


@pytest.mark.django_db
def test_the_digest_is_the_hash_of_what_the_database_holds():
    put(at=MOMENT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT at, act, subject, actor, label, body::text, salt, digest FROM ledger_entry")
        *fields, digest = cursor.fetchone()
    names = ("at", "act", "subject", "actor", "label", "body", "salt")
    data = canonical(**dict(zip(names, fields, strict=True)))
    assert bytes(digest) == hashlib.sha256(data).digest()


@pytest.mark.django_db
def test_equal_entries_have_different_digests():
    put(at=MOMENT)
    put(at=MOMENT)
    one, two = api.entries(subject="case:LS1")
    assert one.digest != two.digest


@pytest.mark.django_db
def test_an_entry_costs_one_statement(django_assert_num_queries):
    with django_assert_num_queries(1):
        put()


@pytest.mark.django_db
def test_a_writing_serves_inside_the_callers_own_statement(django_assert_num_queries):
    what = api.writing(
        act="cases.open", subject="case:LS2", actor=None, label="系统", body={"n": "100%"}, at=MOMENT
    )
    with django_assert_num_queries(1), connection.cursor() as cursor:
        cursor.execute(
            f"WITH entry AS ({what.sql}), other AS (SELECT %s::text AS word) SELECT entry.id, word FROM entry, other",
            [*what.params, "也写"],
        )
        id, word = cursor.fetchone()
    (entry,) = api.entries(subject="case:LS2")
    assert (entry.id, word, entry.body) == (id, "也写", {"n": "100%"})


@pytest.mark.django_db
def test_entries_come_newest_first_page_by_page(django_assert_num_queries):
    ids = [put(subject=f"case:{n % 2}", actor=n % 3 or None, act=f"cases.a{n % 2}") for n in range(6)]
    with django_assert_num_queries(1):
        first = api.entries(subject="case:1", limit=2)
    assert [e.id for e in first] == [ids[5], ids[3]]
    assert [e.id for e in api.entries(subject="case:1", after=first[-1].id, limit=2)] == [ids[1]]
    assert [e.id for e in api.entries(actor=2)] == [ids[5], ids[2]]
    assert [e.id for e in api.entries(act="cases.a0", limit=1)] == [ids[4]]


@pytest.mark.django_db
def test_the_clock_gives_the_moment_unless_the_caller_does():
    with clock.at(MOMENT):
        put()
    put(at=datetime(2026, 11, 23, 2, 51, tzinfo=UTC))
    second, first = api.entries(subject="case:LS1")
    assert first.at == MOMENT
    assert second.at == datetime(2026, 11, 23, 10, 51, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({"body": {"x": "字" * 6000}}, TooLarge),
        ({"at": datetime(2026, 1, 1)}, ValueError),
        ({"act": ""}, ValueError),
        ({"subject": ""}, ValueError),
        ({"label": "a\0b"}, ValueError),
        ({"body": {"x": object()}}, TypeError),
        ({"body": {"x": "\ud800"}}, TypeError),
        ({"label": "\ud800"}, TypeError),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_nothing_is_written(bad, error):
    with pytest.raises(error):
        put(**bad)
    assert api.entries(subject="case:LS1") == ()


@pytest.mark.django_db
def test_an_act_that_fails_leaves_no_entry():
    with transaction.atomic():
        put()
        transaction.set_rollback(True)
    assert api.entries() == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET label = 'x'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "DELETE FROM ledger_leaf",
        "UPDATE ledger_node SET hash = ''",
        "UPDATE ledger_checkpoint SET note = ''",
        "DELETE FROM ledger_file",
    ],
)
def test_the_database_refuses_to_change_or_remove(statement):
    put()
    with (
        pytest.raises(IntegrityError, match="the ledger only grows"),
        transaction.atomic(),
        connection.cursor() as c,
    ):
        c.execute(statement)
    assert len(api.entries()) == 1


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(body=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=4))
def test_equal_bodies_have_one_text_whatever_the_order_of_their_keys(body):
    assert body_text(body) == body_text(dict(reversed(body.items())))


@given(st.binary())
def test_every_hash_gives_32_bytes(data):
    assert {len(function(data)) for function in HASHES.values()} == {32}


@pytest.mark.django_db(transaction=True)
def test_a_database_lost_at_a_processs_first_entry_is_unavailable_and_no_bug():
    record.forget_hash()
    connection.ensure_connection()
    connection.connection.close()
    try:
        with pytest.raises(OperationalError):
            put()
    finally:
        connection.close()
        record.forget_hash()
    assert put()
