import pytest
from django.test import Client

from tongzheng.site.languages import inline_faults
from tongzheng.site.middleware import CSP

pytestmark = pytest.mark.django_db(databases=[])


@pytest.mark.parametrize("address", ["/", "/pieces/", "/nowhere/", "/static/look.css", "/api/openapi.json"])
def test_every_answer_carries_the_security_headers(address):
    answer = Client().get(address)
    assert answer["Content-Security-Policy"] == CSP
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "geolocation=(self)" in answer["Permissions-Policy"]


def test_the_policy_allows_nothing_inline_and_nobody_else():
    assert "unsafe" not in CSP
    assert "http" not in CSP
    assert "default-src 'self'" in CSP


def test_no_template_holds_what_the_policy_would_block():
    assert list(inline_faults()) == []


def test_strict_transport_only_behind_tls(settings):
    assert "Strict-Transport-Security" not in Client().get("/nowhere/")
    settings.SECURE_TLS = True
    assert Client().get("/nowhere/")["Strict-Transport-Security"] == "max-age=31536000"


def test_a_request_keeps_the_id_that_the_proxy_gave_and_not_a_malformed_one():
    assert Client().get("/nowhere/", headers={"x-request-id": "abcd-1234"})["X-Request-ID"] == "abcd-1234"
    assert len(Client().get("/nowhere/", headers={"x-request-id": "a b\n"})["X-Request-ID"]) == 16


def test_one_log_line_a_request_without_what_was_searched_for(caplog):
    caplog.set_level("INFO", "tongzheng.access")
    Client().get("/nowhere/?q=zhang")
    (record,) = [r for r in caplog.records if r.name == "tongzheng.access"]
    assert record.data["path"] == "/nowhere/"
    assert record.data["status"] == 404
    assert "zhang" not in str(record.data)
