"""Links and batches: acts that reach over more than one case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tongzheng.kernel.cases import api
from tongzheng.kernel.cases.tests.test_merging import lamps
from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded
from tongzheng.kernel.identity.api import NOBODY
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
