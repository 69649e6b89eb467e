"""The rule against random worlds: what `may` says of a row and what `reach` says of it never differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tongzheng.kernel.core.text import T, same
from tongzheng.kernel.identity import permission
from tongzheng.kernel.identity.kinds import Action, Role
from tongzheng.kernel.identity.views import NOBODY, SYSTEM, Actor, PostView, Reach

ACT = Action("do", T("办", "Do"))
REGIONS = ("140000", "141100", "141102", "141102001", "141102001001", "141121", "141121100")
reaches = st.sampled_from(["own", "below", "region", "own+region", "below+region"])


@st.composite
def posts(draw):
    own = draw(st.integers(1, 6))
    given = draw(st.dictionaries(st.sampled_from(["t.do", "t.other"]), reaches))
    return PostView(
        id=draw(st.integers(1, 99)),
        title="岗",
        organisation_id=own,
        organisation_name="局",
        region=draw(st.sampled_from(REGIONS)),
        actions=given,
        below=frozenset({own, *draw(st.sets(st.integers(1, 6)))}),
        held_back=draw(st.sampled_from([None, None, same("x")])),
    )


actors = st.one_of(
    st.just(NOBODY),
    st.just(SYSTEM),
    st.builds(
        Actor,
        id=st.integers(1, 9),
        label=st.just("王"),
        kind=st.sampled_from(["citizen", "staff"]),
        posts=st.lists(posts(), max_size=4).map(tuple),
    ),
)
actions = st.sampled_from(
    [ACT, Action("do", T("办", "Do"), open_to=("citizen",)), Action("do", T("办", "Do"), open_to=("nobody",))]
)


@given(
    actors, actions, st.one_of(st.none(), st.integers(1, 6)), st.one_of(st.none(), st.sampled_from(REGIONS))
)
def test_may_agrees_with_reach(actor, action, organisation, region):
    verdict = permission.may(actor, "t.do", declared=action, organisation=organisation, region=region)
    reach = permission.reach(actor, "t.do", declared=action)
    if organisation is None and region is None:
        assert bool(verdict) == bool(reach)
    else:
        assert bool(verdict) == reach.covers(organisation=organisation, region=region)
    assert verdict.why.zh
    assert verdict.why.en


@given(actors)
def test_an_undeclared_action_is_nobodys_not_even_the_platforms(actor):
    assert not permission.may(actor, "t.do", declared=None)
    assert not permission.reach(actor, "t.do", declared=None)


@given(st.lists(reaches, min_size=1))
def test_merging_reaches_loses_none(several):
    parts = set(permission.merged(several).split("+"))
    given = {p for reach in several for p in reach.split("+")}
    assert ("region" in parts) == ("region" in given)
    assert ("below" in parts) == ("below" in given)
    assert ("own" in parts) == ("own" in given and "below" not in given)
    assert permission.merged([*several, *several]) == permission.merged(several)


def test_roles_of_a_post_add_up():
    roles = [Role("a", same("a"), ("t.do",)), Role("b", same("b"), ("t.do", "t.x"), reach="region")]
    assert permission.actions_of(roles) == {"t.do": "own+region", "t.x": "region"}


def test_a_region_inside_another_is_said_once():
    def holds(region):
        return PostView(1, "岗", 1, "局", region, {"t.do": "region"})

    actor = Actor(1, "王", "staff", (holds("141102"), holds("141100"), holds("141121")))
    assert permission.reach(actor, "t.do", declared=ACT) == Reach(regions=("1411",))
    assert Reach(organisations=(1,), regions=("1411",)).sql("o", "r") == (
        "(o = ANY(%s) OR r LIKE %s)",
        [[1], "1411%"],
    )
    assert Reach().sql("o", "r") == ("FALSE", [])
