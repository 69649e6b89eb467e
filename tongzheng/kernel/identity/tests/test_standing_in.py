"""A colleague acts from my post while I am away: powers follow for the time, and end with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.world import World
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger

ACT = "hotline.dispatch"


@pytest.fixture
def people(world: World):
    """A dispatcher who goes on leave, a colleague, and somebody of another body."""

    class People:
        body = world.office("12345热线服务中心", region="141100", kind="institution")
        other = world.office("离石区城市管理局")
        holder = world.staff(body, "hotline.dispatcher", name="刘敏")
        colleague = world.staff(body, "hotline.caller", name="陈静")
        stranger = world.staff(other, "hotline.handler", name="赵强")
        guard = world.staff(body, "identity.security_administrator", name="孙丽")

    return People


def lent(people, **changes) -> int:
    given = {
        "actor": people.holder,
        "post_id": people.holder.posts[0].id,
        "stand_in": people.colleague.id,
        "until": clock.now() + timedelta(days=7),
        "reason": "年休假",
    }
    return identity.stand_in(**{**given, **changes})


def test_powers_follow_for_the_time_and_name_the_holder(people):
    assert not identity.may(people.colleague, ACT)
    lent(people)
    (own, borrowed) = identity.actor_of(people.colleague.id).posts
    assert (own.stands_for, borrowed.stands_for) == (None, (people.holder.id, "刘敏"))
    assert identity.may(identity.actor_of(people.colleague.id), ACT)
    assert identity.may(identity.actor_of(people.holder.id), ACT)
    grantees = {one.account_id for one in identity.who_may(ACT)}
    assert {people.holder.id, people.colleague.id} <= grantees
    (entry, *_) = ledger.entries(act="identity.stand_in")
    assert (entry.actor, entry.body["stand_in"]) == (people.holder.id, people.colleague.id)
    with clock.at(clock.now() + timedelta(days=8)):
        assert not identity.may(identity.actor_of(people.colleague.id), ACT)


def test_it_begins_when_said_and_ends_when_anyone_concerned_says(people):
    later = clock.now() + timedelta(days=2)
    id = lent(people, since=later)
    assert not identity.may(identity.actor_of(people.colleague.id), ACT)
    with clock.at(later + timedelta(hours=1)):
        assert identity.may(identity.actor_of(people.colleague.id), ACT)
        with pytest.raises(Refused):
            identity.end_stand_in(actor=people.stranger, id=id)
        identity.end_stand_in(actor=people.colleague, id=id)
        assert not identity.may(identity.actor_of(people.colleague.id), ACT)
        with pytest.raises(Missing):
            identity.end_stand_in(actor=people.colleague, id=id)


def test_what_may_not_be_lent_is_refused_and_nothing_is_kept(people):
    before = len(ledger.entries(act="identity.stand_in"))
    for changes, fault in (
        ({"actor": identity.NOBODY}, SignInNeeded),
        ({"actor": people.colleague}, Missing),
        ({"actor": people.stranger, "account_id": people.holder.id}, Refused),
        ({"stand_in": people.stranger.id}, Invalid),
        ({"stand_in": people.holder.id}, Invalid),
        ({"until": clock.now() - timedelta(days=1)}, Invalid),
        ({"until": clock.now() + timedelta(days=400)}, Invalid),
        ({"reason": ""}, Invalid),
    ):
        with pytest.raises(fault):
            lent(people, **changes)
    with pytest.raises(Refused):
        lent(people, actor=people.guard, post_id=people.guard.posts[0].id)
    assert len(ledger.entries(act="identity.stand_in")) == before
    lent(people)
    with pytest.raises(Conflict):
        lent(people)
    assert [one.now for one in identity.stand_ins(account_id=people.holder.id or 0)] == [True]


def test_the_page_names_a_stand_in_and_ends_it(people, world):
    client = world.client(people.holder)
    assert "请同事代理" in client.get("/account/stand-ins/").content.decode()
    sent = {
        "post": people.holder.posts[0].id,
        "stand_in": people.colleague.id,
        "until": "",
        "reason": "年休假",
    }
    assert client.post("/account/stand-ins/", sent).status_code == 422
    sent["until"] = f"{clock.today() + timedelta(days=5):%Y-%m-%d}"
    assert client.post("/account/stand-ins/", sent).status_code == 303
    assert "陈静 代理我的" in client.get("/account/stand-ins/").content.decode()
    (one,) = identity.stand_ins(account_id=people.holder.id or 0)
    assert "代理" in world.client(people.colleague).get("/account/").content.decode()
    assert client.post(f"/account/stand-ins/{one.id}/end/").status_code == 303
    assert not identity.may(identity.actor_of(people.colleague.id), ACT)
