from __future__ import annotations

import itertools

import pytest

from tongzheng.kernel.core.errors import Conflict, Invalid, Missing, Refused
from tongzheng.kernel.identity import api
from tongzheng.kernel.identity.models import Account, Post, PostHolding
from tongzheng.kernel.ledger.api import entries

from .world import PASSWORD, account, body, id_number, post

pytestmark = pytest.mark.django_db

ADMINISTRATORS = tuple(f"identity.{kind}_administrator" for kind in ("system", "security", "audit"))


@pytest.mark.parametrize(("held", "given"), list(itertools.permutations(ADMINISTRATORS, 2)))
def test_no_account_holds_two_of_the_three_administrators(held, given):
    id, office = account("admin"), body("市局")
    post(id, office, held, title="管理甲")
    with pytest.raises(Refused) as refused:
        post(id, office, given, title="管理乙")
    assert refused.value.words.zh.startswith("三员分立")
    assert [p.title for p in api.actor_of(id).posts] == ["管理甲"]
    assert not Post.objects.filter(title="管理乙").exists()


def test_a_post_cannot_be_given_a_second_administrator_role_later():
    id, office = account("admin"), body("市局")
    post(id, office, ADMINISTRATORS[0])
    with pytest.raises(Refused):
        api.define_post(
            actor=api.SYSTEM, organisation=office, title="科员", roles=[ADMINISTRATORS[1]], add=True
        )
    other = post(id, office, "identity.person_clerk", title="窗口")
    with pytest.raises(Refused):
        api.define_post(actor=api.SYSTEM, organisation=office, title="窗口", roles=[ADMINISTRATORS[1]])
    assert Post.objects.get(pk=other).roles == ["identity.person_clerk"]


def test_a_post_is_given_once_and_ended_on_record():
    id, office = account("clerk"), body("市局")
    first = post(id, office, "identity.person_clerk")
    assert post(id, office, "identity.person_clerk") == first
    assert len(entries(act="identity.give_post")) == 1
    api.end_post(actor=api.SYSTEM, account_id=id, post_id=first)
    assert api.actor_of(id).posts == ()
    assert PostHolding.objects.get().until is not None
    with pytest.raises(Missing):
        api.end_post(actor=api.SYSTEM, account_id=id, post_id=first)
    assert len(entries(act="identity.end_post")) == 1


def security(region: str = "141100"):
    id = account("security")
    post(id, body("保密办", region), ADMINISTRATORS[1], title="安全管理员")
    Account.objects.filter(pk=id).update(totp_since="2026-01-01T00:00:00Z")
    return api.actor_of(id)


def test_the_security_administrator_gives_posts_in_their_region_but_never_to_themselves():
    actor, office, clerk = security("141102"), body("离石区局", "141102"), account("clerk")
    given = api.ensure_post(
        actor=actor, account_id=clerk, organisation=office, title="窗口", roles=["identity.person_clerk"]
    )
    with pytest.raises(Refused):
        api.give_post(actor=actor, account_id=actor.id, post_id=given)
    with pytest.raises(Refused):
        api.ensure_post(
            actor=actor,
            account_id=clerk,
            organisation=body("市局"),
            title="窗口",
            roles=["identity.person_clerk"],
        )
    assert [p.organisation_name for p in api.actor_of(clerk).posts] == ["离石区局"]


def test_the_system_administrator_gives_no_posts_and_the_security_administrator_makes_no_accounts():
    actor = security()
    with pytest.raises(Refused):
        api.create_account(actor=actor, username="newone", password=PASSWORD, label="新人")
    assert not Account.objects.filter(username="newone").exists()
    id = account("system")
    post(id, body("信息办"), ADMINISTRATORS[0])
    Account.objects.filter(pk=id).update(totp_since="2026-01-01T00:00:00Z")
    system = api.actor_of(id)
    assert (
        api.create_account(actor=system, username="newone", password=PASSWORD, label="新人").username
        == "newone"
    )
    with pytest.raises(Refused):
        api.define_post(actor=system, organisation=body("信息办"), title="窗口", roles=[])


def test_an_administrator_without_a_second_factor_may_do_nothing():
    id = account("system")
    post(id, body("信息办"), ADMINISTRATORS[0])
    verdict = api.may(api.actor_of(id), "identity.accounts")
    assert not verdict
    assert verdict.why.en == "Administrators must set up one-time codes before they can act"
    assert not api.reach(api.actor_of(id), "identity.bodies")


def test_unknown_roles_and_bodies_are_named():
    with pytest.raises(Invalid) as refused:
        api.define_post(actor=api.SYSTEM, organisation=0, title="x", roles=["no.such"])
    assert sorted(refused.value.fields) == ["organisation", "roles", "title"]


def test_a_citizen_can_be_an_agent_of_an_enterprise_but_not_of_an_office():
    person = api.register_person(actor=api.SYSTEM, name="王小明", id_number=id_number())
    id = api.create_account(
        actor=api.SYSTEM, username="agent", password=PASSWORD, kind="citizen", person_id=person.id
    ).id
    post(id, body("杏花村酒坊", kind="enterprise"), title="经办人")
    with pytest.raises(Conflict):
        post(id, body("市局"))
    assert [p.organisation_name for p in api.actor_of(id).posts] == ["杏花村酒坊"]


def test_a_closed_account_is_nobody_at_once():
    id = account("clerk")
    api.set_active(actor=api.SYSTEM, account_id=id, active=False)
    assert api.actor_of(id) == api.NOBODY
    assert api.set_active(actor=api.SYSTEM, account_id=id, active=False).is_active is False
    assert len(entries(act="identity.set_active")) == 1


def test_an_actor_is_one_statement_however_many_posts(django_assert_num_queries):
    id, city = account("clerk"), body("市政府")
    for number in range(4):
        post(id, body(f"{number} 局局", parent=city), "identity.person_clerk")
    with django_assert_num_queries(1):
        actor = api.actor_of(id)
        assert len(actor.posts) == 4
        assert api.may(actor, "identity.search", region="141102")
        assert api.reach(actor, "identity.search").regions == ("1411",)
    with django_assert_num_queries(1):
        assert api.actor_of(10**9) == api.NOBODY


def test_who_may_names_people_posts_roles_and_reasons(django_assert_max_num_queries):
    one, office = account("clerk", "李敏"), body("离石区大厅", "141102")
    post(one, office, "identity.person_clerk")
    elsewhere = account("other", "张强")
    post(elsewhere, body("文水县大厅", "141121"), "identity.person_clerk")
    (grantee,) = api.who_may("identity.reveal", region="141102001")
    assert (grantee.account_id, grantee.label, grantee.post, grantee.role) == (
        one,
        "李敏",
        "科员",
        "人员信息经办",
    )
    assert grantee.why.zh == "离石区大厅“科员”可对辖区内各单位“查看未脱敏信息”"
    assert len(api.who_may("identity.reveal")) == 2
    assert [g.label for g in api.who_may("identity.reveal", organisation=office)] == ["李敏"]
    with django_assert_max_num_queries(3):
        api.who_may("identity.reveal", organisation=office)
    assert api.who_may("no.such") == ()
