"""Reading: a person's own messages, what the demo phones show, and what became of what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from tongzheng.kernel.core import clock
from tongzheng.kernel.core.errors import Missing, SignInNeeded
from tongzheng.kernel.core.sealing import blind, unseal

from .adapters import PHONE_USE

if TYPE_CHECKING:
    from tongzheng.kernel.identity.api import Actor

PAGE = 30


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message as its addressee sees it."""

    id: int
    template: str
    subject: str
    body: str
    case: str
    created_at: datetime
    read_at: datetime | None
    channel: str
    state: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class PhoneView:
    """One text on a demo phone."""

    id: int
    number: str
    masked: str
    body: str
    at: datetime


def inbox(actor: Actor, *, after: int | None = None, unread: bool = False) -> tuple[MessageView, ...]:
    """Return the actor's own messages, newest first, 30 at a time; `after` is the id of the last one seen.

    Raises SignInNeeded for nobody.
    """
    account = _account(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, template, subject, body, case_ref, created_at, read_at, channel, state, urgent FROM messages_message"
            " WHERE account_id = %s AND boxed AND (%s::bigint IS NULL OR id < %s)"
            " AND (NOT %s OR read_at IS NULL) ORDER BY id DESC LIMIT %s",
            (account, after, after, unread, PAGE),
        )
        return tuple(MessageView(*row) for row in cursor.fetchall())


def unread_count(actor: Actor) -> int:
    """Return how many of the actor's own messages are unread, counted to 100 at most; 0 for nobody."""
    if actor.id is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM messages_message"
            " WHERE account_id = %s AND boxed AND read_at IS NULL LIMIT 100) few",
            (actor.id,),
        )
        return int(cursor.fetchone()[0])


def mark_read(actor: Actor, message_ids: Sequence[int] | None = None) -> int:
    """Mark the actor's own messages as read (all unread ones for None) and return how many changed.

    Ids that are another's, or read already, are passed over. Raises SignInNeeded for nobody.
    """
    account = _account(actor)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_message SET read_at = %s WHERE account_id = %s AND boxed AND read_at IS NULL"
            " AND (%s OR id = ANY(%s::bigint[]))",
            (clock.now(), account, message_ids is None, list(message_ids or ())),
        )
        return int(cursor.rowcount)


def sent_to_phone(number: str = "", *, after: int | None = None, limit: int = PAGE) -> tuple[PhoneView, ...]:
    """Return what stands on the demo phone of a number (on all of them for ""), newest first.

    Raises Missing when this is not a demo city: there are no demo phones then.
    """
    if not settings.DEMO:
        raise Missing
    key = blind("".join(number.split()).replace("-", ""), use="message.sms") if number.strip() else None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, number, masked, body, at FROM messages_phone"
            " WHERE (%s::bytea IS NULL OR blind = %s) AND (%s::bigint IS NULL OR id < %s)"
            " ORDER BY id DESC LIMIT %s",
            (key, key, after, after, limit),
        )
        return tuple(PhoneView(row[0], unseal(row[1], use=PHONE_USE), *row[2:]) for row in cursor.fetchall())


def phones(*, limit: int = 20) -> tuple[tuple[str, datetime], ...]:
    """Return the numbers of the demo phones that were sent something lately, with the moment, newest first.

    Raises Missing when this is not a demo city.
    """
    seen: dict[str, datetime] = {}
    for text in sent_to_phone(limit=200):
        seen.setdefault(text.number, text.at)
    return tuple(seen.items())[:limit]


def _account(actor: Actor) -> int:
    if actor.id is None:
        raise SignInNeeded
    return actor.id
