"""A post and its work: a stand-in while its holder is away, and its hand-over with everything open, in one act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tongzheng.kernel.cases import api as cases
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing, Refused, SignInNeeded
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger import api as ledger
from tongzheng.systems.public.hotline import services

VALUES = {
    "kind": "help",
    "channel": "phone",
    "urgency": "normal",
    "class": "010101",
    "text": "家里暖气不热",
    "place": "滨河北路 8 号",
}


@pytest.fixture
def desks(world):
    """A heating company: who handles tickets, a colleague, and who gives posts there."""

    class Desks:
        centre = world.office("12345热线服务中心", region="141100", kind="institution")
        heating = world.office("离石区城市供热公司", region="141102", kind="utility")
        seat = world.staff(centre, "hotline.agent")
        caller = world.staff(centre, "hotline.caller")
        holder = world.staff(heating, "hotline.handler", name="李强")
        colleague = world.staff(heating, name="王芳")
        guard = world.staff(heating, "identity.security_administrator", name="孙丽")

    # The one-time codes that administrators need are proven elsewhere.
    Desks.guard = replace(
        Desks.guard, posts=tuple(replace(post, held_back=None) for post in Desks.guard.posts)
    )
    return Desks


def claimed(desks, count):
    found = []
    for n in range(count):
        case = services.take(actor=desks.seat, region="141102001", values=VALUES, once=f"c{n}")
        cases.move_case(case.id, "dispatch", actor=desks.seat, organisation=desks.heating)
        found.append(cases.move_case(case.id, "sign", actor=desks.holder))
    return found


def test_a_stand_in_has_the_inbox_of_the_post_and_the_record_names_both(desks):
    (case,) = claimed(desks, 1)
    assert cases.inbox(actor=desks.colleague).rows == ()
    post = desks.holder.posts[0]
    until = clock.now() + timedelta(days=7)
    identity.stand_in(
        actor=desks.holder, post_id=post.id, stand_in=desks.colleague.id, until=until, reason="出差"
    )
    now = identity.actor_of(desks.colleague.id)
    assert [task.number for task in cases.inbox(actor=now, view="mine")] == [case.number]
    cases.move_case(case.id, "reply", actor=now, note="已修复")
    event = cases.sheet(case.id, actor=desks.seat).timeline[-1]
    assert event.actor_label == f"王芳（代 李强） · 离石区城市供热公司 {post.title}"
    (entry, *_) = ledger.entries(subject=f"case:{case.number}")
    assert (entry.actor, entry.label) == (desks.colleague.id, event.actor_label)
    with clock.at(until + timedelta(hours=1)), pytest.raises(Missing):
        cases.sheet(case.id, actor=identity.actor_of(desks.colleague.id))


def test_a_post_is_handed_over_with_all_its_open_work_in_one_act(desks):
    first, second, closed = claimed(desks, 3)
    cases.move_case(closed.id, "reply", actor=desks.holder, note="已修复")
    cases.move_case(closed.id, "close", actor=desks.caller, data={"reached": "no"})
    post = desks.holder.posts[0].id
    before = len(ledger.entries(limit=500))
    people = {"giver": desks.holder.id, "taker": desks.colleague.id, "post_id": post}
    for actor, fault in ((desks.holder, Refused), (desks.seat, Refused), (identity.NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            cases.hand_over(actor=actor, **people)
    with pytest.raises(Missing):
        cases.hand_over(actor=desks.guard, giver=desks.colleague.id, taker=desks.holder.id, post_id=post)
    assert len(ledger.entries(limit=500)) == before
    done = cases.hand_over(actor=desks.guard, **people, note="轮岗")
    assert done.numbers == (first.number, second.number)
    heir = identity.actor_of(desks.colleague.id)
    assert identity.actor_of(desks.holder.id).posts == ()
    assert {task.number for task in cases.inbox(actor=heir, view="mine")} == {first.number, second.number}
    sheet = cases.sheet(first.id, actor=heir)
    assert (sheet.case.handler_label, str(sheet.timeline[-1].title)) == ("王芳", "岗位交接")
    assert sheet.timeline[-1].note == "李强 → 王芳\n轮岗"
    assert cases.sheet(closed.id, actor=desks.seat).case.handler_label != "王芳"
    assert cases.move_case(first.id, "reply", actor=heir, note="已修复").state == "replied"
