from __future__ import annotations

import pytest
from django.test import Client

from tongzheng.kernel.core import clock
from tongzheng.kernel.identity import api
from tongzheng.kernel.identity.models import Account, Organisation, Person
from tongzheng.kernel.ledger.api import entries

from .world import PASSWORD, account, body, id_number, post, uscc

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def plain_statics(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def holder(username: str, *roles: str) -> Client:
    id = account(username)
    if roles:
        post(id, body("市数据局"), *roles, title=username)
    Account.objects.filter(pk=id).update(totp_since=clock.now())
    client = Client()
    client.force_login(Account.objects.get(pk=id))
    return client


PAGES = {
    "/account/accounts/": {"system", "security"},
    "/account/accounts/new/": {"system"},
    "/account/bodies/": {"system"},
    "/account/bodies/new/": {"system"},
    "/account/policy/": {"security"},
    "/account/records/": {"audit"},
    "/account/people/": {"clerk"},
    "/account/people/new/": {"clerk"},
    "/account/who-may/": {"system", "security", "audit", "clerk", "plain"},
    "/account/": {"system", "security", "audit", "clerk", "plain"},
    "/account/password/": {"system", "security", "audit", "clerk", "plain"},
}
ROLES = {
    "system": ("identity.system_administrator",),
    "security": ("identity.security_administrator",),
    "audit": ("identity.audit_administrator",),
    "clerk": ("identity.person_clerk",),
    "plain": (),
}


@pytest.mark.parametrize("who", [*ROLES, "nobody"])
def test_each_page_opens_to_those_it_is_for_and_to_nobody_else(who):
    client = Client() if who == "nobody" else holder(who, *ROLES[who])
    for page, allowed in PAGES.items():
        expected = 401 if who == "nobody" else 200 if who in allowed else 403
        assert client.get(page).status_code == expected, (who, page)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_stand_in_both_languages(language):
    client = holder("system", *ROLES["system"])
    client.cookies["language"] = language
    page = client.get("/account/accounts/").content.decode()
    assert ("Accounts" in page) == (language == "en")
    assert ("账号" in page) == (language == "zh-hans")


def test_a_post_is_given_and_ended_on_the_account_sheet():
    client, clerk, office = (
        holder("security", *ROLES["security"]),
        account("limin", "李敏"),
        body("离石区大厅", "141102"),
    )
    sheet = f"/account/accounts/{clerk}/"
    assert client.get(sheet).status_code == 200
    slip = client.post(
        f"{sheet}give/", {"title": "窗口", "organisation": "", "roles": "identity.person_clerk"}
    )
    assert slip.status_code == 422
    assert 'value="窗口"' in slip.content.decode()
    given = {"title": "窗口", "organisation_words": "离石区大厅", "roles": "identity.person_clerk"}
    assert client.post(f"{sheet}give/", given)["Location"] == sheet
    (held,) = api.actor_of(clerk).posts
    assert (held.organisation_id, held.region, held.roles) == (office, "141102", ("identity.person_clerk",))
    client.post(f"{sheet}end/", {"post": held.id})
    assert api.actor_of(clerk).posts == ()
    assert client.post(f"{sheet}reset/", {"password": PASSWORD}).status_code == 403
    assert client.post(f"{sheet}nonsense/").status_code == 404


def test_two_administrators_in_one_account_are_refused_on_the_sheet():
    client, clerk, office = holder("security", *ROLES["security"]), account("limin"), body("市局")
    post(clerk, office, "identity.audit_administrator", title="审计岗")
    refused = client.post(
        f"/account/accounts/{clerk}/give/",
        {"title": "系统岗", "organisation": office, "roles": "identity.system_administrator"},
    )
    assert refused.status_code == 403
    assert "三员分立" in refused.content.decode()
    assert len(api.actor_of(clerk).posts) == 1


def test_the_system_administrator_makes_closes_and_resets_accounts():
    client = holder("system", *ROLES["system"])
    made = client.post("/account/accounts/new/", {"label": "李敏", "username": "limin", "password": PASSWORD})
    sheet = made["Location"]
    taken = client.post(
        "/account/accounts/new/", {"label": "李敏", "username": "LIMIN", "password": PASSWORD}
    )
    assert taken.status_code == 409
    id = api.account_named("limin").id
    assert Account.objects.get(pk=id).must_change is True
    client.post(f"{sheet}close/")
    assert api.actor_of(id) == api.NOBODY
    client.post(f"{sheet}open/")
    assert client.post(f"{sheet}reset/", {"password": "short"}).status_code == 422
    assert client.post(f"{sheet}reset/", {"password": "Another-First-9"})["Location"] == sheet
    own = api.account_named("system").id
    assert client.post(f"/account/accounts/{own}/close/").status_code == 403
    assert api.actor_of(own).signed_in
    acts = [e.act for e in reversed(entries(subject=f"identity.account:{id}"))]
    assert acts == [
        "identity.create_account",
        "identity.set_active",
        "identity.set_active",
        "identity.reset_password",
    ]


def test_a_body_is_entered_on_its_page_or_every_slip_is_named():
    client = holder("system", *ROLES["system"])
    bad = client.post(
        "/account/bodies/new/", {"name": "x", "kind": "palace", "uscc": "1", "region": "141102"}
    )
    assert bad.status_code == 422
    assert "有 3 处需要修改" in bad.content.decode()
    good = {
        "name": "离石区大数据中心",
        "kind": "institution",
        "uscc": uscc(5, "12"),
        "region_words": "离石区",
    }
    assert client.post("/account/bodies/new/", good).status_code == 302
    assert Organisation.objects.get(name="离石区大数据中心").region == "141102"


def test_a_clerk_finds_a_person_and_sees_more_for_a_purpose_only():
    person = api.register_person(actor=api.SYSTEM, name="王小明", id_number=id_number(), region="141102")
    client = holder("clerk", *ROLES["clerk"])
    found = client.post("/account/people/", {"id_number": id_number()}).content.decode()
    assert "王＊＊" in found
    assert id_number() not in found
    refused = client.post(f"/account/people/{person.id}/", {"fields": "id_number", "purpose": ""})
    assert refused.status_code == 422
    assert id_number() not in refused.content.decode()
    assert entries(act="identity.reveal") == ()
    seen = client.post(f"/account/people/{person.id}/", {"fields": "id_number", "purpose": "核对申请材料"})
    assert id_number() in seen.content.decode()
    assert len(entries(act="identity.reveal")) == 1
    assert client.post(f"/account/people/{10**9}/", {"fields": "name"}).status_code == 404


def test_a_clerk_enters_a_person_once():
    client = holder("clerk", *ROLES["clerk"])
    given = {"name": "李四", "id_number": id_number(7), "region": "141102001001"}
    for _ in range(2):
        assert client.post("/account/people/new/", given).status_code == 200
    assert Person.objects.count() == 1


def test_the_auditor_sees_what_was_done_and_can_follow_one_account():
    client = holder("audit", *ROLES["audit"])
    id = account("limin")
    page = client.get(f"/account/records/?subject=identity.account:{id}").content.decode()
    assert page.count("<tr>") == 2
    assert "identity.create_account" in page
    assert client.get("/account/records/?after=x&actor=%00&act=%00").status_code == 200


def test_who_may_answers_on_its_page_whatever_it_is_asked():
    client = holder("clerk", *ROLES["clerk"])
    page = client.get("/account/who-may/?action=identity.reveal&region=141102").content.decode()
    assert "市数据局“clerk”可对辖区内各单位“查看未脱敏信息”" in page
    for query in (
        "action=no.such",
        "action=identity.reveal&organisation=999999999999999",
        "region=%00",
        "organisation_words=x",
    ):
        assert client.get(f"/account/who-may/?{query}").status_code == 200


def test_comboboxes_find_bodies_and_regions_for_anyone():
    body("吕梁市公安局")
    found = Client().get("/account/choices/organisations/?q=公安").content.decode()
    assert "吕梁市公安局" in found
    assert 'data-value="141102"' in Client().get("/account/choices/regions/?q=lishiqu").content.decode()


def test_lists_cost_the_same_however_many_rows(django_assert_num_queries):
    client = holder("system", *ROLES["system"])
    client.get("/account/accounts/")
    with django_assert_num_queries(4):
        client.get("/account/accounts/")
    for number in range(12):
        account(f"staff{number}")
    with django_assert_num_queries(4):
        client.get("/account/accounts/")
