from __future__ import annotations

import pytest

from tongzheng.kernel.core.errors import Invalid, Refused, SignInNeeded
from tongzheng.kernel.identity import api
from tongzheng.kernel.identity.models import Organisation
from tongzheng.kernel.ledger.api import entries

from .world import account, body, uscc

pytestmark = pytest.mark.django_db


def test_a_body_is_entered_once_and_recorded():
    first = api.ensure_organisation(
        actor=api.SYSTEM,
        name="吕梁市公安局",
        short="市公安局",
        kind="government",
        uscc=uscc(1),
        region="141100",
    )
    again = api.ensure_organisation(
        actor=api.SYSTEM, name="另一个名字", kind="government", uscc=uscc(1), region="141100"
    )
    assert again == first
    assert Organisation.objects.count() == 1
    (entry,) = entries(act="identity.ensure_organisation")
    assert entry.subject == f"identity.organisation:{first.id}"


def test_paths_run_from_the_root_down():
    city = body("市政府")
    bureau = body("市局", parent=city)
    office = body("科室", parent=bureau)
    assert Organisation.objects.get(pk=office).path == f"{city}.{bureau}.{office}."


def test_a_bad_row_enters_nothing_and_is_named():
    rows = [
        api.NewOrganisation("甲", "government", "", "141100"),
        api.NewOrganisation("乙单位", "palace", "11141100000000011X", "141199", parent=0),
    ]
    with pytest.raises(Invalid) as refused:
        api.ensure_organisations(actor=api.SYSTEM, rows=rows)
    assert sorted(refused.value.fields) == ["1.name", "2.kind", "2.parent", "2.region", "2.uscc"]
    assert Organisation.objects.count() == 0
    assert entries() == ()


def test_nobody_and_clerks_may_not_enter_bodies():
    with pytest.raises(SignInNeeded):
        api.ensure_organisation(actor=api.NOBODY, name="市局", kind="government", uscc="", region="141100")
    clerk = api.actor_of(account("clerk"))
    with pytest.raises(Refused):
        api.ensure_organisation(actor=clerk, name="市局", kind="government", uscc="", region="141100")
    assert Organisation.objects.count() == 0


def test_a_body_is_found_by_words_best_first():
    body("文水县公安局", region="141121")
    police = api.ensure_organisation(
        actor=api.SYSTEM,
        name="吕梁市公安局",
        short="市公安局",
        kind="government",
        uscc=uscc(1),
        region="141100",
    )
    assert api.organisations(words="市公安局")[0].id == police.id
    assert api.organisations(words="llsgaj") == () or api.organisations(words="lvliangshi")[0].id == police.id
    assert [o.id for o in api.organisations(words=uscc(1)[:8])] == [police.id]
    assert [o.name for o in api.organisations(region="141121")] == ["文水县公安局"]
    assert len(api.organisations(region="141100")) == 2
