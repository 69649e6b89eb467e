from datetime import timedelta

import pytest
from django.db import connection, transaction

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, SignInNeeded
from tongzheng.kernel.identity.api import Actor
from tongzheng.kernel.messages import api
from tongzheng.kernel.messages.models import Message
from tongzheng.kernel.messages.outbox import Route, route

from .conftest import FACTS

pytestmark = pytest.mark.django_db
LI = Actor(id=7, label="李", kind="citizen")
WANG = Actor(id=8, label="王", kind="citizen")
NOBODY = Actor(id=None, label="", kind="nobody")
ALL = ("in_app", "sms", "email")


def test_a_message_stands_in_the_addressees_list_at_once(django_assert_num_queries):
    with django_assert_num_queries(1):
        (id,) = api.send("mtest.accepted", to=api.Addressee(account_id=7), facts=FACTS, case="BJ-1")
    with django_assert_num_queries(1):
        (view,) = api.inbox(LI)
    assert (view.id, view.subject, view.case, view.state) == (id, "食品经营许可已受理", "BJ-1", "delivered")
    assert view.read_at is None
    assert api.inbox(WANG) == ()
    with pytest.raises(SignInNeeded):
        api.inbox(NOBODY)


def test_reading_is_counted_and_only_ones_own_can_be_read():
    ids = [api.send("mtest.accepted", to=api.Addressee(account_id=7), facts=FACTS)[0] for _ in range(3)]
    assert api.unread_count(LI) == 3
    assert api.mark_read(WANG, ids) == 0
    assert api.mark_read(LI, ids[:1]) == 1
    assert api.mark_read(LI, ids[:1]) == 0
    assert api.unread_count(LI) == 2
    assert [view.id for view in api.inbox(LI, unread=True)] == [ids[2], ids[1]]
    assert api.mark_read(LI) == 2
    assert api.unread_count(LI) == 0
    assert api.unread_count(NOBODY) == 0


def test_pages_of_the_list_do_not_overlap():
    ids = [api.send("mtest.accepted", to=api.Addressee(account_id=7), facts=FACTS)[0] for _ in range(31)]
    first = api.inbox(LI)
    assert [view.id for view in first] == ids[:0:-1]
    assert [view.id for view in api.inbox(LI, after=first[-1].id)] == ids[:1]


def test_a_writing_is_part_of_the_callers_own_statement(django_assert_num_queries):
    row = api.writing("mtest.accepted", to=api.Addressee(account_id=7, phone="13800138000"), facts=FACTS)
    more = api.writing("mtest.code", to=api.Addressee(phone="13800138000", lang="en"), facts={"code": "12"})
    with django_assert_num_queries(1), connection.cursor() as cursor:
        cursor.execute(
            f"WITH a AS ({row.sql}), b AS ({more.sql}) SELECT a.id, b.id FROM a, b",
            (*row.params, *more.params),
        )
        first, second = cursor.fetchone()
    assert Message.objects.get(pk=first).channel == "sms"
    assert Message.objects.get(pk=second).body == "Code 12"


def test_a_message_goes_with_its_transaction():
    with transaction.atomic():
        api.send("mtest.accepted", to=api.Addressee(account_id=7), facts=FACTS)
        transaction.set_rollback(True)
    assert api.unread_count(LI) == 0


def test_addresses_are_sealed_and_shown_masked():
    (id,) = api.send(
        "mtest.accepted", to=api.Addressee(phone="138 0013-8000", email="zhang@example.org"), facts=FACTS
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(m)::text FROM messages_message m WHERE id = %s", (id,))
        stored = cursor.fetchone()[0]
    assert "13800138000" not in stored
    assert "example.org" not in stored
    assert Message.objects.get(pk=id).masked == "138····8000"


def test_who_cannot_be_reached_is_written_down_as_failed():
    (id,) = api.send("mtest.accepted", to=api.Addressee(), facts=FACTS)
    message = Message.objects.get(pk=id)
    assert (message.state, message.channel, message.next_at) == ("failed", "in_app", None)
    assert "no account" in message.error


@pytest.mark.parametrize(
    ("to", "field"),
    [
        (api.Addressee(phone="12345"), "phone"),
        (api.Addressee(email="a b@example.org"), "email"),
        (api.Addressee(email="a@example.org\nBcc: b@example.org"), "email"),
        (api.Addressee(account_id=7, lang="fr"), "lang"),
    ],
)
def test_an_unusable_addressee_is_refused_and_nothing_is_written(to, field):
    with pytest.raises(Invalid) as said:
        api.send("mtest.accepted", to=to, facts=FACTS)
    assert set(said.value.fields) == {field}
    assert not Message.objects.exists()


def test_unknown_channels_and_templates_are_refused():
    with pytest.raises(Invalid):
        api.send("mtest.accepted", to=api.Addressee(account_id=7), facts=FACTS, channels=("fax",))
    with pytest.raises(KeyError, match=r"mtest\.none"):
        api.send("mtest.none", to=api.Addressee(account_id=7), facts={})


def test_entering_the_past_sends_nothing():
    with clock.at(clock.now() - timedelta(days=90)):
        (id,) = api.send("mtest.accepted", to=api.Addressee(7, phone="13800138000"), facts=FACTS)
        moment = clock.now()
    message = Message.objects.get(pk=id)
    assert (message.state, message.sent_at, message.next_at) == ("delivered", moment, None)
    assert api.unread_count(LI) == 1


@pytest.mark.parametrize(
    ("channels", "account", "reachable", "past", "expected"),
    [
        (ALL, True, {"sms": "1", "email": "2"}, False, Route(True, "sms", ("email",), "queued")),
        (ALL, True, {"email": "2"}, False, Route(True, "email", (), "queued")),
        (ALL, True, {}, False, Route(True, "in_app", (), "delivered")),
        (ALL, False, {}, False, Route(False, "in_app", (), "failed")),
        (("sms",), True, {}, False, Route(False, "sms", (), "failed")),
        (("sms",), True, {"sms": "1"}, False, Route(False, "sms", (), "queued")),
        (ALL, True, {"sms": "1"}, True, Route(True, "sms", (), "delivered")),
    ],
)
def test_the_way_of_a_message(channels, account, reachable, past, expected):
    assert route(channels, account=account, reachable=reachable, past=past) == expected
