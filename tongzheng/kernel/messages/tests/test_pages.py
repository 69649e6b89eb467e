import pytest
from django.urls import reverse

from tongzheng.kernel.core.codes import id_check
from tongzheng.kernel.identity import api as identity
from tongzheng.kernel.ledger.api import entries
from tongzheng.kernel.messages import api
from tongzheng.kernel.messages.models import Message

from .conftest import FACTS

pytestmark = pytest.mark.django_db
PHONE = "13800138000"


PASSWORD = "Yellow-River-2026"


def account(kind: str = "citizen", name: str = "li-si") -> int:
    person = None
    if kind == "citizen":
        number = "14119919900101001"
        person = identity.register_person(
            actor=identity.SYSTEM, name="李四", id_number=number + id_check(number)
        ).id
    return identity.create_account(
        actor=identity.SYSTEM,
        username=name,
        password=PASSWORD,
        label="李四",
        kind=kind,
        person_id=person,
    ).id


def signed_in(client, name: str = "li-si"):
    answer = client.post(reverse("identity:sign_in"), {"username": name, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def operator() -> int:
    id = account("staff", "keeper")
    office = identity.ensure_organisation(
        actor=identity.SYSTEM, name="示例局", kind="government", uscc="", region="141100"
    ).id
    identity.ensure_post(
        actor=identity.SYSTEM,
        account_id=id,
        organisation=office,
        title="运维",
        roles=("messages.operator",),
    )
    return id


def letter(id: int, **facts: str) -> int:
    return api.send("mtest.accepted", to=api.Addressee(account_id=id), facts={**FACTS, **facts}, case="BJ-1")[
        0
    ]


def test_nobody_is_sent_to_sign_in(client):
    answer = client.get("/messages/")
    assert answer.status_code in (302, 401)


@pytest.mark.parametrize("kind", ["citizen", "staff"])
@pytest.mark.parametrize(("lang", "word"), [("zh-hans", "未读"), ("en", "Unread")])
def test_ones_messages_are_shown_escaped_in_both_faces_and_languages(client, kind, lang, word):
    id = account(kind)
    letter(id, number="<script>alert(1)</script>")
    client.cookies["language"] = lang
    page = signed_in(client).get("/messages/").content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert word in page
    assert "style=" not in page


def test_an_empty_list_says_so(client):
    account()
    signed_in(client)
    assert "还没有消息" in client.get("/messages/").content.decode()
    assert "没有未读消息" in client.get("/messages/?unread=1").content.decode()


def test_reading_one_and_then_all(client):
    id = account()
    first, second, third = letter(id), letter(id), letter(id)
    signed_in(client)
    assert client.post("/messages/read/", {"message": first}).status_code == 302
    assert list(Message.objects.filter(read_at__isnull=False).values_list("id", flat=True)) == [first]
    assert client.post("/messages/read/", {"message": "x"}).status_code == 404
    assert client.get("/messages/read/").status_code == 405
    client.post("/messages/read/")
    assert not Message.objects.filter(read_at__isnull=True).exists()
    assert {second, third} <= set(Message.objects.values_list("id", flat=True))


def test_the_list_takes_as_many_statements_however_long_it_is(client, django_assert_max_num_queries):
    id = account()
    signed_in(client)
    for _ in range(40):
        letter(id)
    with django_assert_max_num_queries(5):
        page = client.get("/messages/").content.decode()
    assert page.count("<article") == 30
    assert "after=" in page


def test_a_broken_key_is_only_the_first_page(client):
    account()
    signed_in(client)
    assert client.get("/messages/?after=x' or 1").status_code == 200
    assert client.get("/messages/?after=99999999999999999999999").status_code == 200


def test_the_demo_phone_shows_what_was_sent_and_exists_only_in_a_demo(client, settings):
    settings.DEMO, settings.SMS_URL, settings.SMS_SIGN = True, "demo://", "示例市"
    assert "还没有短信" in client.get("/messages/phone/").content.decode()
    api.send("mtest.code", to=api.Addressee(phone=PHONE), facts={"code": "<b>4711</b>"})
    api.deliver_due()
    for address in ("/messages/phone/", f"/messages/phone/?number={PHONE}"):
        page = client.get(address).content.decode()
        assert "【示例市】验证码 &lt;b&gt;4711&lt;/b&gt;" in page
        assert "编造" in page
    assert "4711" not in client.get("/messages/phone/?number=13900139000").content.decode()
    settings.DEMO = False
    assert client.get("/messages/phone/").status_code == 404


def test_the_report_is_for_its_keepers_only_and_shows_no_words(client, settings):
    settings.SMS_URL = ""
    (id,) = api.send("mtest.code", to=api.Addressee(phone=PHONE), facts={"code": "4711"})
    api.deliver_due()
    account("staff", "other")
    signed_in(client, "other")
    assert client.get("/messages/report/").status_code == 403
    assert client.post("/messages/report/again/", {"message": id}).status_code == 403
    assert Message.objects.get(pk=id).state == "failed"
    operator()
    signed_in(client, "keeper")
    page = client.get("/messages/report/").content.decode()
    assert "138····8000" in page
    assert "此发送方式未配置" in page
    assert "4711" not in page
    assert PHONE not in page
    assert entries(act="messages.again") == ()
    settings.SMS_URL = "demo://"
    assert client.post("/messages/report/again/", {"message": id}).status_code == 302
    assert client.post("/messages/report/again/", {"message": id}).status_code == 409
    assert len(entries(act="messages.again", subject=f"messages.message:{id}")) == 1
    api.deliver_due()
    assert Message.objects.get(pk=id).state == "sent"
