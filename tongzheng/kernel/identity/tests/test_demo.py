from __future__ import annotations

from datetime import datetime
from random import Random

import pytest
from django.db import connection

from tongzheng.kernel.core import clock, codes
from tongzheng.kernel.identity import api, demo
from tongzheng.kernel.identity.models import Account, Organisation, Person, Post, PostHolding
from tongzheng.kernel.ledger.api import entries

pytestmark = pytest.mark.django_db


class Run:
    password = "Yellow-River-2026"
    until = datetime(2026, 11, 23, tzinfo=clock.CHINA)

    def __init__(self, size=0.02):
        self.size = size
        self.steps = []

    def random(self, name):
        return Random(f"7:{name}")

    def progress(self, done, total, what):
        self.steps.append((done, total))


def counts():
    return [model.objects.count() for model in (Organisation, Person, Account, Post, PostHolding)]


def test_the_demo_city_loads_and_a_second_time_changes_nothing():
    run = Run()
    demo.load(run)
    assert run.steps[-1] == (5, 5)
    first, written = counts(), entries()[0].id
    demo.load(Run())
    assert counts() == first
    assert entries()[0].id == written
    assert first[0] == 1 + len(demo.CITY_BODIES) + 13 + 13 * 20 + 151 + 49 + 12


def test_every_code_of_the_demo_passes_its_check_and_belongs_to_nobody():
    demo.load(Run())
    slips = [
        o.uscc for o in Organisation.objects.all() if codes.uscc_slip(o.uscc) or "99" not in o.uscc[8:10]
    ]
    assert slips == []
    assert not Person.objects.exclude(id_number_masked__startswith="1411").exists()


def test_everyone_who_is_announced_can_sign_in_and_holds_their_post():
    demo.load(Run())
    for one in demo.ANNOUNCED:
        account = Account.objects.get(username=one.login)
        assert account.check_password(Run.password), one.login
        actor = api.actor_of(account.pk)
        assert (actor.posts[0].title if actor.posts else "") == one.post.zh
    assert api.actor_of(Account.objects.get(username="gongmin.zhou").pk).label == "周＊＊"


def test_the_accounts_are_announced_as_login_and_title():
    assert ("admin.audit", "Audit administrator") in [(login, title.en) for login, title in demo.ACCOUNTS]


def test_a_system_adds_its_roles_to_a_demo_post():
    demo.load(Run())
    office = api.organisations(words="市住建局")[0]
    for _ in range(2):
        demo.demo_post(["identity.person_clerk"], office.id, "", "工单承办岗", "zjj.zhao")
    (post,) = api.actor_of(api.account_named("zjj.zhao").id).posts
    assert post.roles == ("identity.person_clerk",)
    assert Post.objects.filter(organisation=office.id, title="工单承办岗").count() == 1


def test_villages_lie_beneath_their_townships():
    bodies = demo.ensure_government(size=0.01)
    village = Organisation.objects.filter(kind="village").first()
    assert village.path.startswith(f"{bodies['市政府']}.{bodies['离石区政府']}.")
    assert village.parent.kind == "township"
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM identity_organisation WHERE path !~ '^(\\d+\\.)+$'")
        assert cursor.fetchone() == (0,)
