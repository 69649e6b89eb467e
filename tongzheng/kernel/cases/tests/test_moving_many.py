"""Links, batches, stand-ins and the hand-over of a post: acts that reach over more than one case."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.world import World
from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.tests.test_life import FACTS, counted
from tongzheng.kernel.cases.tests.test_merging import lamps
from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Missing, Refused, SignInNeeded
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.text import T
from tongzheng.kernel.identity import actors
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.identity.api import NOBODY
from tongzheng.kernel.identity.kinds import Role
from tongzheng.kernel.ledger import api as ledger


def test_linked_cases_show_each_other_and_the_ledger_has_both(city: Any, morning: datetime) -> None:
    first, second, third = lamps(city, 3, morning)
    api.link(first.number, second.number, "cause", actor=city.agent)
    api.link(first.number, second.number, "cause", actor=city.agent)
    api.link(second.number, third.number, "parent", actor=city.agent)
    one, two = (api.sheet(case.id, actor=city.agent) for case in (first, second))
    assert [(str(x.words), x.number) for x in one.together.links] == [("引起了", second.number)]
    assert [(str(x.words), x.number) for x in two.together.links] == [
        ("起因于", first.number),
        ("下级办件", third.number),
    ]
    assert [event.kind for event in one.timeline] == ["open", "link"]
    assert str(two.timeline[1].title) == "关联：起因于"
    assert [entry.act for entry in ledger.entries(subject=f"case:{second.number}")][:2] == ["cases.link"] * 2
    for args in (
        (second, first, "cause"),
        (third, second, "parent"),
        (first, third, "parent"),
        (first, first, "cause"),
    ):
        with pytest.raises(Invalid):
            api.link(args[0].number, args[1].number, args[2], actor=city.agent)
    with pytest.raises(Invalid):
        api.link(first.number, second.number, "friend", actor=city.agent)
    with pytest.raises(Refused):
        api.link(first.number, second.number, "cause", actor=city.leader)
    api.link(first.number, second.number, "cause", actor=city.agent, remove=True)
    assert api.sheet(first.id, actor=city.agent).together.links == ()


def test_a_batch_moves_what_can_move_and_says_why_the_rest_did_not(city: Any, morning: datetime) -> None:
    first, second, third = lamps(city, 3, morning)
    api.move_case(second.id, "assign", actor=city.agent, organisation=city.company)
    wanted = [(first.number, 1), (second.number, 1), (third.number, 1), ("LD202601010000000", None)]
    done = api.move_many(wanted, "assign", actor=city.agent, organisation=city.other)
    assert [(one.number, one.case is not None) for one in done] == [
        (first.number, True),
        (second.number, False),
        (third.number, True),
        ("LD202601010000000", False),
    ]
    assert "张＊" in str(done[1].why)
    assert api.sheet(first.id, actor=city.agent).case.organisation_id == city.other
    assert [one.case for one in api.move_many([(first.id, None)], "take", actor=city.agent)] == [None]
    with pytest.raises(Invalid):
        api.move_many([], "take", actor=city.agent)
    with pytest.raises(SignInNeeded):
        api.move_many(wanted, "take", actor=NOBODY)


def able(administrator: identity.Actor) -> identity.Actor:
    """Return an administrator whose one-time codes are set up."""
    return replace(administrator, posts=tuple(replace(post, held_back=None) for post in administrator.posts))


@pytest.fixture
def desks(city: Any, world: World, morning: datetime) -> Any:
    """Two clerks of the company who are really signed up, with a role that handles."""
    system = registry.systems["casetest"]
    role = Role("clerk", T("经办", "Clerk"), ("casetest.handle", "casetest.read"))
    registry.systems["casetest"] = replace(system, declares=(*system.declares, role))
    registry._things[(Role, "casetest.clerk")] = role
    actors._bundles.cache_clear()
    actors._actions.cache_clear()

    class Desks:
        holder = world.staff(city.company, "casetest.clerk", name="李强")
        colleague = world.staff(city.company, name="王芳")
        guard = able(world.staff(city.company, "identity.security_administrator", name="孙丽"))

    yield Desks
    registry._things.pop((Role, "casetest.clerk"), None)
    actors._bundles.cache_clear()
    actors._actions.cache_clear()


def claimed(city: Any, desks: Any, count: int) -> list[Any]:
    """Open repairs that the holder has signed for."""
    found = []
    for n in range(count):
        case = api.open_case(
            "casetest.repair",
            actor=city.agent,
            title=f"暖气不热 {n}",
            facts=FACTS,
            region="141102001",
            organisation=city.company,
        )
        api.move_case(case.id, "assign", actor=city.agent, organisation=city.company)
        found.append(api.move_case(case.id, "sign", actor=desks.holder))
    return found


def test_a_stand_in_has_the_inbox_of_the_post_and_the_record_names_both(city: Any, desks: Any) -> None:
    (case,) = claimed(city, desks, 1)
    assert api.inbox(actor=desks.colleague).rows == ()
    identity.stand_in(
        actor=desks.holder,
        post_id=desks.holder.posts[0].id,
        stand_in=desks.colleague.id,
        until=clock.now() + timedelta(days=7),
        reason="出差",
    )
    now = identity.actor_of(desks.colleague.id)
    assert [task.number for task in api.inbox(actor=now, view="mine")] == [case.number]
    api.move_case(case.id, "answer", actor=now, note="已修复")
    event = api.sheet(case.id, actor=now).timeline[-1]
    assert event.actor_label == f"王芳（代 李强） · 离石区供热公司 {desks.holder.posts[0].title}"
    (entry, *_) = ledger.entries(subject=f"case:{case.number}")
    assert (entry.actor, entry.label) == (desks.colleague.id, event.actor_label)


def test_a_post_is_handed_over_with_all_its_open_work_in_one_act(city: Any, desks: Any) -> None:
    first, second, closed = claimed(city, desks, 3)
    api.move_case(closed.id, "answer", actor=desks.holder, note="已修复")
    api.move_case(closed.id, "close", actor=city.second)
    post = desks.holder.posts[0].id
    before = counted("cases_event", "ledger_entry")
    for actor, fault in ((desks.holder, Refused), (city.agent, Refused), (NOBODY, SignInNeeded)):
        with pytest.raises(fault):
            api.hand_over(actor=actor, giver=desks.holder.id, taker=desks.colleague.id, post_id=post)
    with pytest.raises(Missing):
        api.hand_over(actor=desks.guard, giver=desks.colleague.id, taker=desks.holder.id, post_id=post)
    assert counted("cases_event", "ledger_entry") == before
    done = api.hand_over(
        actor=desks.guard, giver=desks.holder.id, taker=desks.colleague.id, post_id=post, note="轮岗"
    )
    assert done.numbers == (first.number, second.number)
    heir = identity.actor_of(desks.colleague.id)
    assert identity.actor_of(desks.holder.id).posts == ()
    assert {task.number for task in api.inbox(actor=heir, view="mine")} == {first.number, second.number}
    sheet = api.sheet(first.id, actor=heir)
    assert (sheet.case.handler_label, str(sheet.timeline[-1].title)) == ("王芳", "岗位交接")
    assert sheet.timeline[-1].note == "李强 → 王芳\n轮岗"
    assert api.sheet(closed.id, actor=city.agent).case.handler_label != "王芳"
    assert api.move_case(first.id, "answer", actor=heir, note="已修复").state == "answered"
