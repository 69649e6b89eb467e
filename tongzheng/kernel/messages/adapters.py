"""Ways out of the house. Each adapter sends one parcel or says why it could not, and whether to try again."""

from __future__ import annotations

import hmac
import http.client
import json
import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from typing import Protocol
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.conf import settings
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import masked_phone
from tongzheng.kernel.core.sealing import blind, seal

PATIENCE = 10.0
"""Seconds that an adapter waits for the other side, at most."""

PHONE_USE = "message.phone"


class Undelivered(Exception):
    """A parcel was not taken. `final`: trying again with the same parcel cannot help."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message on its way. `reference` stays the same when it is sent again, so the other side can tell."""

    id: int
    to: str
    subject: str
    body: str
    lang: str
    attempt: int
    reference: str


class Adapter(Protocol):
    """What carries parcels of one channel. Used by one thread, closed after a batch."""

    def send(self, parcel: Parcel) -> str:
        """Send one parcel and return the other side's own id of it ("" if it gives none). Raises Undelivered."""
        ...

    def probe(self) -> str:
        """Return "" when the other side answers, else what is wrong, without sending anything."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Smtp:
    """E-mail over SMTP: `smtp://user:password@host:port?from=…&tls=starttls`, or `smtps://…`."""

    def __init__(self, url: SplitResult) -> None:
        query = parse_qs(url.query)
        self._secure = url.scheme == "smtps"
        self._starttls = query.get("tls", [""])[0] == "starttls"
        self._host = url.hostname or "localhost"
        self._port = url.port or (465 if self._secure else 587 if self._starttls else 25)
        self._user, self._password = unquote(url.username or ""), unquote(url.password or "")
        self._from = query.get("from", [f"noreply@{self._host}"])[0]
        self._name = query.get("name", ["政务服务 Government services"])[0]
        self._smtp: smtplib.SMTP | None = None

    def _connection(self) -> smtplib.SMTP:
        if self._smtp is not None:
            return self._smtp
        try:
            context = ssl.create_default_context()
            smtp: smtplib.SMTP
            if self._secure:
                smtp = smtplib.SMTP_SSL(self._host, self._port, timeout=PATIENCE, context=context)
            else:
                smtp = smtplib.SMTP(self._host, self._port, timeout=PATIENCE)
            if self._starttls:
                smtp.starttls(context=context)
            if self._user:
                smtp.login(self._user, self._password)
        except (OSError, smtplib.SMTPException) as error:
            raise Undelivered(f"SMTP {self._host}:{self._port}: {_said(error)}") from error
        self._smtp = smtp
        return smtp

    def letter(self, parcel: Parcel) -> EmailMessage:
        """Return the parcel as a letter; facts cannot reach its headers."""
        letter = EmailMessage()
        letter["Subject"] = parcel.subject
        letter["From"] = Address(self._name, addr_spec=self._from)
        letter["To"] = Address(addr_spec=parcel.to)
        letter["Date"] = format_datetime(clock.now())
        letter["Message-ID"] = f"<{parcel.reference}@{self._from.rpartition('@')[2]}>"
        letter["Auto-Submitted"] = "auto-generated"
        letter["Content-Language"] = "en" if parcel.lang == "en" else "zh-Hans"
        letter.set_content(parcel.body + "\n", charset="utf-8")
        return letter

    def send(self, parcel: Parcel) -> str:
        try:
            letter = self.letter(parcel)
        except (ValueError, IndexError) as error:
            raise Undelivered(f"unusable address: {error}", final=True) from error
        try:
            self._connection().send_message(letter)
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()), (550, b""))[0]
            raise Undelivered(f"SMTP {code}: recipient refused", final=code >= 500) from error
        except smtplib.SMTPResponseException as error:
            self.close()
            raise Undelivered(
                f"SMTP {error.smtp_code}: {_said(error)}", final=error.smtp_code >= 500
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Undelivered(f"SMTP: {_said(error)}") from error
        return str(letter["Message-ID"])

    def probe(self) -> str:
        try:
            code, _ = self._connection().noop()
        except Undelivered as error:
            return str(error)
        except (OSError, smtplib.SMTPException) as error:
            return _said(error)
        return "" if code == 250 else f"NOOP {code}"

    def close(self) -> None:
        if self._smtp is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._smtp.quit()
            self._smtp = None


class DemoPhone:
    """SMS onto the demo phones of the page /messages/phone/ (`demo://`): nothing leaves the machine."""

    def send(self, parcel: Parcel) -> str:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO messages_phone (message_id, number, blind, masked, body, at)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (message_id) DO NOTHING",
                (
                    parcel.id,
                    seal(parcel.to, use=PHONE_USE),
                    blind(parcel.to, use="message.sms"),
                    masked_phone(parcel.to),
                    f"【{sign()}】{parcel.body}",
                    clock.now(),
                ),
            )
        return f"demo-{parcel.id}"

    def probe(self) -> str:
        return ""

    def close(self) -> None:
        pass


class HttpSms:
    """SMS through a vendor's HTTP interface: signed JSON to the address of `TONGZHENG_SMS`.

    Sends {"reference", "to", "text", "sign"}; expects 2xx with {"id"}. The signature is HMAC-SHA256 over
    "<unix seconds>.<body>", in `X-Signature: t=<seconds>,v1=<hex>`. 4xx is final except 408, 425 and 429.
    """

    def __init__(self, url: SplitResult) -> None:
        self._url = url
        self._connection: http.client.HTTPConnection | None = None

    def _open(self) -> http.client.HTTPConnection:
        if self._connection is None:
            made = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
            self._connection = made(self._url.hostname or "", self._url.port, timeout=PATIENCE)
        return self._connection

    def send(self, parcel: Parcel) -> str:
        text = f"【{sign()}】{parcel.body}"
        body = json.dumps(
            {"reference": parcel.reference, "to": parcel.to, "text": text}, ensure_ascii=False
        ).encode()
        path = (self._url.path or "/") + (f"?{self._url.query}" if self._url.query else "")
        headers = {
            "Content-Type": "application/json",
            "X-Signature": signature(body, at=int(time.time())),
            "Idempotency-Key": parcel.reference,
        }
        try:
            self._open().request("POST", path, body=body, headers=headers)
            answer = self._open().getresponse()
            said = answer.read(65_536)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Undelivered(f"SMS gateway: {_said(error)}") from error
        if answer.status // 100 != 2:
            final = answer.status // 100 == 4 and answer.status not in (408, 425, 429)
            raise Undelivered(
                f"SMS gateway answered {answer.status}: {said[:120].decode(errors='replace')}", final=final
            )
        try:
            found = json.loads(said)
            return str(found.get("id", ""))[:100] if isinstance(found, dict) else ""
        except ValueError:
            return ""

    def probe(self) -> str:
        port = self._url.port or (443 if self._url.scheme == "https" else 80)
        try:
            socket.create_connection((self._url.hostname or "", port), timeout=3).close()
        except OSError as error:
            return _said(error)
        return ""

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Failing:
    """Demo phones that fail on purpose.

    `fail://always`, `fail://gone` (for good: the number does not exist), `fail://third` (every third attempt),
    `fail://slow?seconds=3`.
    """

    def __init__(self, url: SplitResult) -> None:
        self._way = url.hostname or "always"
        self._seconds = float(parse_qs(url.query).get("seconds", ["3"])[0])
        self._phone = DemoPhone()

    def send(self, parcel: Parcel) -> str:
        if self._way == "always":
            raise Undelivered("fails on purpose: always")
        if self._way == "gone":
            raise Undelivered("fails on purpose: the number does not exist", final=True)
        if self._way == "third" and (parcel.id + parcel.attempt - 1) % 3 == 0:
            raise Undelivered("fails on purpose: every third")
        if self._way == "slow":
            time.sleep(min(self._seconds, PATIENCE))
        return self._phone.send(parcel)

    def probe(self) -> str:
        return f"fails on purpose: {self._way}"

    def close(self) -> None:
        pass


def adapter(channel: str) -> Adapter | None:
    """Return a fresh adapter for a channel as the settings say, or None when the channel is not set up."""
    url = urlsplit(settings.EMAIL_URL if channel == "email" else settings.SMS_URL)
    if url.scheme == "fail":
        return Failing(url)
    if channel == "email":
        return Smtp(url) if url.scheme in ("smtp", "smtps") else None
    if url.scheme in ("http", "https"):
        return HttpSms(url)
    return DemoPhone() if url.scheme == "demo" else None


def sign() -> str:
    """Return the name that a text message begins with, in 【】, as mainland operators require."""
    return settings.SMS_SIGN


def signature(body: bytes, *, at: int) -> str:
    """Return the signature header of a request to or from the SMS vendor at `at` (Unix seconds)."""
    secret: bytes = settings.SMS_SECRET.encode()
    return f"t={at},v1={hmac.new(secret, b'%d.' % at + body, sha256).hexdigest()}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200]
