import json
from html import unescape

import pytest
from django.test import Client

from tongzheng.kernel.core.errors import Fault
from tongzheng.site.faults import ADVICE

from .breaking import FAULTS

pytestmark = [pytest.mark.urls("tongzheng.site.tests.breaking"), pytest.mark.django_db(databases=[])]


@pytest.fixture
def client():
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("status", sorted(FAULTS))
def test_every_fault_is_a_page_that_says_what_to_do_next(client, status, language):
    client.cookies["language"] = language
    page = client.get(f"/broken/{status}/")
    text = unescape(page.content.decode())
    assert page.status_code == status
    assert f'lang="{"en" if language == "en" else "zh-Hans"}"' in text
    fault = FAULTS[status]
    words = [step.en if language == "en" else step.zh for step in ADVICE[status].steps]
    if isinstance(fault, Fault):
        words.append(fault.words.en if language == "en" else fault.words.zh)
        words += [w.en if language == "en" else w.zh for w in fault.fields.values()]
    for word in words:
        assert word in text
    assert page["X-Request-ID"] in text


@pytest.mark.parametrize("status", sorted(FAULTS))
def test_every_fault_is_a_problem_for_programs(client, status):
    answer = client.get(f"/api/broken/{status}/")
    problem = json.loads(answer.content)
    assert answer.status_code == status == problem["status"]
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["request_id"] == answer["X-Request-ID"]
    assert problem["instance"] == f"/api/broken/{status}/"


def test_a_program_elsewhere_gets_a_problem_if_it_prefers_json(client):
    answer = client.get("/broken/409/", headers={"accept": "application/json"})
    assert answer["Content-Type"] == "application/problem+json"
    page = client.get("/broken/409/", headers={"accept": "text/html,application/json;q=0.9"})
    assert page["Content-Type"].startswith("text/html")


def test_the_named_fields_of_a_refused_entry_are_in_the_problem(client):
    problem = client.get("/api/broken/422/", headers={"accept-language": "en"}).json()
    assert problem["errors"] == [{"field": "name", "detail": "Enter a name"}]


@pytest.mark.parametrize("name", ["database", "cursor", "driver", "pool"])
def test_a_database_that_is_gone_is_a_calm_page_with_a_time_to_retry(client, name):
    page = client.get(f"/other/{name}/")
    assert page.status_code == 503
    assert page["Retry-After"] == "15"
    assert "10.0.0.1" not in page.content.decode()


def test_a_full_disk_says_that_nothing_was_saved(client):
    page = client.get("/other/disk/")
    assert page.status_code == 507
    assert "文件没有保存" in page.content.decode()


@pytest.mark.parametrize("address", ["/broken/500/", "/other/file/"])
def test_a_bug_is_logged_with_its_request_and_answered_without_details(client, address, caplog):
    page = client.get(address)
    assert page.status_code == 500
    assert "secret" not in page.content.decode()
    (record,) = [r for r in caplog.records if r.name == "tongzheng.faults"]
    assert record.exc_info
    assert record.data["cause"].find("secret") >= 0


def test_an_unknown_address_is_not_a_bug(client, caplog):
    assert client.get("/nowhere/").status_code == 404
    assert not [r for r in caplog.records if r.name == "tongzheng.faults"]


def test_more_than_is_taken_is_refused_before_it_is_read(client, settings):
    settings.REQUEST_LIMIT = 1024 * 1024
    page = client.post("/accepted/", "x" * (1024 * 1024 + 1), content_type="text/plain")
    assert page.status_code == 413
    assert "1 MB" in page.content.decode()


def test_a_form_without_its_token_is_not_taken_and_says_why():
    page = Client(enforce_csrf_checks=True).post("/accepted/", {"name": "x"})
    assert page.status_code == 403
    assert "这个页面已过期" in page.content.decode()


def test_a_refused_move_goes_to_the_notices_and_leaves_the_sheet(client):
    part = client.get("/broken/409/", headers={"hx-request": "true"})
    assert part.status_code == 409
    assert part["HX-Retarget"] == "#notices"
    assert "<html" not in part.content.decode()


def test_a_draft_is_dropped_only_when_the_form_was_accepted(client):
    client.cookies["keeping"] = "apply"
    assert "kept" not in client.post("/accepted/", {}).cookies
    assert "kept" not in client.post("/broken/503/").cookies
    assert "kept" not in client.get("/accepted/").cookies
    assert client.post("/accepted/", {"name": "x"}).cookies["kept"].value == "apply"


def test_a_draft_name_of_another_shape_is_not_echoed(client):
    client.cookies["keeping"] = "a\\073b"
    assert "kept" not in client.post("/accepted/", {"name": "x"}).cookies
