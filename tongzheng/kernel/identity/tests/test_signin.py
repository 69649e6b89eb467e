from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote

import pyotp
import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Invalid, Refused
from tongzheng.kernel.identity import api, signin
from tongzheng.kernel.identity.models import Account, Person, Throttle
from tongzheng.kernel.ledger.api import entries

from .world import PASSWORD, account, body, id_number, post

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=clock.CHINA)
SIGN_IN = "/account/sign-in/"


@pytest.fixture(autouse=True)
def plain_statics(settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def enter(client, username="wang", password=PASSWORD, **more):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_signing_in_makes_a_new_session_and_is_recorded():
    id, client = account("wang"), Client()
    client.get(SIGN_IN)
    client.session["x"] = 1
    response = enter(client, "WANG ")
    assert (response.status_code, response["Location"]) == (302, "/work/")
    assert api.actor_of(id).label == "王建国"
    (entry,) = entries(act="identity.sign_in")
    assert (entry.actor, entry.body) == (id, {"factor": "password"})
    assert client.get("/account/").status_code == 200


def test_the_session_key_changes_at_sign_in():
    account("wang")
    client = Client()
    client.post("/account/password/", {"x": "1"})
    before = client.session.session_key
    enter(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(pk=before).exists()


def test_going_back_where_one_was_but_never_elsewhere():
    account("wang")
    assert enter(Client(), next="/account/who-may/?action=x")["Location"] == "/account/who-may/?action=x"
    for bad in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil"):
        assert enter(Client(), next=bad)["Location"] == "/work/"


@pytest.mark.parametrize("username", ["wang", "nobody-of-that-name", "closed", "\0wang'--", "x" * 5000])
def test_a_wrong_sign_in_says_the_same_whoever_is_meant(username):
    account("wang")
    api.set_active(actor=api.SYSTEM, account_id=account("closed"), active=False)
    response = enter(Client(), username, "wrong" if username != "closed" else PASSWORD)
    assert response.status_code == 422
    assert "用户名或口令不正确" in response.content.decode()
    assert entries(act="identity.sign_in") == ()


@pytest.mark.parametrize("username", ["wang", "nobody-of-that-name"])
def test_five_failures_lock_a_name_for_fifteen_minutes_whether_or_not_it_exists(username):
    account("wang")
    client = Client()
    with clock.at(NOW):
        assert [enter(client, username, "wrong").status_code for _ in range(5)] == [422] * 5
        locked = enter(client, username, PASSWORD)
        assert locked.status_code == 429
        assert "11-23 09:15" in locked.content.decode()
        assert len(entries(act="identity.lock")) == 1
    with clock.at(NOW + timedelta(minutes=14, seconds=59)):
        assert enter(client, username, PASSWORD).status_code == 429
    with clock.at(NOW + timedelta(minutes=15)):
        assert enter(client, username, PASSWORD).status_code == (302 if username == "wang" else 422)


def test_success_forgets_the_failures():
    account("wang")
    client = Client()
    for _ in range(3):
        for _ in range(4):
            enter(client, password="wrong")
        assert enter(client).status_code == 302
        client.post("/account/sign-out/")


def test_an_address_is_locked_after_fifty_failures_over_many_names_but_not_by_successes(settings):
    account("wang")
    for _ in range(2):
        assert enter(Client()).status_code == 302
    key = signin.blind("127.0.0.1", use="sign-in.address")
    assert Throttle.objects.get(pk=key).failures == 0
    Throttle.objects.filter(pk=key).update(failures=49)
    assert enter(Client(), "someone", "wrong").status_code == 422
    assert enter(Client()).status_code == 429


def test_the_session_ends_when_idle_and_lives_while_used(settings):
    account("wang")
    client = Client()
    with clock.at(NOW):
        enter(client)
    with clock.at(NOW + timedelta(minutes=20)):
        assert client.get("/account/").status_code == 200
    with clock.at(NOW + timedelta(minutes=49)):
        assert client.get("/account/").status_code == 200
    with clock.at(NOW + timedelta(minutes=80)):
        assert client.get("/account/").status_code == 401


def test_changing_the_password_ends_every_other_session():
    account("wang")
    here, there = Client(), Client()
    enter(here)
    enter(there)
    new = "Loess-Plateau-77"
    bad = here.post("/account/password/", {"old": PASSWORD, "new": "short", "again": "short"})
    assert bad.status_code == 422
    assert there.get("/account/").status_code == 200
    assert here.post("/account/password/", {"old": PASSWORD, "new": new, "again": new}).status_code == 200
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 401
    assert enter(Client()).status_code == 422
    assert enter(Client(), password=new).status_code == 302


def test_a_wrong_present_password_changes_nothing():
    id, client = account("wang"), Client()
    enter(client)
    before = Account.objects.get(pk=id).password
    response = client.post(
        "/account/password/", {"old": "wrong", "new": "Loess-Plateau-77", "again": "Loess-Plateau-77"}
    )
    assert response.status_code == 422
    assert Account.objects.get(pk=id).password == before
    assert entries(act="identity.change_password") == ()


def test_signing_out_ends_the_session_and_is_recorded():
    account("wang")
    client = Client()
    enter(client)
    assert client.get("/account/sign-out/").status_code == 405
    assert client.post("/account/sign-out/")["Location"] == "/"
    assert client.get("/account/").status_code == 401
    assert len(entries(act="identity.sign_out")) == 1


# ── a form whose sender's session has ended ──────────────────────────────────────────────────────────────
def administrator(username="system", role="identity.system_administrator") -> tuple[int, str]:
    id = account(username)
    post(id, body("信息办"), role, title=username)
    secret = signin.new_secret()
    Account.objects.filter(pk=id).update(
        totp_since=clock.now(), totp_sealed=signin.seal(secret, use="account.totp")
    )
    return id, secret


def enter_with_code(client, secret, username="system", **more):
    first = enter(client, username, **more)
    assert first["Location"].startswith("/account/code/")
    return client.post(first["Location"], {"code": pyotp.TOTP(secret).at(clock.now())})


def test_a_form_sent_after_the_session_ended_is_full_again_after_signing_in():
    _, secret = administrator()
    client = Client()
    page = "/account/accounts/new/"
    refused = client.post(
        page,
        {"label": "李敏", "username": "limin", "password": PASSWORD},
        headers={"referer": f"http://testserver{page}"},
    )
    assert refused.status_code == 401
    assert f"next={quote(page)}" in refused.content.decode()
    stored = str(Session.objects.get(pk=client.session.session_key).get_decoded())
    assert "limin" not in stored
    assert "李敏" not in stored

    back = enter_with_code(client, secret, next=page)
    assert back["Location"] == page
    form = client.get(page).content.decode()
    assert 'value="李敏"' in form
    assert 'value="limin"' in form
    assert PASSWORD not in form
    assert 'value="limin"' not in client.get(page).content.decode()
    assert not Account.objects.filter(username="limin").exists()


def test_too_much_or_too_old_a_form_is_not_kept():
    client, page = Client(), "/account/accounts/new/"
    client.post(page, {"label": "x" * 70000})
    assert client.session.get("kept") is None
    with clock.at(NOW):
        client.post(page, {"label": "李敏"})
        for number in range(5):
            client.post(page, {"label": f"李{number}"})
        assert len(client.session["kept"]) == 3
    _, secret = administrator()
    with clock.at(NOW + timedelta(minutes=31)):
        enter_with_code(client, secret)
        assert "李敏" not in client.get(page).content.decode()


# ── second factor ────────────────────────────────────────────────────────────────────────────────────────
def test_a_code_is_asked_and_serves_once():
    id, secret = administrator()
    with clock.at(NOW):
        client = Client()
        assert enter(client, "system")["Location"] == "/account/code/"
        assert client.get("/account/").status_code == 401
        wrong = client.post("/account/code/", {"code": "000000"})
        assert wrong.status_code == 422
        good = pyotp.TOTP(secret).at(NOW)
        assert client.post("/account/code/", {"code": f"{good[:3]} {good[3:]}"}).status_code == 302
        assert client.get("/account/accounts/").status_code == 200
        other = Client()
        enter(other, "system")
        assert other.post("/account/code/", {"code": good}).status_code == 422
    assert [e.body["factor"] for e in entries(act="identity.sign_in", actor=id)] == ["totp"]


def test_guessing_codes_is_locked_and_the_password_step_grows_stale():
    administrator()
    client = Client()
    with clock.at(NOW):
        enter(client, "system")
        assert [client.post("/account/code/", {"code": "1"}).status_code for _ in range(6)] == [422] * 5 + [
            429
        ]
    with clock.at(NOW + timedelta(minutes=6)):
        assert client.post("/account/code/", {"code": "1"})["Location"] == SIGN_IN


def test_an_administrator_is_led_to_set_up_codes_and_gets_recovery_codes_that_serve_once():
    id, client = account("system"), Client()
    post(id, body("信息办"), "identity.system_administrator")
    assert enter(client, "system")["Location"] == "/account/codes/"
    assert client.get("/account/accounts/").status_code == 403
    page = client.get("/account/codes/").content.decode()
    assert "<svg" in page
    assert "style=" not in page[page.index("<svg") :].split("</svg>")[0]
    secret = page.split("<code>")[1].split("</code>")[0]
    assert client.post("/account/codes/", {"code": "000"}).status_code == 422
    with clock.at(NOW):
        shown = client.post("/account/codes/", {"code": pyotp.TOTP(secret).at(NOW)}).content.decode()
    recovery = [part.split("</code>")[0] for part in shown.split("<li><code>")[1:]]
    assert len(recovery) == 10
    assert client.get("/account/accounts/").status_code == 200
    assert recovery[0] not in str(Account.objects.get(pk=id).recovery)
    for status in (302, 422):
        other = Client()
        enter(other, "system")
        assert other.post("/account/code/", {"code": recovery[0]}).status_code == status


def test_an_administrators_password_expires_after_the_days_of_the_policy():
    id, _ = administrator()
    changed = Account.objects.get(pk=id).password_changed_at
    with clock.at(changed + timedelta(days=90)):
        assert api.may(api.actor_of(id), "identity.accounts")
    with clock.at(changed + timedelta(days=91)):
        assert not api.may(api.actor_of(id), "identity.accounts")
        signin.set_policy(actor=api.SYSTEM, name="administrator_password_days", value=120)
        assert api.may(api.actor_of(id), "identity.accounts")
    with pytest.raises(Invalid):
        signin.set_policy(actor=api.SYSTEM, name="account_failures", value=1)


def test_a_first_password_must_be_changed_before_the_posts_count():
    id = account("clerk")
    post(id, body("大厅"), "identity.person_clerk")
    signin.reset_password(actor=api.SYSTEM, account_id=id, password="First-Password-1")
    client = Client()
    assert enter(client, "clerk", "First-Password-1")["Location"] == "/account/password/"
    assert not api.may(api.actor_of(id), "identity.search")
    client.post("/account/password/", {"old": "First-Password-1", "new": PASSWORD, "again": PASSWORD})
    assert api.may(api.actor_of(id), "identity.search")


def test_it_takes_two_administrators_to_take_over_an_account():
    system, _ = administrator()
    security, _ = administrator("security", "identity.security_administrator")
    with pytest.raises(Refused):
        signin.lift_totp(actor=api.actor_of(system), account_id=security)
    with pytest.raises(Refused):
        signin.reset_password(actor=api.actor_of(security), account_id=system, password=PASSWORD)
    with pytest.raises(Refused):
        signin.lift_totp(actor=api.actor_of(security), account_id=security)
    signin.lift_totp(actor=api.actor_of(security), account_id=system)
    assert Account.objects.get(pk=system).totp_since is None


# ── registering ──────────────────────────────────────────────────────────────────────────────────────────
def registering(**more):
    return {
        "name": "王小明", "id_number": id_number(), "phone": "13803582206", "username": "wangxm",
        "password": PASSWORD, "again": PASSWORD, **more,
    }  # fmt: skip


def test_a_citizen_registers_once_and_is_signed_in():
    client = Client()
    assert client.post("/account/register/", registering())["Location"] == "/"
    page = client.get("/account/").content.decode()
    assert "王＊＊" in page
    assert id_number() not in page
    shown = client.post("/account/reveal/").content.decode()
    assert id_number() in shown
    again = Client().post("/account/register/", registering(username="other"))
    assert again.status_code == 409
    assert Account.objects.count() == 1


def test_slips_in_registering_are_all_named_and_nothing_is_entered():
    response = Client().post(
        "/account/register/",
        registering(name="", id_number="141102199001011234", phone="", username="1", password="a", again="a"),
    )
    assert response.status_code == 422
    page = response.content.decode()
    assert "有 5 处需要修改" in page
    assert (Account.objects.count(), Person.objects.count()) == (0, 0)


def test_somebody_elses_number_with_another_name_is_refused():
    api.register_person(actor=api.SYSTEM, name="张三", id_number=id_number())
    assert Client().post("/account/register/", registering()).status_code == 422
    assert Account.objects.count() == 0


# ── what pages cost ──────────────────────────────────────────────────────────────────────────────────────
def test_the_sign_in_page_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get(SIGN_IN).status_code == 200


def test_a_signed_in_page_costs_the_session_the_actor_and_the_bell(django_assert_num_queries):
    account("wang")
    client = Client()
    enter(client)
    with django_assert_num_queries(3):
        assert client.get("/account/password/").status_code == 200


def test_sweeping_forgets_old_attempts_only():
    with clock.at(NOW):
        enter(Client(), "someone", "wrong")
    assert Throttle.objects.count() == 2
    with clock.at(NOW + timedelta(days=1)):
        assert signin.sweep() == 0
    with clock.at(NOW + timedelta(days=3)):
        assert signin.sweep() == 2
