import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes, policy
from functools import wraps
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as django_settings
from django.db import connection, connections

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing
from tongzheng.kernel.messages import api, delivery, health
from tongzheng.kernel.messages.adapters import Undelivered, signature
from tongzheng.kernel.messages.delivery import Outcome, after_failure, pause
from tongzheng.kernel.messages.models import Message, PhoneText

from .conftest import FACTS

PHONE = "13800138000"
MAIL = "zhang@example.org"


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO, settings.SMS_URL, settings.EMAIL_URL = True, "demo://", ""
    settings.SMS_SECRET, settings.SMS_SIGN = "shared", "示例市"
    return settings


def sms(code: str = "1") -> int:
    return api.send("mtest.code", to=api.Addressee(phone=PHONE), facts={"code": code})[0]


def later(seconds: float):
    return clock.at(clock.now() + timedelta(seconds=seconds))


def row(id: int) -> Message:
    return Message.objects.get(pk=id)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────
def test_waiting_grows_up_to_an_hour():
    assert [pause(n).total_seconds() for n in range(1, 7)] == [5, 20, 80, 320, 1280, 3600]


@pytest.mark.parametrize(
    ("fallback", "attempts", "final", "expected"),
    [
        ((), 1, False, Outcome("queued", "sms", (), 1, timedelta(seconds=5))),
        (("email",), 5, False, Outcome("queued", "sms", ("email",), 5, timedelta(seconds=1280))),
        (("email",), 6, False, Outcome("queued", "email", (), 0, timedelta(0))),
        (("email",), 1, True, Outcome("queued", "email", (), 0, timedelta(0))),
        ((), 6, False, Outcome("failed", "sms", (), 6, None)),
        ((), 1, True, Outcome("failed", "sms", (), 1, None)),
    ],
)
def test_what_follows_a_failure(fallback, attempts, final, expected):
    assert after_failure("sms", fallback, attempts, final=final) == expected


# ── demo phones ──────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_a_text_arrives_on_the_demo_phone():
    id = sms("4711")
    assert api.deliver_due() == 1
    assert api.deliver_due() == 0
    (text,) = api.sent_to_phone("138 0013 8000")
    assert (text.number, text.masked, text.body) == (PHONE, "138····8000", "【示例市】验证码 4711")
    assert api.sent_to_phone("13900139000") == ()
    assert (row(id).state, row(id).provider, row(id).attempts) == ("sent", f"demo-{id}", 1)


@pytest.mark.django_db
def test_there_are_no_demo_phones_outside_a_demo_city(settings):
    settings.DEMO = False
    with pytest.raises(Missing):
        api.sent_to_phone(PHONE)


@pytest.mark.django_db
def test_urgent_messages_go_first():
    api.send("mtest.accepted", to=api.Addressee(phone=PHONE), facts=FACTS)
    urgent = sms()
    assert api.deliver_due(1) == 1
    assert row(urgent).state == "sent"


# ── failing on purpose ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_a_gateway_that_always_fails_is_tried_six_times_and_the_reason_kept(settings):
    settings.SMS_URL = "fail://always"
    id = sms()
    waits = []
    moment = clock.now()
    while row(id).state != "failed":
        with clock.at(moment):
            assert api.deliver_due() == 1
            assert api.deliver_due() == 0
        if row(id).next_at:
            waits.append((row(id).next_at - moment).total_seconds())
            moment = row(id).next_at
    assert waits == [5, 20, 80, 320, 1280]
    assert (row(id).attempts, row(id).error) == (6, "sms: fails on purpose: always")
    assert PhoneText.objects.count() == 0


@pytest.mark.django_db
def test_a_gateway_that_fails_every_third_time_delivers_everything_in_the_end(settings):
    settings.SMS_URL = "fail://third"
    ids = [sms(str(n)) for n in range(9)]
    api.deliver_due()
    assert Message.objects.filter(state="sent").count() == 6
    with later(6):
        assert api.deliver_due() == 3
    assert Message.objects.filter(pk__in=ids, state="sent").count() == 9
    assert sorted(t.body for t in api.sent_to_phone(PHONE)) == sorted(
        f"【示例市】验证码 {n}" for n in range(9)
    )


@pytest.mark.django_db
def test_what_a_slow_gateway_leaves_undone_in_a_lease_is_given_back(settings, monkeypatch):
    settings.SMS_URL = "fail://slow?seconds=0.2"
    monkeypatch.setattr(delivery, "LEASE", timedelta(seconds=2 * delivery.PATIENCE + 0.1))
    ids = [sms(str(n)) for n in range(3)]
    assert api.deliver_due() == 1
    assert [row(id).state for id in ids] == ["sent", "queued", "queued"]
    assert [row(id).attempts for id in ids] == [1, 0, 0]


@pytest.mark.django_db
def test_a_number_that_does_not_exist_falls_back_to_the_next_channel(settings):
    settings.SMS_URL = "fail://gone"
    with mail_server() as (settings.EMAIL_URL, letters):
        (id,) = api.send("mtest.accepted", to=api.Addressee(phone=PHONE, email=MAIL), facts=FACTS)
        assert api.deliver_due() == 1
        assert (row(id).channel, row(id).state, row(id).masked) == ("email", "queued", "z····@example.org")
        assert api.deliver_due() == 1
    assert (row(id).state, len(letters)) == ("sent", 1)


@pytest.mark.django_db
def test_a_channel_that_is_not_set_up_is_said_and_loses_nothing_else(settings):
    settings.SMS_URL = ""
    id = api.send("mtest.accepted", to=api.Addressee(account_id=7, phone=PHONE), facts=FACTS)[0]
    api.deliver_due()
    assert row(id).state == "failed"
    assert "not set up" in row(id).error
    assert row(id).boxed


@pytest.mark.django_db
def test_a_bug_in_an_adapter_does_not_hold_up_the_others(monkeypatch):
    from tongzheng.kernel.messages.adapters import DemoPhone

    ids = [sms(str(n)) for n in range(3)]
    real = DemoPhone.send

    def send(self, parcel):
        if parcel.id == ids[1]:
            raise ZeroDivisionError("bug")
        return real(self, parcel)

    monkeypatch.setattr(DemoPhone, "send", send)
    assert api.deliver_due() == 3
    assert [row(id).state for id in ids] == ["sent", "queued", "sent"]
    assert row(ids[1]).error == "sms: ZeroDivisionError: bug"


# ── e-mail ───────────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def mail_server(refuse: str = "") -> Iterator[tuple[str, list]]:
    letters = []

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if refuse:
                return refuse
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            letters.append(message_from_bytes(envelope.content, policy=policy.default))
            return "250 OK"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(Handler(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield f"smtp://127.0.0.1:{port}?from=noreply@city.example&name=示例市政务", letters
    finally:
        server.stop()


@pytest.mark.django_db
def test_a_letter_arrives_whole_and_by_one_connection(settings):
    with mail_server() as (settings.EMAIL_URL, letters):
        for lang in ("zh", "en"):
            api.send(
                "mtest.accepted",
                to=api.Addressee(email=MAIL, lang=lang),
                facts={**FACTS, "number": "1\r\nBcc: evil@example.org"},
            )
        assert api.deliver_due() == 2
    first, second = letters
    assert first["Subject"] == "食品经营许可已受理"
    assert first["To"] == MAIL
    assert first["From"].addresses[0].display_name == "示例市政务"
    assert first["Bcc"] is None
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().strip() == "您申请的食品经营许可（1  Bcc: evil@example.org）已受理。"
    assert second["Subject"] == "food licence accepted"
    assert Message.objects.filter(provider=first["Message-ID"]).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("answer", "state"), [("550 no such user", "failed"), ("451 later", "queued")])
def test_a_refused_recipient_is_final_only_if_the_server_says_so(settings, answer, state):
    with mail_server(refuse=answer) as (settings.EMAIL_URL, letters):
        id = api.send("mtest.accepted", to=api.Addressee(email=MAIL), facts=FACTS)[0]
        api.deliver_due()
    assert (row(id).state, letters) == (state, [])
    assert f"SMTP {answer[:3]}" in row(id).error


@pytest.mark.django_db
def test_a_mail_server_that_is_away_is_tried_again(settings):
    settings.EMAIL_URL = "smtp://127.0.0.1:9"
    id = api.send("mtest.accepted", to=api.Addressee(email=MAIL), facts=FACTS)[0]
    api.deliver_due()
    assert row(id).state == "queued"
    with mail_server() as (settings.EMAIL_URL, letters), later(6):
        api.deliver_due()
    assert (row(id).state, len(letters), row(id).error) == ("sent", 1, "")


# ── an SMS vendor ────────────────────────────────────────────────────────────────────────────────────────
@contextmanager
def vendor(status: int = 200, body: bytes = b'{"id": "V-9"}') -> Iterator[tuple[str, list]]:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/texts?app=7", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.django_db
def test_a_vendor_is_asked_with_a_signature_and_its_receipt_closes_the_message(settings, client):
    with vendor() as (settings.SMS_URL, asked):
        id = sms("77")
        api.deliver_due()
    ((headers, body),) = asked
    assert json.loads(body) == {"reference": f"tz-sms-{id}", "to": PHONE, "text": "【示例市】验证码 77"}
    at = int(headers["X-Signature"].split(",")[0][2:])
    assert headers["X-Signature"] == signature(body, at=at)
    assert (row(id).state, row(id).provider) == ("sent", "V-9")

    def told(data: object, header: str | None = None) -> int:
        sent = json.dumps(data).encode()
        header = header or signature(sent, at=int(time.time()))
        return client.post(
            "/api/messages/receipts/", sent, content_type="application/json", headers={"X-Signature": header}
        ).status_code

    good = {"id": "V-9", "state": "delivered"}
    assert told(good, "t=1,v1=" + "0" * 64) == 403
    assert told(good, signature(json.dumps(good).encode(), at=int(time.time()) - 400)) == 403
    assert told({"id": "V-9", "state": "eaten"}) == 422
    assert told(["x"]) == 422
    assert told({"id": "V-10", "state": "delivered"}) == 404
    assert row(id).state == "sent"
    assert told(good) == 204
    assert row(id).state == "delivered"
    assert told([{"reference": f"tz-sms-{id}", "state": "failed", "detail": "late"}]) == 204
    assert row(id).state == "delivered"


def test_without_a_secret_no_receipt_is_heard(settings, client):
    settings.SMS_SECRET = ""
    body = b'{"id": "V-9", "state": "delivered"}'
    answer = client.post(
        "/api/messages/receipts/",
        body,
        content_type="application/json",
        headers={"X-Signature": signature(body, at=int(time.time()))},
    )
    assert answer.status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "state"), [(400, "failed"), (429, "queued"), (503, "queued")])
def test_a_vendors_refusal_is_final_only_if_the_text_is_at_fault(settings, status, state):
    with vendor(status, b"no") as (settings.SMS_URL, _):
        id = sms()
        api.deliver_due()
    assert row(id).state == state
    assert str(status) in row(id).error


@pytest.mark.django_db
def test_a_failed_receipt_starts_the_next_channel(settings):
    with vendor() as (settings.SMS_URL, _):
        id = api.send("mtest.accepted", to=api.Addressee(phone=PHONE, email=MAIL), facts=FACTS)[0]
        api.deliver_due()
    assert api.receipt("V-9", "failed", "switched off")
    assert (row(id).channel, row(id).state, row(id).error) == ("email", "queued", "sms: switched off")
    assert api.receipt(f"tz-sms-{id}", "delivered")
    assert row(id).state == "queued"
    assert not api.receipt("tz-sms-999999999", "delivered")
    assert not api.receipt("nothing of ours", "delivered")
    with pytest.raises(ValueError, match="eaten"):
        api.receipt(id, "eaten")


# ── crashes and crowds ───────────────────────────────────────────────────────────────────────────────────
def committed(test):
    """Run a test in a thread of its own: its connection is not the test's transaction, so its commits are real.

    Only our own rows are removed afterwards; nothing is flushed.
    """

    @pytest.mark.django_db
    @wraps(test)
    def run(settings):
        wrong: list[BaseException] = []

        def inside() -> None:
            try:
                test(settings)
            except BaseException as error:
                wrong.append(error)
            finally:
                Message.objects.all().delete()
                PhoneText.objects.all().delete()
                connections.close_all()

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        if wrong:
            raise wrong[0]

    return run


PROGRAM = """
import django; django.setup()
from django.conf import settings
from django.db import connection
settings.DATABASES["default"]["NAME"] = connection.settings_dict["NAME"] = {name!r}
settings.SMS_URL = {url!r}
from tongzheng.kernel.messages import api
while not api.deliver_due(): pass
"""


def worker(url: str) -> subprocess.Popen:
    program = PROGRAM.format(name=connection.settings_dict["NAME"], url=url)
    return subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, "TONGZHENG_DATA": str(django_settings.DATA)}
    )


@committed
def test_killed_in_the_middle_nothing_is_lost_and_only_the_one_in_hand_is_sent_again(settings):
    settings.SMS_URL = "demo://"
    asked = []
    reached = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["reference"])
            if len(asked) == 3:
                reached.set()
                time.sleep(20)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *words):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ids = [sms(str(n)) for n in range(5)]
    process = worker(f"http://127.0.0.1:{server.server_port}/")
    assert reached.wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert [row(id).state for id in ids] == ["sent", "sent", "sending", "sending", "sending"]
    settings.SMS_URL = f"http://127.0.0.1:{server.server_port}/"
    assert api.deliver_due() == 0
    with later(121):
        assert api.deliver_due() == 3
    server.shutdown()
    server.server_close()
    assert {row(id).state for id in ids} == {"sent"}
    references = [f"tz-sms-{id}" for id in ids]
    assert sorted(asked) == sorted([*references, references[2]])


@committed
def test_many_workers_send_every_message_once(settings):
    sent = []
    lock = threading.Lock()
    ids = [sms(str(n)) for n in range(40)]

    class Counting:
        def send(self, parcel):
            with lock:
                sent.append(parcel.id)
            time.sleep(0.002)
            return ""

        def close(self):
            pass

    def work():
        while delivery.deliver_due(7):
            pass
        connections.close_all()

    real = delivery.adapter
    delivery.adapter = lambda channel: Counting()
    try:
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        delivery.adapter = real
    assert sorted(sent) == ids
    assert Message.objects.filter(pk__in=ids, state="sent").count() == 40


@pytest.mark.django_db
def test_a_late_worker_cannot_overwrite_what_the_next_one_wrote(monkeypatch):
    id = sms()

    class Late:
        def send(self, parcel):
            with later(121):
                monkeypatch.setattr(delivery, "adapter", real)
                assert api.deliver_due() == 1
            raise Undelivered("too late", final=True)

        def close(self):
            pass

    real = delivery.adapter
    monkeypatch.setattr(delivery, "adapter", lambda channel: Late())
    assert api.deliver_due() == 1
    assert (row(id).state, row(id).attempts) == ("sent", 2)


# ── health ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.django_db
def test_health_says_which_way_is_closed(settings):
    def levels() -> dict[str, str]:
        return {check.name: check.level for check in health.checks()}

    assert levels() == {"messages.sms": "ok", "messages.email": "warning", "messages.queue": "ok"}
    settings.SMS_URL, settings.EMAIL_URL = "https://127.0.0.1:9/", "smtp://127.0.0.1:9"
    assert levels() == {"messages.sms": "failed", "messages.email": "failed", "messages.queue": "ok"}
    with mail_server() as (settings.EMAIL_URL, _), vendor() as (settings.SMS_URL, _):
        assert set(levels().values()) == {"ok"}
    sms()
    with later(301):
        assert levels()["messages.queue"] == "failed"


def test_the_settings_name_what_the_adapters_need():
    for name in ("DEMO", "EMAIL_URL", "SMS_URL", "SMS_SECRET", "SMS_SIGN"):
        assert hasattr(django_settings, name)
