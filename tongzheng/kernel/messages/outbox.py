"""Writing a message into the outbox: one row, in the caller's own transaction or statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.codes import masked_phone, phone_slip
from tongzheng.kernel.core.errors import Invalid
from tongzheng.kernel.core.registry import registry
from tongzheng.kernel.core.sealing import blind, seal_json
from tongzheng.kernel.core.text import T

from .kinds import CHANNELS, Template
from .render import render

USE = "message.address"
PAST = timedelta(days=1)
"""A message dated longer ago than this is history being entered, and is never carried out of the house."""

_INSERT = (
    "INSERT INTO messages_message (template, channel, fallback, account_id, person_id, boxed, address, blind,"
    " masked, lang, subject, body, case_ref, urgent, state, next_at, created_at, sent_at, done_at, error)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id"
)

_TYPES = (
    *(
        "text",
        "text",
        "text",
        "bigint",
        "bigint",
        "boolean",
        "bytea",
        "bytea",
        "text",
        "text",
        "text",
        "text",
        "text",
    ),
    *("boolean", "text", "timestamptz", "timestamptz", "timestamptz", "timestamptz", "text"),
)
_INSERT_MANY = (
    _INSERT.partition(" VALUES ")[0]  # noqa: S608 — our own words
    + " SELECT * FROM unnest("
    + ", ".join(f"%s::{name}[]" for name in _TYPES)
    + ") RETURNING id"
)

NOBODY_TO_REACH = "nobody to reach: no account, phone or e-mail address"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a message is for, and every way of reaching them that the sender knows. `lang`: "zh" or "en"."""

    account_id: int | None = None
    person_id: int | None = None
    phone: str = ""
    email: str = ""
    lang: str = "zh"


@dataclass(frozen=True, slots=True)
class Writing:
    """An INSERT that can stand in the caller's own statement: `WITH m AS (<sql>) …`; it returns `id`."""

    sql: str
    params: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Route:
    """How a message goes: in the account's own list or not, the way out, the ways after it, and its state."""

    boxed: bool
    channel: str
    fallback: tuple[str, ...]
    state: str


def wording(template_id: str) -> Template:
    """Return the wording in force for a template id. The one place where a city's own wording can step in.

    Raises KeyError for an id that nobody declared.
    """
    return registry.get(Template, template_id)


def route(channels: Sequence[str], *, account: bool, reachable: Mapping[str, str], past: bool) -> Route:
    """Decide how a message goes. Pure.

    Args: channels in the order of trying; whether the addressee has an account; addresses by channel; whether
    the message is history being entered.
    """
    boxed = account and "in_app" in channels
    ways = tuple(name for name in channels if name != "in_app" and reachable.get(name))
    if not ways:
        home = channels[0] if not boxed and channels else "in_app"
        return Route(boxed, home, (), "delivered" if boxed else "failed")
    return Route(boxed, ways[0], ways[1:], "delivered" if past else "queued")


def masked_address(channel: str, address: str) -> str:
    """Return an address with its middle hidden: 138····2206, z····@example.org."""
    if channel == "email":
        name, _, host = address.partition("@")
        return f"{name[:1]}····@{host}"[:120]
    return masked_phone(address)


def writing(
    template_id: str,
    *,
    to: Addressee,
    facts: Mapping[str, str | T],
    case: str = "",
    channels: Sequence[str] | None = None,
    at: datetime | None = None,
) -> Writing:
    """Return the INSERT of one message, rendered now in the addressee's language.

    Raises KeyError for an undeclared template, Invalid for a place without a value or an unusable addressee.
    """
    template = wording(template_id)
    wanted = template.channels if channels is None else tuple(channels)
    reachable = _reachable(to, wanted)
    text = render(template, facts, lang=to.lang)
    moment = at or clock.now()
    past = moment < datetime.now(UTC) - PAST
    way = route(wanted, account=to.account_id is not None, reachable=reachable, past=past)
    address = reachable.get(way.channel, "")
    done = way.state == "delivered"
    return Writing(
        _INSERT,
        (
            template_id,
            way.channel,
            ",".join(way.fallback),
            to.account_id,
            to.person_id,
            way.boxed,
            seal_json(reachable, use=USE),
            blind(address, use=f"message.{way.channel}") if address else None,
            masked_address(way.channel, address) if address else "",
            to.lang,
            text.subject,
            text.body,
            case,
            template.urgent,
            way.state,
            moment if way.state == "queued" else None,
            moment,
            moment if done else None,
            moment if way.state != "queued" else None,
            NOBODY_TO_REACH if way.state == "failed" else "",
        ),
    )


def together(found: Sequence[Writing]) -> Writing:
    """Return one INSERT for many messages, in order. Raises ValueError for none."""
    if not found:
        raise ValueError("there is no message to write")
    columns = zip(*(one.params for one in found), strict=True)
    return Writing(_INSERT_MANY, tuple(list(column) for column in columns))


def send(
    template_id: str,
    *,
    to: Addressee,
    facts: Mapping[str, str | T],
    case: str = "",
    channels: Sequence[str] | None = None,
) -> tuple[int, ...]:
    """Write one message into the outbox, in the caller's transaction, and return its id (one, in a tuple).

    In the addressee's own list it stands as soon as the transaction commits; out of the house it goes with the
    next delivery. Same arguments and errors as `writing`.
    """
    row = writing(template_id, to=to, facts=facts, case=case, channels=channels)
    with connection.cursor() as cursor:
        cursor.execute(row.sql, row.params)
        return (int(cursor.fetchone()[0]),)


def forget(case: str) -> int:
    """Blot out whom the messages about a case went to and what they said, in the caller's transaction; return how many.

    That they were sent, when and how stays. For the lawful deletion of a case's personal data; the caller has asked
    for permission and records it.
    """
    if not case:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_message SET address = %s, blind = NULL, masked = '', account_id = NULL, person_id = NULL,"
            " boxed = FALSE, subject = '', body = '' WHERE case_ref = %s AND state <> 'queued'",
            [seal_json({}, use=USE), case],
        )
        return int(cursor.rowcount)


def _reachable(to: Addressee, wanted: Sequence[str]) -> dict[str, str]:
    faults: dict[str, T] = {}
    for name in wanted:
        if name not in CHANNELS:
            faults["channels"] = T(f"没有“{name}”这种发送方式", f"there is no channel “{name}”")
    if to.lang not in ("zh", "en"):
        faults["lang"] = T("语言只能是 zh 或 en", "the language is zh or en")
    found: dict[str, str] = {}
    phone = "".join(to.phone.split()).replace("-", "")
    email = to.email.strip()
    if phone:
        if phone_slip(phone):
            faults["phone"] = T("电话号码有误", "this is not a phone number")
        elif "sms" in wanted:
            found["sms"] = phone
    if email:
        name, at, host = email.rpartition("@")
        if (
            not (name and at and host)
            or any(c.isspace() or c in '<>,;:"\\()[]' for c in email)
            or len(email) > 254
        ):
            faults["email"] = T("电子邮箱有误", "this is not an e-mail address")
        elif "email" in wanted:
            found["email"] = email
    if faults:
        raise Invalid(T("消息无法写入", "The message cannot be written"), fields=faults)
    return found
